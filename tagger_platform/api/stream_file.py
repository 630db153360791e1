"""Changing `streams.yaml`: one entry is added, switched or taken out, the others stay as they are.

What belongs here: rewriting the file, whole at once. What does not: reading it for use (`stream_config`), telling
capture. Comments in the file go: no YAML library that is here keeps them.
"""

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tagger_platform import stream_config
from tagger_platform.api.failures import BadParameterError, ConflictError
from tagger_platform.errors import TransientError
from tagger_platform.files import sync, write_durably
from tagger_platform.model import Stream

Entries = list[dict[str, Any]]
ELSEWHERE = "is set by STREAM_n_* variables, which only a restart can change"
_TURN = threading.Lock()
"""Two requests at once must not lose one another's change; a person with an editor can."""


class StreamFile:
    """The `streams.yaml` at `path`, which need not exist; `fixed` are the names that the environment holds.

    Every change raises ConflictError where the file or the name is in its way, and then leaves the file as it was.
    """

    def __init__(self, path: Path, fixed: frozenset[str]) -> None:
        self._path = path
        self._fixed = fixed

    def add(self, stream: Stream) -> None:
        """Raises BadParameterError, too, for a name or a URL that cannot be used."""
        if stream.name in self._fixed:
            raise ConflictError(f"there is a stream {stream.name} already: it {ELSEWHERE}")

        def added(entries: Entries) -> Entries:
            if any(entry.get("name") == stream.name for entry in entries):
                raise ConflictError(f"there is a stream {stream.name} already: choose another name")
            return [*entries, _entry(stream)]

        self._change(added)

    def enable(self, name: str, enabled: bool) -> None:
        self._replace(name, lambda entry: [{**entry, "enabled": enabled}])

    def remove(self, name: str) -> None:
        self._replace(name, lambda entry: [])

    def _replace(self, name: str, becomes: Callable[[dict[str, Any]], Entries]) -> None:
        if name in self._fixed:
            raise ConflictError(f"the stream {name} {ELSEWHERE}")

        def replaced(entries: Entries) -> Entries:
            if not any(entry.get("name") == name for entry in entries):
                raise BadParameterError("name", f"there is no stream {name!r} in {self._path.name}")
            return [one for entry in entries for one in (becomes(entry) if entry.get("name") == name else [entry])]

        self._change(replaced)

    def _change(self, change: Callable[[Entries], Entries]) -> None:
        with _TURN:
            _, problems = stream_config.from_file(self._path)
            if problems:
                raise ConflictError(f"{self._path.name} must be mended first: {'; '.join(problems)}")
            content = self._content()
            content["streams"] = change(content["streams"])
            self._write(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))

    def _content(self) -> dict[str, Any]:
        try:
            content = yaml.safe_load(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            content = None
        return dict(content) if content else {"streams": []}

    def _write(self, text: str) -> None:
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)  # it may hold passwords
            if self._path.exists():
                draft.chmod(stat.S_IMODE(self._path.stat().st_mode))
            write_durably(draft, text.encode())
            draft.replace(self._path)
            sync(self._path.parent)
        except OSError as error:
            raise TransientError(f"{self._path} cannot be written: {error.strerror}; check STREAMS_FILE") from error


def _entry(stream: Stream) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": stream.name, "url": stream.url}
    if stream.title:
        entry["title"] = stream.title
    return entry if stream.enabled else {**entry, "enabled": False}
