"""The pages people look at.

What belongs here: asking `store.reports` and the api, and drawing the answers. What does not: changing anything
itself (the api does), torch, Dagster. `app.py` is navigation, `pages.py` the list of pages, `views/` one file per page.
"""

import logging
import sys
from pathlib import Path

from tagger_platform.settings import Settings

logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(
    lambda record: record.funcName != "get_storage_manager"
)
"""Streamlit warns of each cached read that is imported before it serves, as all of ours are."""

SERVER = Path(__file__).with_name("server.py")
EARLY_LINES = '{"at": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}'
"""What Streamlit says before `server` gives its lines our format: sentences of its own, without quotes."""


def command(settings: Settings) -> list[str]:
    """The argv of the process that serves the pages; the looks are in `.streamlit/config.toml` beside this file."""
    flags = {
        "server.address": settings.host,
        "server.port": str(settings.ui_port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "logger.level": "warning",
        "logger.hideWelcomeMessage": "true",
    }
    if settings.structured_logs:
        flags["logger.messageFormat"] = EARLY_LINES
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(SERVER),
        *(f"--{key}={value}" for key, value in flags.items()),
    ]
