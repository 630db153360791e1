"""How a line of the log is put together: structlog's processors, the same for our own records and everybody else's.

What belongs here: the fields of a line, their order, and redaction of all of them. What does not: where lines go
(`logs`, which alone imports this).
"""

import json
import logging
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from tagger_platform.model import iso
from tagger_platform.observe import tracing
from tagger_platform.observe.logs import redact

FIELDS = ("stream", "slot", "window", "provider", "run_id", "trace_id", "span_id")
"""What a line can carry beside its message: bound with `logs.bound`, or given as `extra` of one call."""

Event = MutableMapping[str, Any]


def make_formatter(*, structured: bool) -> logging.Formatter:
    as_json = structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            _from_dagster,
            _add_trace,
            structlog.processors.format_exc_info,
        ],
        processors=[_line, _redacted, as_json if structured else _as_text],
    )


def _from_dagster(_logger: object, _method: str, event: Event) -> Event:
    """Run and slot of what Dagster logs for a run; it puts them into the message, where nobody can search for them."""
    meta: Mapping[str, Any] | None = getattr(event["_record"], "dagster_meta", None)
    if meta is None:
        return event
    tags = meta.get("job_tags") or {}
    known = {"run_id": meta.get("run_id"), "slot": tags.get("dagster/partition")}
    for name, value in known.items():
        if value:
            event.setdefault(name, value)
    if meta.get("dagster_event") is None:  # an event's message is put together from more than its text
        event["event"] = meta["orig_message"]
    return event


def _add_trace(_logger: object, _method: str, event: Event) -> Event:
    event.update(tracing.ids())
    return event


def _line(_logger: object, _method: str, event: Event) -> Event:
    """The line's content, in order."""
    record: logging.LogRecord = event["_record"]
    told = {name: event[name] for name in FIELDS if event.get(name)}
    exception = "\n".join(event[name] for name in ("exception", "stack_info") if event.get(name))
    return {
        "at": iso(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname,
        "logger": record.name,
        "message": event["event"],
        **told,
        **({"exception": exception} if exception else {}),
    }


def _redacted(_logger: object, _method: str, line: Event) -> Event:
    return {name: redact(str(value)) for name, value in line.items()}


def _as_text(_logger: object, _method: str, line: Event) -> str:
    """``2026-11-21T03:30:00.123Z INFO capture.supervisor: kexp: live stream=kexp``."""
    head = f"{line['at']} {line['level']} {line['logger']}: {line['message']}"
    fields = [f"{name}={line[name]}" for name in FIELDS if name in line]
    return "\n".join(filter(None, (" ".join([head, *fields]), line.get("exception"))))
