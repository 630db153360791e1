"""What the log says of tracks: the most heard, the story of one, its plays page by page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import PlayStatus, Track
from tagger_platform.store.art import Tried, note_tried
from tagger_platform.store.database import Database
from tagger_platform.store.track_reports import TrackStory, known_tracks, most_heard, track_story
from tagger_platform_tests import samples
from tagger_platform_tests.samples import DAY, TZ, play, write_plays

OFTEN, SELDOM, LONG_AGO = samples.track(1), samples.track(2), samples.track(3)
NOON = samples.noon(DAY)


@pytest.fixture
def log(tmp_path: Path) -> Database:
    """Three plays of one track on two streams, one of another, and one from before what counts as lately."""
    database = Database(tmp_path / "tagger.duckdb")
    write_plays(
        database,
        [
            play("kexp", NOON, of=OFTEN),
            play("kexp", NOON - timedelta(days=1), of=OFTEN, status=PlayStatus.PROBABLE, confidence=0.5),
            play("nova", NOON - timedelta(days=40), of=OFTEN),
            play("nova", NOON, of=SELDOM),
            play("kexp", NOON - timedelta(days=31), of=LONG_AGO),
        ],
    )
    return database


def story_of(log: Database, track_id: str, *, page: int = 1, page_plays: int = 50) -> TrackStory | None:
    return track_story(log, track_id, DAY, TZ, days=30, page=page, page_plays=page_plays)


def test_what_was_heard_most_comes_first_with_its_plays_by_day(log: Database) -> None:
    found = most_heard(log, DAY, TZ, days=30, most=50)
    assert [(one.track, len(one.plays_by_day), list(one.plays_by_day[-2:])) for one in found] == [
        (OFTEN, 30, [1, 1]),
        (SELDOM, 30, [0, 1]),
    ]
    assert [one.track for one in most_heard(log, DAY, TZ, days=30, most=1)] == [OFTEN]


def test_a_track_has_a_story(log: Database) -> None:
    story = story_of(log, OFTEN.track_id)
    assert story is not None
    assert (story.track, story.plays, dict(story.by_stream)) == (OFTEN, 3, {"kexp": 2, "nova": 1})
    assert (story.first, story.last) == (NOON - timedelta(days=40), NOON)
    assert sum(story.by_day) == 2


@pytest.mark.parametrize("track_id", ["nobody:1", "", "'; DROP TABLE plays; --"])
def test_a_track_without_plays_has_none(log: Database, track_id: str) -> None:
    assert story_of(log, track_id) is None


def test_plays_of_a_track_come_newest_first_and_page_by_page(log: Database) -> None:
    story = story_of(log, OFTEN.track_id)
    assert story is not None
    shown = story.airings
    assert [(one.stream, one.started_at) for one in shown] == [
        ("kexp", NOON),
        ("kexp", NOON - timedelta(days=1)),
        ("nova", NOON - timedelta(days=40)),
    ]
    assert (shown[1].status, shown[1].confidence) == (PlayStatus.PROBABLE, 0.5)
    for page in (2, 3):  # after the last one comes nothing else
        last = story_of(log, OFTEN.track_id, page=page, page_plays=2)
        assert last is not None
        assert (last.airings, last.page, last.plays) == (shown[2:], 2, 3)


def test_known_tracks_keep_the_order_asked_for_and_show_local_art(log: Database) -> None:
    painted = Track("shazam", "painted", "Painted", artwork="https://images.example/1.jpg")
    write_plays(log, [play("playa", NOON, of=painted)])
    with log.writing() as connection:
        note_tried(connection, [Tried(painted.artwork, "0" * 32 + ".jpg")], datetime.now(UTC))
    found = known_tracks(log, [painted.track_id, "nobody:1", OFTEN.track_id])
    assert list(found) == [painted.track_id, OFTEN.track_id]
    assert found[painted.track_id].artwork == f"/api/art/{'0' * 32}.jpg"


def test_an_empty_log_has_heard_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "empty.duckdb")
    assert most_heard(database, DAY, TZ, days=30, most=50) == []
    assert known_tracks(database, []) == {}
