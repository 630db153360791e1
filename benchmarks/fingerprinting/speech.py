"""Wide-band speech, rendered by espeak-ng at 22 kHz from the texts of Debian's fortunes.

What belongs here: which voice reads what, and starting the synthesiser. What does not: real recordings (`corpus`).
"""

import os
import subprocess
import tempfile
from pathlib import Path

from fingerprinting.packages import VOICES, libraries
from fingerprinting.pcm import decode

READERS = (
    ("en-us+m3", "fortunes-min", "literature", 165),
    ("en-gb+f2", "fortunes-min", "fortunes", 175),
    ("de+m1", "fortunes-de", "zitate", 150),
    ("de+f3", "fortunes-de", "witze", 170),
    ("es+m7", "fortunes-es", "refranes.fortunes", 180),
    ("es-419+f4", "fortunes-es", "sabiduria.fortunes", 165),
    ("it+m4", "fortunes-it", "italia", 160),
    ("it+f5", "fortunes-it", "zuse", 175),
    ("pl+m2", "fortunes-pl", "dowcipy", 155),
    ("pl+f1", "fortunes-pl", "argante", 170),
    ("pt-br+m5", "fortunes-br", "brasil", 160),
    ("cs+f2", "fortunes-cs", "klasik-cz", 150),
)
"""Voice, package and file of its text, words a minute: seven languages, six men and six women."""
CHARACTERS = 4000
"""Of text each: about four minutes."""


def render(folders: dict[str, Path], target: Path) -> list[Path]:
    """The readers' files, mono int16 at 44.1 kHz, rendered where they are not there yet."""
    rendered = []
    for voice, package, name, pace in READERS:
        file = target / f"{voice}.npy"
        if not file.exists():
            _speak(folders, voice, pace, _text(folders[package], name), file)
        rendered.append(file)
    return rendered


def _text(folder: Path, name: str) -> str:
    content = next(file for file in folder.rglob(name) if file.is_file()).read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("iso-8859-2" if folder.name in ("fortunes-pl", "fortunes-cs") else "iso-8859-1")
    return " ".join(text.replace("%", "\n").split())[:CHARACTERS]


def _speak(folders: dict[str, Path], voice: str, pace: int, text: str, target: Path) -> None:
    places = [str(libraries(folders[name])) for name in VOICES if libraries(folders[name]).exists()]
    environ = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(places),
        "ESPEAK_DATA_PATH": str(libraries(folders["espeak-ng-data"])),
    }
    program = folders["espeak-ng"] / "usr" / "bin" / "espeak-ng"
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        arguments = [str(program), "-b", "1", "-v", voice, "-s", str(pace), "-w", str(spoken), "--stdin"]
        subprocess.run(arguments, input=text.encode(), env=environ, check=True)
        if not decode(spoken, target):
            raise SystemExit(f"espeak-ng said nothing as {voice}")
