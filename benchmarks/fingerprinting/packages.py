"""Debian packages as a source of files: downloaded and unpacked into the cache, nothing installed, no root needed.

What belongs here: apt and dpkg, and the packages' names. What does not: which of their files are music (`corpus`).
"""

import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

MUSIC = (
    "warzone2100-music",
    "wesnoth-1.16-music",
    "supertux-data",
    "planetblupi-music-ogg",
    "singularity-music",
    "drascula-music",
    "fretsonfire-songs-sectoid",
    "hyperrogue-music",
    "ardentryst",
    "asc-music",
    "plee-the-bear-data",
    "holotz-castle-data",
    "mu-cade-data",
    "gunroar-data",
    "titanion-data",
    "torus-trooper-data",
    "xmoto-data",
    "tuxmath-data",
    "frozen-bubble-data",
    "pathological",
    "powermanga-data",
    "brainparty-data",
)
"""Of Debian 12, about 840 MB: rock, orchestra, trance, ambient, chiptunes and tracker music by some eighty people."""
SHORT_MUSIC = (
    "singularity-music",
    "planetblupi-music-ogg",
    "asc-music",
    "gunroar-data",
    "holotz-castle-data",
    "mu-cade-data",
    "titanion-data",
    "torus-trooper-data",
)
"""The three that scripts/install-test-tools.sh installs too, and five small ones: 145 MB."""
VOICES = ("espeak-ng", "espeak-ng-data", "libespeak-ng1", "libsonic0", "libpcaudio0", "pocketsphinx-testdata")
"""Wide-band speech: a synthesiser, and a few real readers. The Debian package of ffmpeg brings the libraries that
libpcaudio0 needs."""
TEXTS = (
    "fortunes-min",
    "fortunes-de",
    "fortunes-es",
    "fortunes-it",
    "fortunes-pl",
    "fortunes-br",
    "fortunes-cs",
)
"""What the synthesiser reads, in seven languages."""
PROMPTS = ("asterisk-core-sounds-en-wav", "asterisk-core-sounds-es-wav")
"""Speech at 8 kHz: it leaves the band above 4 kHz free, so it never lies over music here."""


def unpack(cache: Path, names: Sequence[str]) -> dict[str, Path]:
    """The folder with the files of each package, downloaded where it is not there yet."""
    folders = {name: cache / "packages" / name for name in names}
    wanted = [name for name, folder in folders.items() if not folder.exists()]
    if wanted:
        _check_known(wanted)
        debs = cache / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", *wanted], cwd=debs, check=True)
        for name in wanted:
            _unpack_one(next(debs.glob(f"{name}_*.deb")), folders[name])
    return folders


def libraries(folder: Path) -> Path:
    """Where an unpacked package keeps its shared libraries."""
    return folder / "usr" / "lib" / f"{platform.machine()}-linux-gnu"


def _check_known(names: Sequence[str]) -> None:
    shown = [subprocess.run(["apt-cache", "show", name], capture_output=True, check=False) for name in names]
    missing = [name for name, one in zip(names, shown, strict=True) if one.returncode or not one.stdout]
    if missing:
        raise SystemExit(
            f"apt does not know {', '.join(missing)}: run `apt-get update` first. The benchmark's music is that of "
            "Debian 12; where a package has another name, change benchmarks/fingerprinting/packages.py."
        )


def _unpack_one(deb: Path, folder: Path) -> None:
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-x", str(deb), str(draft)], check=True)
    draft.rename(folder)
    deb.unlink()
