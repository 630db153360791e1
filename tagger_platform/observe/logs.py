"""Logging to stderr, as text or as one JSON object a line, with passwords taken out of every record.

What belongs here: redaction, fields that all lines of a piece of work carry, and sending a process's logging one way.
What does not: how a line is put together (`log_lines`), and what is worth logging.
"""

import logging
import re
import sys
from contextlib import AbstractContextManager

_USERINFO = re.compile(r"(://)\S*@", re.IGNORECASE)
_ENCODED_USERINFO = re.compile(r"(%3A%2F%2F)\S*%40", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with the user info of every URL replaced by ``***``, in plain and in percent-encoded URLs.

    Greedy on purpose: a password may hold ``@``, ``/`` or quotes, so everything up to the last ``@`` of a word goes.
    """
    return _ENCODED_USERINFO.sub(r"\1***%40", _USERINFO.sub(r"\1***@", text))


def bound(**fields: str | None) -> AbstractContextManager[None]:
    """Within the block, every line of this thread or task carries these fields (see `log_lines.FIELDS`)."""
    from structlog.contextvars import bound_contextvars  # it brings rich: 45 ms that not every command needs

    return bound_contextvars(**{name: value for name, value in fields.items() if value is not None})


def make_handler(*, structured: bool) -> logging.Handler:
    """A handler that writes redacted lines to stderr."""
    from tagger_platform.observe.log_lines import make_formatter  # as above

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(make_formatter(structured=structured))
    return handler


def set_up_logging(level: str, *, structured: bool) -> None:
    """Send the whole process's logging and warnings to stderr, redacted. Call it once, first thing."""
    handler = make_handler(structured=structured)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # two lines for each file of Dagster's that is opened
    for logger in logging.root.manager.loggerDict.values():
        own = [one for one in getattr(logger, "handlers", ()) if isinstance(one, logging.StreamHandler)]
        if isinstance(logger, logging.Logger) and own:  # such as Dagster's and Streamlit's, with levels of their own
            logger.propagate = False
            for one in own:
                one.setFormatter(handler.formatter)
