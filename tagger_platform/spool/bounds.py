"""How much audio may wait for a run: of what is too much the oldest goes, its manifest stays and says so.

What belongs here: telling which slots a run works on, and dropping the audio of others. What does not: the folders' way
(`handover`), and how much the disk has room for (`shedding`).

A run holds its slot's folder by a shared lock, which the kernel frees when the run ends, however it ends. A slot in
`claimed` that nobody holds waits like one in `ready`: there the slots are while the store takes nothing.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tagger_platform.errors import NewerVersionError
from tagger_platform.files import stat_of_file
from tagger_platform.model import CaptureState
from tagger_platform.spool.manifest import Manifest, read_manifest, write_manifest

LOOKS, LOOK_S = 3, 0.001
"""Who just counts holds a slot for microseconds; a run holds it for seconds."""


def hold(folder: Path) -> int:
    """Work on a slot, until the returned descriptor is closed; waits while its audio is being dropped."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def unattended(folders: Iterable[Path]) -> list[Path]:
    """Those of the slots that nobody works on, oldest first."""
    free = []
    for folder in sorted(folders, key=lambda one: one.name):
        with _left_alone(folder) as alone:
            free += [folder] if alone else []
    return free


def keep_within(folders: Sequence[Path], *, most_windows: int, most_bytes: int) -> None:
    """Drop the audio of the first of these slots, stream by stream alike, until the others are within bounds."""
    audio = [(folder, _sizes(folder)) for folder in folders]
    windows = sum(len(sizes) for _, sizes in audio)
    size = sum(sum(sizes) for _, sizes in audio)
    for folder, sizes in audio:
        if windows <= most_windows and size <= most_bytes:
            return
        _drop(folder, "the spool was full")
        windows -= len(sizes)
        size -= sum(sizes)


def drop_oldest(folders: Iterable[Path], needed: int) -> int:
    """Drop the audio of the first of these slots until `needed` bytes are free; returns how many it had."""
    freed = 0
    for folder in folders:
        if freed >= needed:
            break
        freed += _drop(folder, "the disk was full")
    return freed


def audio_in(folder: Path) -> list[Path]:
    """The folder's audio; none where somebody has just taken the folder away."""
    try:
        return sorted(folder.glob("*.flac"))
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def _left_alone(folder: Path) -> Iterator[bool]:
    """Whether nobody works on the slot; whoever begins to waits for the end of the block."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):  # Dagster may take or finish a slot at any moment
        yield False
        return
    try:
        yield _locked_alone(descriptor)
    finally:
        os.close(descriptor)


def _locked_alone(descriptor: int) -> bool:
    for _ in range(LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_S)
        else:
            return True
    return False


def _drop(folder: Path, why: str) -> int:
    """Returns how many bytes of audio there were; nothing is written where there were none."""
    with _left_alone(folder) as alone:
        audio = audio_in(folder) if alone else []
        if not audio:
            return 0
        size = sum(_sizes(folder))
        try:
            _name_as_dropped(folder, why)
        except OSError:  # the disk is so full that the manifest needs the audio's room
            audio[0].unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # nobody tells of these windows then, and they end as expired
                _name_as_dropped(folder, why)
        for path in audio:
            path.unlink(missing_ok=True)
        return size


def _name_as_dropped(folder: Path, why: str) -> None:
    """Before the audio goes: a kill in between leaves audio that nobody names, never a name without audio."""
    with contextlib.suppress(FileNotFoundError, ValueError, NewerVersionError):
        write_manifest(folder, _with_audio_dropped(read_manifest(folder), why))


def _with_audio_dropped(manifest: Manifest, why: str) -> Manifest:
    windows = tuple(
        replace(window, state=CaptureState.DROPPED, detail=why) if window.state is CaptureState.CAPTURED else window
        for window in manifest.windows
    )
    return replace(manifest, windows=windows)


def _sizes(folder: Path) -> list[int]:
    return [stat.st_size for path in audio_in(folder) if (stat := stat_of_file(path))]
