"""What the pages know of tracks and of the sound map: reads of the store, cached.

What belongs here: asking, once for all visitors, so nothing here is in anybody's language. What does not: drawing; the
log of a day (`day_reads`), the streams (`stream_reads`).
"""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from streamlit_app.reads import database, settings
from tagger_platform.model import Track
from tagger_platform.store import map_report, track_reports
from tagger_platform.store.map_report import SoundMap
from tagger_platform.store.track_reports import HeardTrack, TrackStory

ENTRIES = 32
"""Tracks, with a page of their plays each, kept in memory at once."""
MAPS = 2
"""Maps kept in memory at once: the newest, and the one before while a new one takes its place."""
LATELY_DAYS, MOST_LATELY = 30, 50
"""The empty search shows so many tracks, counted over as many days as a search shows bars for."""
STORY_DAYS, PAGE_PLAYS = 90, 50


def most_heard(version: str, today: date) -> list[HeardTrack]:
    """What was heard most lately."""
    return _most_heard(str(settings().database_path), version, today)


def known_tracks(version: str, track_ids: Sequence[str]) -> dict[str, Track]:
    return _known_tracks(str(settings().database_path), version, tuple(track_ids))


def track_story(version: str, track_id: str, today: date, page: int) -> TrackStory | None:
    return _track_story(str(settings().database_path), version, track_id, today, page)


def map_version(version: str) -> str:
    """Changes when the map does; empty while there is none. It is the key of what is made of the map."""
    return _map_version(str(settings().database_path), version)


def sound_map(map_version: str) -> SoundMap | None:
    return _sound_map(str(settings().database_path), map_version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _most_heard(path: str, version: str, today: date) -> list[HeardTrack]:
    if not version:
        return []
    return track_reports.most_heard(database(path), today, settings().tz, days=LATELY_DAYS, most=MOST_LATELY)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _known_tracks(path: str, version: str, track_ids: tuple[str, ...]) -> dict[str, Track]:
    return track_reports.known_tracks(database(path), track_ids) if version and track_ids else {}


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _track_story(path: str, version: str, track_id: str, today: date, page: int) -> TrackStory | None:
    if not version:
        return None
    return track_reports.track_story(
        database(path), track_id, today, settings().tz, days=STORY_DAYS, page=page, page_plays=PAGE_PLAYS
    )


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _map_version(path: str, version: str) -> str:
    return map_report.map_version(database(path)) if version else ""


@st.cache_resource(max_entries=MAPS, show_spinner=False)
def _sound_map(path: str, map_version: str) -> SoundMap | None:
    """As a resource, which nobody changes: to copy it for every visitor would take a second."""
    return map_report.sound_map(database(path), settings().tz) if map_version else None
