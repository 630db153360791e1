"""Folders of finished slots, handed over from capture to Dagster by rename.

What belongs here: the way of a slot's folder through `open`, `ready` and `claimed`. What does not: making windows
(`capture`), how much may wait (`bounds`), and what becomes of the audio (`settle`).
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tagger_platform.errors import NewerVersionError
from tagger_platform.files import sync, write_durably
from tagger_platform.model import Slot, Window
from tagger_platform.spool.bounds import audio_in, drop_oldest, hold, keep_within, unattended
from tagger_platform.spool.manifest import Manifest, read_manifest, write_manifest
from tagger_platform.spool.mending import stand_in


def audio_name(window: Window) -> str:
    return f"{window.stream}+{window.offset_s}.flac"


class Spool:
    """The spool's folders. Every method is safe to call again after a kill at any point."""

    def __init__(self, root: Path, *, max_windows: int = 500, max_bytes: int = 2_000_000_000) -> None:
        self.root = root
        self._max_windows = max_windows
        self._max_bytes = max_bytes
        self._open, self._ready, self._claimed = (root / name for name in ("open", "ready", "claimed"))
        self._cutting, self._recorded = root / "cutting", root / "recorded"
        self._held: dict[str, int] = {}
        for folder in (self._open, self._ready, self._claimed, self._cutting, self._recorded):
            folder.mkdir(parents=True, exist_ok=True)

    # capture's side

    def discard_open(self) -> None:
        """Forget half-written slots of an earlier capture process."""
        for folder in self._open.iterdir():
            shutil.rmtree(folder, ignore_errors=True)

    def path_for(self, window: Window) -> Path:
        """Where capture writes the audio of an expected window of an open slot."""
        folder = self._open / window.slot.key
        folder.mkdir(exist_ok=True)
        return folder / audio_name(window)

    def publish(self, manifest: Manifest) -> None:
        """Hand the slot over: manifest last, everything on disk, then one rename. Then keep the bounds."""
        key = manifest.slot.key
        if (self._ready / key).exists() or (self._claimed / key).exists():
            shutil.rmtree(self._open / key, ignore_errors=True)
            return
        folder = self._open / key
        folder.mkdir(exist_ok=True)
        brought = list(folder.glob("*.flac"))
        for audio in brought:
            sync(audio)
        write_manifest(folder, manifest)
        folder.rename(self._ready / key)
        sync(self._ready)
        if brought:  # to look through the whole spool for each of a week's missed slots takes minutes
            keep_within(self._unattended(), most_windows=self._max_windows, most_bytes=self._max_bytes)

    def drop_oldest(self, needed: int) -> int:
        """Drop the audio of the oldest slots that wait until `needed` bytes are free; returns how many it had."""
        return drop_oldest(self._unattended(), needed)

    def _unattended(self) -> list[Path]:
        """The folders of capture's slots that no run works on, oldest first."""
        return unattended(
            [*(self._ready / key for key in self.ready()), *(self._claimed / key for key in self.claimed())]
        )

    def last_slot(self) -> Slot | None:
        """The newest slot ever published, as far as the folders tell; capture keeps its own note besides."""
        keys = [*self.ready(), *(folder.name for folder in self._claimed.iterdir() if folder.name == _key(folder))]
        return Slot.parse(max(keys)) if keys else None

    # a recording's side

    def publish_recorded(self, manifest: Manifest, audio: Mapping[Window, bytes]) -> None:
        """Hand over a slot of a recording with the FLAC files of its windows. What is there already stays."""
        name = f"{manifest.slot.key}@{manifest.source}"
        draft, folder = self._cutting / name, self._recorded / name
        if folder.exists() or (self._claimed / name).exists():
            return
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        for window, content in audio.items():
            path = draft / audio_name(window)
            write_durably(path, content)
        write_manifest(draft, manifest)
        draft.rename(folder)
        sync(self._recorded)

    def recorded(self) -> list[str]:
        """Keys of slots that recordings have handed over and no run has finished, oldest first."""
        return _slots_in(self._recorded)

    def waiting_manifests(self, since: Slot, until: Slot) -> Iterator[Manifest]:
        """What is expected of the slots from `since` to `until` that are not finished; unreadable ones are left out."""
        for folder in (*self._ready.iterdir(), *self._claimed.iterdir(), *self._recorded.iterdir()):
            if since.key <= _key(folder) <= until.key:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, NewerVersionError):
                    yield read_manifest(folder)

    # Dagster's side

    def ready(self) -> list[str]:
        """Keys of slots that wait, oldest first."""
        return _slots_in(self._ready)

    def claimed(self) -> list[str]:
        """Keys of slots that a run has begun and not finished, oldest first."""
        return _slots_in(self._claimed)

    def waiting(self) -> list[str]:
        """Keys of capture's slots that no run works on, oldest first: those that nobody has begun, and those whose
        runs have ended before they were done."""
        return [folder.name for folder in self._unattended()]

    def counts(self) -> dict[str, int]:
        """Slots per folder, and the windows of those that wait, for health and metrics."""
        audio = sum(len(audio_in(folder)) for folder in self._unattended())
        return {"ready_slots": len(self.ready()), "claimed_slots": len(self.claimed()), "ready_windows": audio}

    def hold(self, slot: Slot) -> bool:
        """Keep others from dropping a claimed slot's audio until it is finished, or this process ends.

        Whoever works on a slot does so first, because Dagster may begin a run anywhere. Returns whether there is such a
        slot: it may be finished, or never have been live, and a stray file is none.
        """
        claimed = self._claimed / slot.key
        if slot.key not in self._held:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self._held[slot.key] = hold(claimed)
        return claimed.is_dir()

    def claim(self, slot: Slot, expected: Sequence[Window]) -> Manifest | None:
        """Take a ready slot, or one claimed earlier and not finished. None when there is no such slot.

        Where the manifest is cut short or garbled, `expected` (the windows that the settings make one expect)
        stand in for it: those whose audio lies there are captured, the others corrupt.
        """
        claimed = self._claimed / slot.key
        _take(self._ready / slot.key, claimed)
        if not self.hold(slot):
            return None
        try:
            return _read_of(slot, claimed)
        except (FileNotFoundError, ValueError) as error:
            return stand_in(claimed, slot, expected, str(error))

    def claim_recorded(self, slot: Slot) -> list[Manifest]:
        """Take what recordings have handed over of a slot, or what was taken earlier and not finished.

        What is unreadable goes with the slot: the recording is still there, and is cut again when it is run again.
        """
        for folder in sorted(self._recorded.glob(f"{slot.key}@*")):
            _take(folder, self._claimed / folder.name)
        taken = []
        for folder in (one for one in self._claimed_of(slot) if one.name != slot.key):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
                taken.append(_read_of(slot, folder))
        return taken

    def _claimed_of(self, slot: Slot) -> list[Path]:
        """The folders in which a run has the slot: capture's and recordings'."""
        return sorted(self._claimed.glob(f"{slot.key}*"))

    def audio(self, window: Window) -> Path | None:
        """The window's audio as long as its slot is not finished; None when there is none."""
        paths = (folder / audio_name(window) for folder in self._claimed_of(window.slot))
        return next((path for path in paths if path.exists()), None)

    def finish(self, slot: Slot) -> None:
        """The slot is in the store: its folder goes, with whatever audio nobody asked to keep."""
        for folder in self._claimed_of(slot):
            gone = self._open / f"{folder.name}.finished"
            shutil.rmtree(gone, ignore_errors=True)
            with contextlib.suppress(FileNotFoundError):
                # One rename, so that a kill while deleting leaves no claimed slot without its manifest.
                folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        if slot.key in self._held:
            os.close(self._held.pop(slot.key))


def _take(folder: Path, claimed: Path) -> None:
    """Unless one was taken earlier and is not finished: that one is first. A stray file in its place stays."""
    if not claimed.exists():
        with contextlib.suppress(FileNotFoundError):
            folder.rename(claimed)


def _slots_in(folder: Path) -> list[str]:
    """Keys of the slots in the folder, oldest first. What else somebody left there, nobody may stumble over."""
    with os.scandir(folder) as found:
        return sorted({key for one in found if Slot.is_key(key := _key(Path(one.name))) and one.is_dir()})


def _read_of(slot: Slot, folder: Path) -> Manifest:
    """Raises ValueError also for the manifest of another slot."""
    manifest = read_manifest(folder)
    if manifest.slot != slot:
        raise ValueError(f"it is that of {manifest.slot.key}")
    return manifest


def _key(folder: Path) -> str:
    """The slot that a folder is of, capture's or a recording's."""
    return folder.name.partition("@")[0]
