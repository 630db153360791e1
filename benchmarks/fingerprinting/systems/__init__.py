"""The systems that are compared, each in a file of its own.

What belongs here: their names, and the code that each consists of. What does not: what one can do (`base`).
A system is imported only when it is asked for: the peers need what CI does not have.
"""

from pathlib import Path

import tagger_platform.fingerprint
from fingerprinting.systems.base import System

OURS = "ours"
FILES = {
    OURS: ("ours.py",),
    "audfprint_d20": ("audfprint.py",),
    "audfprint_d70": ("audfprint.py",),
    "chromaprint": ("chromaprint.py",),
    "shazam_peaks": ("ours.py", "shazam.py"),
}
NAMES = tuple(FILES)


def create(name: str) -> System:
    """An empty index of the system called `name`."""
    if name == OURS:
        from fingerprinting.systems.ours import Ours

        return Ours()
    if name == "shazam_peaks":
        from fingerprinting.systems.shazam import ShazamPeaks

        return ShazamPeaks()
    if name == "chromaprint":
        from fingerprinting.systems.chromaprint import Chromaprint

        return Chromaprint()
    from fingerprinting.systems.audfprint import Audfprint

    return Audfprint(int(name.removeprefix("audfprint_d")))


def code(name: str) -> list[Path]:
    """The files whose change may change what the system answers."""
    own = [Path(__file__).with_name(file) for file in ("base.py", *FILES[name])]
    if "ours.py" not in FILES[name]:
        return own
    return [*own, *sorted(Path(str(tagger_platform.fingerprint.__file__)).parent.glob("*.py"))]
