"""How the streams and the parts of the platform are, as the api tells it.

What belongs here: asking the api, once for all visitors for some seconds. What does not: the log, drawing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import streamlit as st

from streamlit_app import reads
from streamlit_app.api_client import ApiDownError, ApiError
from tagger_platform.model import parse_iso

API_TTL_S = 2
"""Seconds that the api's answer serves all visitors."""
HEALTH_TTL_S = 15
"""The same of its health report: to look at every part costs more than to list the streams."""
UNKNOWN = "unknown"
_MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
"""What reading an answer of another shape raises."""


@dataclass(frozen=True)
class LiveStream:
    """A configured stream and how it is doing; one that is `fixed` is in no file that the pages can change.

    `level_dbfs` is that of its last window, None for silence.
    """

    name: str
    title: str
    state: str
    last_error: str = ""
    kind: str = ""
    enabled: bool = True
    fixed: bool = True
    since: datetime | None = None
    last_window: str = ""
    level_dbfs: float | None = None
    icy_title: str = ""
    has_picture: bool = False
    has_audio: bool = False


class Trouble(StrEnum):
    """Why nobody can say how the streams are."""

    API_DOWN = "api_down"
    CAPTURE_DOWN = "capture_down"


@dataclass(frozen=True)
class LiveStreams:
    """The configured streams, and why their state is not known where it is not."""

    streams: tuple[LiveStream, ...]
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Finding:
    """What a part was found to be: a code, an English sentence and its figures; `ui.findings` puts it into words."""

    code: str
    sentence: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """How a part of the platform is doing: a state, what was found, and the numbers behind it."""

    state: str
    findings: tuple[Finding, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)


def live_streams() -> LiveStreams:
    """The configured streams as the api sees them; as the settings list them when it does not answer."""
    return _live_streams(reads.settings().api_url)


def look_again() -> None:
    """Forget how the streams were: somebody has just changed one."""
    _live_streams.clear()


def health() -> dict[str, Part]:
    """Every part of the platform, by name, in the order of the path; empty where nobody can say."""
    return _health(reads.settings().api_url)


@st.cache_data(ttl=API_TTL_S, max_entries=reads.ENTRIES, show_spinner=False)
def _live_streams(api_url: str) -> LiveStreams:
    try:
        streams = tuple(_live_stream(item) for item in reads.api().get("/api/streams")["streams"])
    except (ApiDownError, ApiError, *_MISSHAPEN):
        known = tuple(
            LiveStream(stream.name, stream.display, UNKNOWN, kind=stream.kind, enabled=stream.enabled)
            for stream in reads.settings().streams
        )
        return LiveStreams(known, Trouble.API_DOWN)
    down = any(stream.state == "capture_down" for stream in streams)
    return LiveStreams(streams, Trouble.CAPTURE_DOWN if down else None)


@st.cache_data(ttl=HEALTH_TTL_S, max_entries=reads.ENTRIES, show_spinner=False)
def _health(api_url: str) -> dict[str, Part]:
    try:
        parts = reads.api().get("/readyz")["parts"]
        return {name: _part(part) for name, part in parts.items()}
    except (ApiDownError, ApiError, *_MISSHAPEN):
        return {}


def _part(told: Mapping[str, Any]) -> Part:
    found = tuple(Finding(str(one["code"]), str(one["sentence"]), dict(one["details"])) for one in told["findings"])
    return Part(str(told["state"]), found, dict(told.get("numbers") or {}))


def _live_stream(item: dict[str, Any]) -> LiveStream:
    name = str(item["name"])
    return LiveStream(
        name,
        title=str(item.get("title") or name),
        state=str(item.get("state") or UNKNOWN),
        last_error=str(item.get("last_error") or ""),
        kind=str(item.get("kind") or ""),
        enabled=item.get("enabled") is not False,
        fixed=item.get("fixed") is not False,
        since=parse_iso(item["since"]) if item.get("since") else None,
        last_window=str(item.get("last_window") or ""),
        level_dbfs=item.get("level_dbfs"),
        icy_title=str(item.get("icy_title") or ""),
        has_picture=item.get("has_picture") is True,
        has_audio=item.get("has_audio") is True,
    )
