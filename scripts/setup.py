"""Prepares `.venv` with the `tagger` command in it. Runs on any Python 3.11+, standard library only.

torch is installed by itself first: its plain package brings gigabytes of CUDA on Linux, so a CPU build is asked for
by name, and what was installed is looked at in the end.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PIP = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
CONSTRAINED = ["-c", str(ROOT / "constraints.txt")]
TORCH = next(line for line in (ROOT / "constraints.txt").read_text().split() if line.startswith("torch=="))


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this script is what tells an older Python
        sys.exit(
            f"tagger needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
            f"Name another one: make setup PYTHON=python3.12"
        )
    began = time.monotonic()
    say("1/4 a virtual environment in .venv")
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        sys.exit("python could not make .venv; on Debian and Ubuntu: apt install python3-venv")
    say("2/4 torch for embeddings, CPU build (about 200 MB)")
    extras = "demo,insight,model" if install_torch() else "demo"
    say("3/4 tagger and what it needs (about 170 packages, 1 to 4 minutes)")
    run([*PIP, "install", "--progress-bar", "off", "--quiet", *CONSTRAINED, "-e", f"{ROOT}[{extras}]"])
    say("4/4 compiling")
    run(
        [
            str(VENV / "bin" / "python"),
            "-m",
            "compileall",
            "-q",
            str(ROOT / "tagger_platform"),
            str(ROOT / "streamlit_app"),
        ]
    )
    say(f"ready after {time.monotonic() - began:.0f} s: {VENV / 'bin' / 'tagger'}")


def install_torch() -> bool:
    """Try the ways to a CPU build in turn; a machine without one still gets everything but embeddings and their map."""
    install = ["install", "--progress-bar", "off", "--quiet", *CONSTRAINED]
    ways = [[*PIP, *install, f"{TORCH}+cpu"]]
    if sys.platform == "darwin":
        ways = [[*PIP, *install, TORCH]]
    elif not torch_is_cpu_build():
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(VENV / "bin" / "python")]
        ways.append([*uv, "--torch-backend=cpu", *CONSTRAINED, TORCH])
    for way in ways:
        if torch_is_cpu_build():
            break
        if way[0].endswith("uv"):
            run([*PIP, *install, "uv"])
        subprocess.run(way, check=False, stderr=subprocess.DEVNULL)
    found = torch_is_cpu_build()
    if not found:
        say(
            "    no CPU build of torch could be had here; everything works but search by meaning and the sound map. "
            "Try again later: rm .venv/ready; make setup"
        )
    return found


def torch_is_cpu_build() -> bool:
    probe = "import torch; raise SystemExit(torch.version.cuda is not None)"
    found = subprocess.run([str(VENV / "bin" / "python"), "-c", probe], check=False, stderr=subprocess.DEVNULL)
    return found.returncode == 0


def run(argv: list[str]) -> None:
    if subprocess.run(argv, check=False, env={**os.environ, "PIP_NO_WARN_SCRIPT_LOCATION": "1"}).returncode:
        sys.exit(f"set-up failed at: {' '.join(argv)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
