"""How much of each stream was heard and named lately, cached by the log's version.

What belongs here: asking the log. What does not: how streams are now (`reads.live_streams`), drawing.
"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import reads
from tagger_platform.store import reports
from tagger_platform.store.stream_stats import StreamStats

STEP = timedelta(minutes=10)
"""The last 24 hours end at a whole multiple of this, so that visitors share an answer."""


def stats(version: str) -> dict[str, StreamStats]:
    """By stream; of streams without windows in the last 7 days there is nothing."""
    now = datetime.now(UTC)
    end = now + STEP - timedelta(seconds=now.timestamp() % STEP.total_seconds())
    return _stats(str(reads.settings().database_path), version, end.replace(microsecond=0))


@st.cache_data(max_entries=2, show_spinner=False)
def _stats(path: str, version: str, end: datetime) -> dict[str, StreamStats]:
    return reports.stream_stats(reads.database(path), end) if version else {}
