"""The page Diagnostics: what it shows of every part and of the canaries, and what it says when it knows nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tagger_platform.model import CanaryOutcome, CanaryResult
from tagger_platform.store.canary import note_canaries
from tagger_platform.store.database import Database
from tagger_platform_tests import samples
from tagger_platform_tests.api.capture_standin import CaptureStandIn, capture_standin
from tagger_platform_tests.app.test_on_air import forget

PARTS = {
    "store": {"state": "ok", "detail": "7 plays"},
    "disk": {"state": "warning", "detail": "1.2 GB free"},
    "dagster": {"state": "failing", "detail": "its sensor has never ticked"},
}


def drawn() -> None:
    from streamlit_app.views import diagnostics

    diagnostics.page()


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureStandIn]:
    with capture_standin() as standin:
        for name, value in samples.environ(tmp_path, (standin.port, 1, 2, 3, 4)).items():
            monkeypatch.setenv(name, value)
        forget()
        yield standin
        forget()


def opened() -> AppTest:
    page = AppTest.from_function(drawn, default_timeout=60).run()
    assert not page.exception
    return page


def test_every_part_has_a_row_with_its_state_and_sentence(api: CaptureStandIn):
    api.health = {"parts": PARTS}
    rows = opened().dataframe[0].value.to_dict("records")
    assert [tuple(row.values()) for row in rows] == [
        ("store", "fine", "7 plays"),
        ("disk", "warning", "1.2 GB free"),
        ("dagster", "failing", "its sensor has never ticked"),
    ]


def test_an_api_that_is_down_is_a_sentence(api: CaptureStandIn):
    api.health = {}
    assert "The api does not answer" in opened().warning[0].value


def test_canaries_are_told_in_local_time(api: CaptureStandIn, tmp_path: Path):
    api.health = {"parts": PARTS}
    assert "once an hour" in opened().info[0].value
    asked_at = datetime(2026, 11, 21, 20, 17, tzinfo=UTC)
    with Database(tmp_path / "tagger.duckdb").writing() as connection:
        note_canaries(connection, [CanaryResult("shazam", asked_at, CanaryOutcome.NO_MATCH, 812.4, "a clip of kexp")])
    forget()
    assert opened().dataframe[1].value.to_dict("records") == [
        {
            "provider": "shazam",
            "asked": "Nov 21, 2026 12:17",
            "outcome": "no match",
            "after": "812 ms",
            "detail": "a clip of kexp",
        }
    ]
