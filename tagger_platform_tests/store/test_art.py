"""Which cover art is asked for and when, and what plays show of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tagger_platform.model import Play
from tagger_platform.store import reports
from tagger_platform.store.art import PATH, Tried, art_file, note_tried, wanted
from tagger_platform.store.database import Database
from tagger_platform_tests import samples

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
URL, OTHER = "https://images.example/1.jpg", "https://images.example/2.jpg"
NAME = "0123456789abcdef0123456789abcdef.jpg"


@pytest.fixture
def store(tmp_path: Path) -> Database:
    return Database(tmp_path / "tagger.duckdb")


def play_with(url: str, number: int = 1) -> Play:
    made = samples.play("kexp", NOW + timedelta(minutes=10 * number), of=samples.track(number))
    return replace(made, track=replace(made.track, artwork=url))


def note(store: Database, *tried: Tried, now: datetime = NOW) -> None:
    with store.writing() as connection:
        note_tried(connection, tried, now)


def test_each_address_is_wanted_once_however_many_tracks_name_it(store: Database) -> None:
    samples.write_plays(store, [play_with(URL, 1), play_with(URL, 2), play_with(OTHER, 3), play_with("", 4)])
    assert wanted(store, NOW, 10) == [URL, OTHER]
    assert wanted(store, NOW, 1) == [URL]


@pytest.mark.parametrize("tried", [Tried(URL, NAME), Tried(URL, detail="HTTP 404")], ids=["kept", "never"])
def test_what_was_kept_or_can_never_come_is_not_asked_for_again(store: Database, tried: Tried) -> None:
    samples.write_plays(store, [play_with(URL)])
    note(store, tried)
    assert wanted(store, NOW + timedelta(days=999), 10) == []


def test_what_may_still_come_is_asked_for_three_times_with_longer_pauses(store: Database) -> None:
    samples.write_plays(store, [play_with(URL)])
    now, asked = NOW, []
    while now < NOW + timedelta(days=3):
        if wanted(store, now, 10):
            asked.append((now - NOW) / timedelta(hours=1))
            note(store, Tried(URL, detail="HTTP 500", again=True), now=now)
        now += timedelta(hours=1)
    assert asked == [0, 1, 5]


def test_plays_show_the_local_copy_or_nothing(store: Database) -> None:
    samples.write_plays(store, [play_with(URL, 1), play_with(OTHER, 2), play_with("", 3)])
    note(store, Tried(URL, NAME), Tried(OTHER, detail="HTTP 404"))
    day = NOW.astimezone(samples.TZ).date()
    plays = reports.plays_of_day(store, day, samples.TZ).plays
    assert [play.track.artwork for play in plays] == [PATH + NAME, "", ""]
    assert reports.latest_plays(store)["kexp"].track.artwork == ""


def test_until_it_is_fetched_no_play_shows_the_address_on_the_internet(store: Database) -> None:
    samples.write_plays(store, [play_with(URL)])
    assert reports.latest_plays(store)["kexp"].track.artwork == ""


def test_a_local_copy_is_a_picture_and_not_whatever_lies_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_text("not yours")
    folder = tmp_path / "art"
    folder.mkdir()
    for name in (NAME, f".{NAME}.part", "notes.txt"):
        (folder / name).write_bytes(b"x")
    assert art_file(folder, NAME) == (folder / NAME, "image/jpeg")
    others = [
        NAME.replace("jpg", "png"),
        f".{NAME}.part",
        "notes.txt",
        "../secret.jpg",
        str(secret),
        "",
        ".",
        NAME + "\n",
    ]
    assert [art_file(folder, name) for name in others] == [None] * len(others)
