"""The systems that are compared, each in a file of its own.

What belongs here: their names. A system is imported only when it is asked for: the peers need what CI does not have.
"""

from fingerprinting.systems.base import System

PEERS = ("audfprint_d20", "audfprint_d70", "chromaprint", "shazam_peaks")
NAMES = ("ours", *PEERS)


def create(name: str) -> System:
    """An empty index of the system called `name`."""
    if name == "ours":
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
