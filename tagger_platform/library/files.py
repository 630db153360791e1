"""Audio files on the disk: finding them, telling them apart, and telling whether one is still being copied.

What belongs here: names, stats and bytes. What does not: what is in them (`audio`), what is known of them (`intake`).
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger_platform.audio import SUFFIXES
from tagger_platform.errors import RequestError
from tagger_platform.store.library import FileState

ID_DIGITS = 16
"""Hex digits of the file's SHA-256 that name an item: among a million files two share one with a chance of 3e-8."""
STILL_S = 5.0
"""Seconds without a change after which a file is taken to be whole: a copy under way changes at every block."""

KINDS = ("music", "jingle", "ad", "other")
KIND_OF_FOLDER = {
    "jingle": "jingle",
    "jingles": "jingle",
    "ad": "ad",
    "ads": "ad",
    "adverts": "ad",
    "commercials": "ad",
    "music": "music",
    "other": "other",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a look at its folder shows it. `changed_s` is when its bytes, name or rights changed last."""

    bytes: int
    modified_ns: int
    changed_s: float

    def is_still(self, now: float) -> bool:
        """Whether nobody seems to be writing it. A clock that was set back must not keep a file out for ever."""
        return not 0 <= now - self.changed_s < STILL_S

    def is_as(self, known: FileState | None) -> bool:
        """Whether the file is as it was when it was last read."""
        return known is not None and (known.bytes, known.modified_ns) == (self.bytes, self.modified_ns)


NOTHING = Seen(0, 0, 0.0)
"""What is seen of a file that is not there, or may not be looked at."""


def look(path: Path) -> Seen:
    """The file as it now is."""
    try:
        return _seen(path.stat())
    except OSError:
        return NOTHING


def audio_below(folder: Path) -> Iterator[tuple[str, Seen]]:
    """Every audio file in `folder` and the folders in it, linked ones too; hidden ones are left out."""
    waiting, entered = [str(folder)], {os.path.realpath(folder)}
    while waiting:
        here = waiting.pop()
        for entry in _entries(here):
            if entry.name.startswith("."):
                continue
            if os.path.splitext(entry.name)[1].lower() in SUFFIXES:  # noqa: PTH122 (100,000 times a look)
                try:
                    status = entry.stat()
                except OSError:  # it vanished, or is a link to nothing
                    continue
                if not entry.is_dir():
                    yield entry.path, _seen(status)
                    continue
            if entry.is_dir() and (place := os.path.realpath(entry.path)) not in entered:
                entered.add(place)  # a link to a folder above would lead round and round
                waiting.append(entry.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # it vanished, or may not be read: what is in it is not there for us
        return []


def _seen(status: os.stat_result) -> Seen:
    return Seen(status.st_size, status.st_mtime_ns, status.st_ctime)


def printable(path: str | Path) -> str:
    """The name as the store keeps it: UTF-8, with what is none of it written as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_audio(paths: Sequence[Path]) -> list[Path]:
    """`paths` with folders replaced by the audio files below them, sorted; none twice.

    A file that is named itself may be called anything. Raises RequestError for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise RequestError(f"{path} does not exist")
        here = path.absolute()
        inside = sorted(Path(file) for file, _ in audio_below(here)) if path.is_dir() else [here]
        found |= dict.fromkeys(inside)
    return list(found)


def item_id(path: Path) -> str:
    """The id of the file's content, the first digits of its SHA-256; of its name where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:ID_DIGITS]
    except OSError:  # it fails by name in its turn, with the reason that `decode` gives
        return hashlib.sha256(os.fsencode(path)).hexdigest()[:ID_DIGITS]


def kind_by_folder(path: Path) -> str:
    """What the nearest folder with a meaning says."""
    return next((KIND_OF_FOLDER[up.name.lower()] for up in path.parents if up.name.lower() in KIND_OF_FOLDER), "music")
