"""The user's own library, as the log has it, cached by its version.

What belongs here: asking the log. What does not: adding and removing (`views.library`), drawing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from streamlit_app import reads
from tagger_platform.store import reports
from tagger_platform.store.library_page import LibraryPage, ListedItem, Standing, Wanted

STEP = timedelta(hours=1)
"""The 30 days end at a whole multiple of this, so that visitors share an answer."""
ROWS = 50
"""Items on a page."""


def standing(version: str) -> Standing:
    return _standing(str(reads.settings().database_path), version, _lately())


def page(version: str, wanted: Wanted, number: int) -> LibraryPage:
    """Page `number`, from 1, of those that are wanted."""
    return _page(str(reads.settings().database_path), version, wanted, number, _lately())


def listed(version: str, item_ids: Sequence[str]) -> dict[str, ListedItem]:
    """Those of `item_ids` that the log knows and that were not removed, by id."""
    return _listed(str(reads.settings().database_path), version, tuple(item_ids), _lately())


def _lately() -> datetime:
    now = datetime.now(UTC)
    return (now + STEP - timedelta(seconds=now.timestamp() % STEP.total_seconds())).replace(microsecond=0)


@st.cache_data(max_entries=2, show_spinner=False)
def _standing(path: str, version: str, now: datetime) -> Standing:
    return reports.library_standing(reads.database(path), now) if version else Standing({}, 0, 0.0, 0, None)


@st.cache_data(max_entries=reads.ENTRIES, show_spinner=False)
def _page(path: str, version: str, wanted: Wanted, number: int, now: datetime) -> LibraryPage:
    if not version:
        return LibraryPage([], 1, 0)
    return reports.library_page(reads.database(path), wanted, page=number, page_items=ROWS, now=now)


@st.cache_data(max_entries=reads.ENTRIES, show_spinner=False)
def _listed(path: str, version: str, item_ids: tuple[str, ...], now: datetime) -> dict[str, ListedItem]:
    return reports.listed_items(reads.database(path), item_ids, now) if version and item_ids else {}
