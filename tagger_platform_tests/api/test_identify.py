"""Identifying over HTTP: what it is, when it was last heard, and what was asked so far."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import soundfile

from tagger_platform.library.places import Library
from tagger_platform.store.database import Database
from tagger_platform.store.identifications import KEPT, note_identification
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served
from tagger_platform_tests.api.test_library import send, work
from tagger_platform_tests.fingerprint.tunes import RATE, tune
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(samples.settings(tmp_path / "data"))


@pytest.fixture
def api(library: Library) -> Iterator[httpx.Client]:
    with served(library.settings) as client:
        yield client


SONG_S = 15.0


def audio(folder: Path, seed: int, first_s: float = 0.0, last_s: float = SONG_S) -> bytes:
    path = folder / f"{seed}.wav"
    soundfile.write(path, tune(seed, SONG_S)[int(first_s * RATE) : int(last_s * RATE)], RATE)
    return path.read_bytes()


def ask(api: httpx.Client, name: str, content: bytes) -> httpx.Response:
    return api.post("/api/identify", files={"file": (name, content)})


def test_a_clip_is_named_with_its_place_in_the_track_and_when_it_was_last_heard(api, library, tmp_path):
    send(api, ("My Song.wav", audio(tmp_path, 1)))
    work(library)
    clip = audio(tmp_path, 1, 5.0, 13.0)
    first = ask(api, "clip.wav", clip).json()
    assert (first["match"], first["title"], first["file"], first["last_play"]) == (True, "My Song", "clip.wav", None)
    assert first["offset_s"] == pytest.approx(5.0, abs=0.1)

    song = samples.Track("catalogue", first["track_id"].removeprefix("catalogue:"), "My Song")
    starts = [datetime(2025, 11, day, 9, tzinfo=samples.TZ) for day in (19, 20)]
    samples.write_plays(library.database, [samples.play("kexp", start, of=song) for start in starts])
    second = ask(api, "clip.wav", clip).json()
    assert second["last_play"]["started_at"] == "2025-11-20T17:00:00Z"

    unknown = ask(api, "other.wav", audio(tmp_path, 3)).json()
    assert (unknown["match"], unknown["title"], unknown["last_play"]) == (False, None, None)

    history = api.get("/api/identifications").json()["identifications"]
    assert [one["file"] for one in history] == ["other.wav", "clip.wav", "clip.wav"]
    assert history[1] == {key: value for key, value in second.items() if key != "last_play"}
    assert api.get("/api/identifications?limit=1&offset=1").json()["identifications"] == [history[1]]


def test_what_the_library_does_not_know_is_asked_of_others_and_noted(library, tmp_path):
    with ShazamStandIn(lambda asked: song("7", "From Outside", offset_s=9.0)) as shazam:
        asking = samples.settings(tmp_path / "data", SHAZAM_ENABLED="true", SHAZAM_URL=shazam.url)
        song_of_theirs = samples.Track("shazam", "7", "From Outside")
        samples.write_plays(library.database, [samples.play("kexp", samples.noon(samples.DAY), of=song_of_theirs)])
        with served(asking) as api:
            named = ask(api, "clip.wav", audio(tmp_path, 3)).json()
            shazam.mode = Mode.UNAVAILABLE
            unnamed = ask(api, "clip.wav", audio(tmp_path, 3)).json()
            history = api.get("/api/identifications").json()["identifications"]
    assert (named["title"], named["provider"], named["others"]) == ("From Outside", "shazam", {"shazam": "match"})
    assert named["last_play"]["title"] == "From Outside"
    assert (unnamed["match"], unnamed["others"]) == (False, {"shazam": "provider_down"})
    assert [one["others"] for one in history] == [unnamed["others"], named["others"]]


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("text.mp3", b"Once upon a time", 422, "not audio"),
        ("empty.mp3", b"", 422, "empty"),
        ("notes.txt", b"x", 400, "no audio file"),
    ],
)
def test_what_is_no_audio_is_a_sentence(api, name, content, status, says):
    answer = ask(api, name, content)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert api.get("/api/identifications").json()["identifications"] == []


def test_one_file_at_a_time(api):
    answer = api.post("/api/identify", files=[("file", ("a.mp3", b"x"))] * 2)
    assert "send one file" in answer.json()["error"]["message"]


def test_the_newest_answers_are_kept(tmp_path):
    nothing = dict.fromkeys(("track_id", "title", "artist", "offset_s", "speed", "confidence", "provider", "runner_up"))
    start = datetime(2025, 11, 20, tzinfo=samples.TZ)
    database = Database(tmp_path / "tagger.duckdb")
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO identifications SELECT i::VARCHAR, $now::TIMESTAMP - to_minutes(i), 'old', NULL, NULL, NULL,"
            " NULL, NULL, NULL, NULL, 1, NULL, NULL FROM range(1, $kept + 5) t(i)",
            {"now": datetime(2025, 11, 20), "kept": KEPT},
        )
        note_identification(connection, {**nothing, "file": "new", "elapsed_ms": 1}, start, {})
        rows = connection.execute("SELECT count(*), count(*) FILTER (file = 'new') FROM identifications").fetchone()
    assert rows == (KEPT, 1)
