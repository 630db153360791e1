"""The proof of a play over HTTP: its windows, the answers about them, their audio and the providers' own words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Window
from tagger_platform.recognize.answers import packed
from tagger_platform.store.writes import write_recognitions, write_windows
from tagger_platform_tests import samples
from tagger_platform_tests.api.served import served

START = datetime(2025, 11, 20, 17, tzinfo=UTC)
CLIP = b"fLaC" + bytes(range(100))


@pytest.fixture
def api(tmp_path: Path) -> Iterator[httpx.Client]:
    """A play of one window, which two providers were asked about."""
    settings = samples.settings(tmp_path)
    play = samples.play("kexp", START)
    window = Window("kexp", Slot(START), 0, 12, CaptureState.CAPTURED, level_dbfs=-18.0)
    answers = [
        Recognition(window.window_id, "shazam", Status.MATCH, play.track, 31.5, raw=packed({"matches": ["é"]})),
        Recognition(window.window_id, "catalogue", Status.NO_MATCH, detail="nothing sounds like it", raw=b'{"a": 1}'),
        Recognition(window.window_id, "acoustid", Status.TIMEOUT),
    ]
    with samples.Database(settings.database_path).writing() as connection:
        write_windows(connection, [window], titles=samples.STREAMS, source="capture", slot=window.slot)
        write_recognitions(connection, [window], answers, asked_at=START)
    samples.write_plays(samples.Database(settings.database_path), [play])
    clip = settings.clips_dir / "kexp" / "2025-11-20T17-00-00Z+0.flac"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(CLIP)
    with served(settings) as client:
        yield client


PLAY = f"/api/plays/kexp-{int(START.timestamp())}"
WINDOW = "/api/windows/kexp/2025-11-20T17:00:00Z+0"


def test_a_play_shows_its_windows_and_what_everybody_said(api):
    (window,) = api.get(f"{PLAY}/proof").json()["windows"]
    assert (window["window_id"], window["has_clip"]) == ("kexp/2025-11-20T17:00:00Z+0", True)
    told = {answer["provider"]: answer for answer in window["answers"]}
    assert (told["shazam"]["status"], told["shazam"]["offset_s"]) == ("match", 31.5)
    assert (told["catalogue"]["detail"], told["acoustid"]["has_raw"]) == ("nothing sounds like it", False)


@pytest.mark.parametrize("path", [f"{PLAY}/clip", f"{WINDOW}/clip"])
def test_the_clip_is_listened_to_in_ranges(api, path):
    part = api.get(path, headers={"Range": "bytes=4-"})
    assert (part.status_code, part.headers["content-type"], part.content) == (206, "audio/flac", CLIP[4:])
    assert api.get(path).content == CLIP


def test_the_providers_own_words_are_json(api):
    assert api.get(f"{WINDOW}/raw/shazam").json() == {"matches": ["é"]}
    assert json.loads(api.get(f"{WINDOW}/raw/catalogue").text) == {"a": 1}


@pytest.mark.parametrize(
    "path",
    [
        "/api/plays/nobody/proof",
        "/api/plays/nobody/clip",
        f"{WINDOW}/raw/acoustid",
        "/api/windows/kexp/2025-11-20T17:00:00Z+30/clip",
        "/api/windows/..%2F..%2Ftagger/2025-11-20T17:00:00Z+0/clip",
        "/api/windows/kexp/2025-99-99T17:00:00Z+0/clip",
        "/api/windows/rubbish/raw/shazam",
    ],
)
def test_what_is_not_there_is_a_sentence(api, path):
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
