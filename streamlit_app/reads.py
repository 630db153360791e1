"""What the pages know: reads of the log, cached by its version, and what the api says of the streams.

What belongs here: asking, once for all visitors, so nothing here is in anybody's language. What does not: drawing. No
connection is ever cached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import streamlit as st

from streamlit_app.api_client import Api, ApiDownError, ApiError
from tagger_platform.decide.coverage import Coverage
from tagger_platform.model import CanaryResult, Play, parse_iso
from tagger_platform.settings import Settings
from tagger_platform.store import recent, reports
from tagger_platform.store.database import Database
from tagger_platform.store.identifications import Identification
from tagger_platform.store.proof import Answer

STORE_TIMEOUT_S = 5.0
"""A visitor would rather hear that the store is busy than wait longer."""
API_TTL_S = 2
"""Seconds that the api's answer serves all visitors."""
HEALTH_TTL_S = 15
"""The same of its health report: to look at every part costs more than to list the streams."""
ENTRIES = 32
"""Days and filters kept in memory at once: a few visitors leafing through a few days."""
UNKNOWN = "unknown"


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
class Part:
    """How a part of the platform is doing: a state, a sentence, and the numbers behind it."""

    state: str
    detail: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


WELL = "ok"


_MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError)
"""What reading an answer of another shape raises."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return Settings.load()


def api() -> Api:
    """For what is asked of the api by one visitor, or done."""
    return Api(settings())


def version() -> str:
    """Changes when the log does; empty while there is no log. It is the key of every cached read."""
    store = database(str(settings().database_path))
    return store.version() if store.path.exists() else ""


def coverage_of_day(version: str, day: date, streams: Sequence[str]) -> list[Coverage]:
    return _coverage_of_day(str(settings().database_path), version, day, tuple(streams))


def latest_plays(version: str) -> dict[str, Play]:
    return _latest_plays(str(settings().database_path), version)


def titles(version: str) -> dict[str, str]:
    """Title by name of every stream that is configured or was heard, the configured ones first."""
    configured = {stream.name: stream.title for stream in live_streams().streams}
    heard = _stream_titles(str(settings().database_path), version)
    return configured | {name: title or name for name, title in heard.items() if name not in configured}


def live_streams() -> LiveStreams:
    """The configured streams as the api sees them; as the settings list them when it does not answer."""
    return _live_streams(settings().api_url)


def look_again() -> None:
    """Forget how the streams were: somebody has just changed one."""
    _live_streams.clear()


def health() -> dict[str, Part]:
    """Every part of the platform, by name, in the order of the path; empty where nobody can say."""
    return _health(settings().api_url)


def not_well() -> str:
    """In one line, which parts are not well; empty where all are, or where nobody can say."""
    return "; ".join(f"{name}: {part.detail}" for name, part in health().items() if part.state != WELL)


def canaries(version: str) -> list[CanaryResult]:
    """What became of every provider's last canary."""
    return _canaries(str(settings().database_path), version)


def questions(version: str, span: recent.Span) -> recent.Numbers:
    """What the providers were asked, in numbers."""
    return _questions(str(settings().database_path), version, span)


def asked(version: str, page: recent.Page) -> list[recent.Asked]:
    """What the providers were asked, one by one."""
    return _asked(str(settings().database_path), version, page)


def answer(version: str, window_id: str, provider: str) -> Answer | None:
    return _answer(str(settings().database_path), version, window_id, provider)


def waiting(version: str) -> list[recent.Waiting]:
    """What waits for an answer."""
    return _waiting(str(settings().database_path), version)


def identifications(version: str, limit: int, offset: int) -> list[Identification]:
    """What people asked about by hand, the newest first."""
    return _identifications(str(settings().database_path), version, limit, offset)


def identification(version: str, identification_id: str) -> tuple[Identification, Play | None] | None:
    """One of these, and when its track was last heard."""
    return _identification(str(settings().database_path), version, identification_id)


def database(path: str) -> Database:
    """The store, for a read that takes its path as part of its key."""
    return Database(Path(path), timeout_s=STORE_TIMEOUT_S)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _coverage_of_day(path: str, version: str, day: date, streams: tuple[str, ...]) -> list[Coverage]:
    return reports.coverage_of_day(database(path), day, settings().tz, streams=streams) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _latest_plays(path: str, version: str) -> dict[str, Play]:
    return reports.latest_plays(database(path)) if version else {}


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _stream_titles(path: str, version: str) -> dict[str, str]:
    return reports.stream_titles(database(path)) if version else {}


@st.cache_data(ttl=API_TTL_S, max_entries=ENTRIES, show_spinner=False)
def _live_streams(api_url: str) -> LiveStreams:
    try:
        streams = tuple(_live_stream(item) for item in api().get("/api/streams")["streams"])
    except (ApiDownError, ApiError, *_MISSHAPEN):
        known = tuple(
            LiveStream(stream.name, stream.display, UNKNOWN, kind=stream.kind, enabled=stream.enabled)
            for stream in settings().streams
        )
        return LiveStreams(known, Trouble.API_DOWN)
    down = any(stream.state == "capture_down" for stream in streams)
    return LiveStreams(streams, Trouble.CAPTURE_DOWN if down else None)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _canaries(path: str, version: str) -> list[CanaryResult]:
    return reports.canary_results(database(path)) if version else []


@st.cache_data(ttl=HEALTH_TTL_S, max_entries=ENTRIES, show_spinner=False)
def _health(api_url: str) -> dict[str, Part]:
    try:
        parts = api().get("/readyz")["parts"]
        return {name: _part(part) for name, part in parts.items()}
    except (ApiDownError, ApiError, *_MISSHAPEN):
        return {}


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _questions(path: str, version: str, span: recent.Span) -> recent.Numbers:
    return recent.numbers(database(path), span) if version else recent.Numbers((), {})


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _asked(path: str, version: str, page: recent.Page) -> list[recent.Asked]:
    return recent.asked(database(path), page) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _answer(path: str, version: str, window_id: str, provider: str) -> Answer | None:
    return recent.answer(database(path), window_id, provider) if version else None


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _waiting(path: str, version: str) -> list[recent.Waiting]:
    return recent.waiting(database(path)) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _identifications(path: str, version: str, limit: int, offset: int) -> list[Identification]:
    return reports.identifications(database(path), limit=limit, offset=offset) if version else []


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _identification(path: str, version: str, identification_id: str) -> tuple[Identification, Play | None] | None:
    return reports.identification(database(path), identification_id) if version else None


def _part(told: Mapping[str, Any]) -> Part:
    return Part(str(told["state"]), str(told["detail"]), dict(told.get("numbers") or {}))


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
