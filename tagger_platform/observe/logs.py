"""Logging to stderr, as text or as one JSON object a line, with passwords taken out of every record.

What belongs here: how a record is written and what must never be in it. What does not: what is worth logging.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from tagger_platform.model import iso

_USERINFO = re.compile(r"(://)\S*@", re.IGNORECASE)
_ENCODED_USERINFO = re.compile(r"(%3A%2F%2F)\S*%40", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with the user info of every URL replaced by ``***``, in plain and in percent-encoded URLs.

    Greedy on purpose: a password may hold ``@``, ``/`` or quotes, so everything up to the last ``@`` of a word goes.
    """
    return _ENCODED_USERINFO.sub(r"\1***%40", _USERINFO.sub(r"\1***@", text))


class RedactingFilter(logging.Filter):
    """Renders message, arguments and exception into plain text, without user info, before anything is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


class TextFormatter(logging.Formatter):
    """``2026-11-21T03:30:00.123Z INFO capture.supervisor: kexp: live``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 (logging calls it so)
        return _instant(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message and, where there is one, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"at": _instant(record), "level": record.levelname, "logger": record.name, "message": record.msg}
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


def _instant(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))


def set_up_logging(level: str, *, structured: bool) -> None:
    """Send the whole process's logging to stderr, redacted. Call it once, first thing."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JsonFormatter() if structured else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
