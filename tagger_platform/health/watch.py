"""The watch: looks every minute, and tells people of what is not well.

What belongs here: the loop, and what is remembered across restarts. What does not: what is worth telling (`troubles`).
It lives in the api's process, which is alive when capture or Dagster is not, and runs only where NOTIFY_URLS names
somebody.
"""

import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tagger_platform.health.notify import Notifier
from tagger_platform.health.parts import look
from tagger_platform.health.report import Watched
from tagger_platform.health.troubles import Message, Told, step, troubles
from tagger_platform.observe.logs import redact

logger = logging.getLogger(__name__)

EVERY_S = 60.0


class Watch:
    """One look after the other; `notifier` tells. What was told is kept in `notified.json`."""

    def __init__(self, watched: Watched, notifier: Notifier) -> None:
        self._watched = watched
        self._notifier = notifier
        self._path = watched.settings.notified_path
        self._known = _read(self._path)
        self._complained = False

    def start(self) -> None:
        """Look now and every EVERY_S until the process ends."""
        threading.Thread(target=self._go_on, name="watch", daemon=True).start()

    def _go_on(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # a thread that dies would tell nobody of anything any more
                logger.exception("the watch failed; it goes on")
            time.sleep(EVERY_S)

    def look(self) -> None:
        """Look once. What nobody took a message of counts as untold, and the next look tries again."""
        found = troubles(look(self._watched), self._watched)
        known, messages = step(self._known, found, self._watched.clock())
        if messages and not self._told(list(messages.values())):
            known |= {name: self._known[name] for name in messages}
        if known != self._known:
            self._known = known
            _write(self._path, known)

    def _told(self, messages: Sequence[Message]) -> bool:
        title = messages[0].title if len(messages) == 1 else f"tagger: {len(messages)} things to know"
        body = "\n\n".join(f"{one.title}\n{one.body}" for one in messages)
        told = self._notifier.send(title, redact(body))
        if not told and not self._complained:
            logger.warning("NOTIFY_URLS: nobody took a message; every minute it is tried again")
        self._complained = not told
        return told


def _read(path: Path) -> dict[str, Told]:
    try:
        return {name: Told(**told) for name, told in json.loads(path.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        logger.warning("%s is unreadable: what was told before is forgotten", path)
        return {}


def _write(path: Path, known: Mapping[str, Told]) -> None:
    draft = path.with_suffix(".tmp")
    try:
        draft.write_text(json.dumps({name: asdict(told) for name, told in known.items()}, indent=1), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        logger.warning("%s cannot be written (%s): after a restart the same may be told again", path, error.strerror)
