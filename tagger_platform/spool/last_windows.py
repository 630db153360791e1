"""The newest window of every stream: its picture, and its audio where KEEP_LAST_WINDOW asks for it.

What belongs here: the files in `DATA_DIR/last`, two a stream at most, each written over by the next window's. What
does not: drawing the picture (`capture.spectrogram`), the evidence of plays (`clips`).
"""

from collections.abc import Collection
from pathlib import Path


class LastWindows:
    """The folder ``last/<stream>.png`` and ``last/<stream>.flac``. Writing raises OSError."""

    def __init__(self, folder: Path, *, keep_audio: bool = False) -> None:
        self._folder = folder
        self._keep_audio = keep_audio

    def begin(self, streams: Collection[str]) -> None:
        """Delete what is not to be kept: streams that are gone, and audio that was kept under another setting."""
        for path in self._folder.glob("*"):
            wanted = path.suffix == ".png" or (path.suffix == ".flac" and self._keep_audio)
            if path.stem not in streams or not wanted:
                path.unlink(missing_ok=True)

    def keep(self, stream: str, picture: bytes, flac: bytes) -> None:
        """Take the place of the stream's window before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write(self._folder / f"{stream}.png", picture)
        if self._keep_audio:
            self._write(self._folder / f"{stream}.flac", flac)

    def forget(self, stream: str) -> None:
        """Nothing is kept of a stream that is no longer listened to."""
        for suffix in ("png", "flac"):
            (self._folder / f"{stream}.{suffix}").unlink(missing_ok=True)

    def picture(self, stream: str) -> Path | None:
        return self._existing(f"{stream}.png")

    def audio(self, stream: str) -> Path | None:
        return self._existing(f"{stream}.flac")

    def _existing(self, name: str) -> Path | None:
        path = self._folder / name
        return path if path.is_file() else None

    def _write(self, target: Path, content: bytes) -> None:
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(content)
        draft.replace(target)
