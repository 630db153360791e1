"""What was on air in a stretch of time: spans, numbers and pages of plays."""

from datetime import timedelta
from pathlib import Path

import pytest

from tagger_platform.model import PlayStatus, Track
from tagger_platform.store import airtime
from tagger_platform.store.airtime import Numbers, Stretch
from tagger_platform.store.database import Database
from tagger_platform_tests import samples

NOON = samples.noon(samples.DAY)
HOUR = timedelta(hours=1)
EVERYTHING = Stretch(NOON - HOUR, NOON + HOUR)
NOTHING = Stretch(NOON - 2 * HOUR, NOON - HOUR)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Five plays from noon on, ten minutes apart, on two streams: three tracks of two artists, one of them unnamed."""
    database = Database(Path(tmp_path_factory.mktemp("data")) / "tagger.duckdb")
    tracks = [Track("catalogue", "a", "A", "Ann"), Track("catalogue", "b", "B", "Bob"), Track("catalogue", "c", "C")]
    written = [
        samples.play(
            "nova" if number == 4 else "kexp",
            NOON + number * timedelta(minutes=10),
            of=tracks[(1, 0, 1, 2, 2)[number]],
            status=PlayStatus.PROBABLE if number == 3 else PlayStatus.CONFIRMED,
            confidence=0.5 + number / 10,
        )
        for number in range(5)
    ]
    samples.write_plays(database, written)
    return database


@pytest.mark.parametrize(
    ("stretch", "titles"),
    [
        (EVERYTHING, ["B", "A", "B", "C", "C"]),
        (Stretch(NOON, NOON + timedelta(minutes=10)), ["B"]),
        (Stretch(NOON, NOON + HOUR, ("nova", "gone")), ["C"]),
        (NOTHING, []),
    ],
    ids=["all", "the end does not belong to it", "one stream", "nothing"],
)
def test_a_stretch_holds_the_plays_that_begin_in_it(store, stretch, titles):
    assert [span.title for span in airtime.drawn(store, stretch).plays] == titles
    assert [play.track.title for play in airtime.plays_within(store, stretch)] == titles
    listed = airtime.listed(store, stretch, NOTHING, page=1, page_plays=9)
    assert [play.track.title for play in listed.plays] == titles[::-1]
    assert listed.numbers.plays == len(titles)


def test_a_span_knows_what_is_drawn(store):
    probable = [span for span in airtime.drawn(store, EVERYTHING).plays if span.probable]
    assert [(span.stream, span.start_s, span.artist) for span in probable] == [("kexp", 90 * 60, "")]


def test_numbers_of_a_stretch_and_of_another(store):
    listed = airtime.listed(store, EVERYTHING, NOTHING, page=1, page_plays=1)
    assert (listed.numbers, listed.others) == (Numbers(5, 3, "Bob", 0.7), Numbers(0, 0, "", None))


def test_a_station_with_many_jingles_is_no_artist(tmp_path: Path) -> None:
    store = Database(tmp_path / "tagger.duckdb")
    jingle, song = Track("catalogue", "j", "Ident", "Nova", kind="jingle"), Track("catalogue", "s", "Song", "Ann")
    heard = [jingle, song, jingle]
    samples.write_plays(store, [samples.play("nova", NOON + n * HOUR / 9, of=track) for n, track in enumerate(heard)])
    assert airtime.listed(store, EVERYTHING, NOTHING, page=1, page_plays=9).numbers.artist == "Ann"


def test_pages_follow_each_other_and_hold_every_play_once(store):
    pages = [airtime.listed(store, EVERYTHING, NOTHING, page=page, page_plays=2) for page in (1, 2, 3)]
    assert [(listed.page, len(listed.plays)) for listed in pages] == [(1, 2), (2, 2), (3, 1)]
    assert [play for listed in pages for play in listed.plays] == airtime.plays_within(store, EVERYTHING)[::-1]
    assert airtime.listed(store, EVERYTHING, NOTHING, page=9, page_plays=2) == pages[-1]
    assert airtime.listed(store, NOTHING, NOTHING, page=9, page_plays=2).page == 1


def test_a_play_is_found_by_its_id_with_its_evidence(store):
    play = airtime.plays_within(store, EVERYTHING)[0]
    assert airtime.play_with_id(store, play.play_id) == play
    assert play.windows
    assert airtime.play_with_id(store, "nobody") is None
