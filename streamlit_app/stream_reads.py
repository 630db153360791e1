"""What streams are called, what was heard of each last, and how much of it lately, cached by the log's version.

What belongs here: asking the log. What does not: how streams are now (`live_reads`), drawing.
"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import live_reads, reads
from tagger_platform.model import Play
from tagger_platform.store import reports
from tagger_platform.store.stream_stats import StreamStats

STEP = timedelta(minutes=10)
"""The last 24 hours end at a whole multiple of this, so that visitors share an answer."""


def titles(version: str) -> dict[str, str]:
    """Title by name of every stream that is configured or was heard, the configured ones first."""
    configured = {stream.name: stream.title for stream in live_reads.live_streams().streams}
    heard = _stream_titles(str(reads.settings().database_path), version)
    return configured | {name: title or name for name, title in heard.items() if name not in configured}


def latest_plays(version: str) -> dict[str, Play]:
    return _latest_plays(str(reads.settings().database_path), version)


def stats(version: str) -> dict[str, StreamStats]:
    """By stream; of streams without windows in the last 7 days there is nothing."""
    now = datetime.now(UTC)
    end = now + STEP - timedelta(seconds=now.timestamp() % STEP.total_seconds())
    return _stats(str(reads.settings().database_path), version, end.replace(microsecond=0))


@st.cache_data(max_entries=reads.ENTRIES, show_spinner=False)
def _latest_plays(path: str, version: str) -> dict[str, Play]:
    return reports.latest_plays(reads.database(path)) if version else {}


@st.cache_data(max_entries=reads.ENTRIES, show_spinner=False)
def _stream_titles(path: str, version: str) -> dict[str, str]:
    return reports.stream_titles(reads.database(path)) if version else {}


@st.cache_data(max_entries=2, show_spinner=False)
def _stats(path: str, version: str, end: datetime) -> dict[str, StreamStats]:
    return reports.stream_stats(reads.database(path), end) if version else {}
