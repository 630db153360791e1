"""What every read of the pages begins with: the settings, the day, the log and its version, and the api.

What belongs here: the ground that the other reads stand on. What does not: any question. They are asked in
`live_reads` (how streams and parts are), `stream_reads`, `day_reads`, `track_reads`, `library_reads` and `asked_reads`,
once for all visitors, so nothing there is in anybody's language. No connection is ever cached.
"""

from datetime import date, datetime
from pathlib import Path

import streamlit as st

from streamlit_app.api_client import Api
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database

STORE_TIMEOUT_S = 5.0
"""A visitor would rather hear that the store is busy than wait longer."""
ENTRIES = 32
"""Days and filters kept in memory at once: a few visitors leafing through a few days."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return Settings.load()


def today() -> date:
    """The local day."""
    return datetime.now(settings().tz).date()


def api() -> Api:
    """For what is asked of the api by one visitor, or done."""
    return Api(settings())


def version() -> str:
    """Changes when the log does; empty while there is no log. It is the key of every cached read."""
    store = database(str(settings().database_path))
    return store.version() if store.path.exists() else ""


def database(path: str) -> Database:
    """The store, for a read that takes its path as part of its key."""
    return Database(Path(path), timeout_s=STORE_TIMEOUT_S)
