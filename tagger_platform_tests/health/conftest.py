"""A platform that is well, on a clock that only tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tagger_platform.errors import TransientError
from tagger_platform.health.marks import SENSOR, leave_mark
from tagger_platform.health.report import Watched
from tagger_platform.model import iso
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform.store.rows import naive

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


@dataclass
class Around:
    """A platform: its clock, and what capture says of itself (None: it does not answer)."""

    settings: Settings
    now: datetime = NOW
    capture: dict[str, Any] | None = field(default_factory=dict)

    @property
    def watched(self) -> Watched:
        return Watched(self.settings, Database(self.settings.database_path), self._ask_capture, lambda: self.now)

    def _ask_capture(self) -> dict[str, Any]:
        if self.capture is None:
            raise TransientError("capture does not answer on CAPTURE_PORT 44103")
        return self.capture

    def be_well(self) -> None:
        """Capture has just had a window of both streams, and Dagster's sensor has just ticked."""
        last = iso(self.now - timedelta(seconds=30))
        streams = [{"name": name, "enabled": True, "state": "live", "last_window": last} for name in ("kexp", "cafe")]
        self.capture = {"since": iso(NOW - timedelta(days=1)), "problems": [], "streams": streams}
        leave_mark(self.settings.marks_dir, SENSOR, self.now)
        self.has_run_for(timedelta(0))

    def has_run_for(self, span: timedelta) -> None:
        """The store was made so long ago."""
        with Database(self.settings.database_path).writing() as connection:
            connection.execute("UPDATE schema_migrations SET applied_at = ?", [naive(self.now - span)])


@pytest.fixture
def around(environ: dict[str, str], tmp_path: Path) -> Around:
    made = Around(Settings.load(environ | {"SHAZAM_ENABLED": "true"}))
    made.be_well()
    return made
