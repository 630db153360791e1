"""`tagger library`, `identify`, `streams` and `doctor`: what is printed, and the exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tagger_platform.model import Recognition, Status
from tagger_platform.recognize.budget import Budget
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests.fingerprint.tunes import RATE, tune
from tagger_platform_tests.samples import DAY, damage, write_day
from tagger_platform_tests.standins.shazam import Mode, ShazamStandIn, song
from tagger_platform_tests.standins.webhook import WebhookStandIn

Tagger = Callable[..., tuple[int, str, str]]
SECONDS = 30


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in (1, 2, 3):
        soundfile.write(folder / f"song {seed}.flac", tune(seed, SECONDS), RATE)
    return folder


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_folder_is_added_listed_and_recognised(tagger: Tagger, music: Path, tmp_path: Path) -> None:
    code, out, _ = tagger("library", "add", str(music), "--json")
    assert code == 0
    assert {(item["title"], item["status"]) for item in lines(out)} == {(f"song {n}", "READY") for n in (1, 2, 3)}
    _, out, _ = tagger("library", "list", "--json")
    assert [item["title"] for item in lines(out)] == ["song 1", "song 2", "song 3"]

    excerpt = tmp_path / "excerpt.wav"
    soundfile.write(excerpt, tune(2, SECONDS)[10 * RATE : 22 * RATE], RATE)
    code, out, _ = tagger("identify", str(excerpt), "--json")
    (found,) = lines(out)
    assert (code, found["match"], found["title"], found["provider"]) == (0, True, "song 2", "catalogue")
    assert found["offset_s"] == pytest.approx(10, abs=0.3)


def test_many_files_of_any_length_are_answered_in_one_call(tagger: Tagger, music: Path, tmp_path: Path) -> None:
    tagger("library", "add", str(music))
    for name, samples in {"short": tune(1, SECONDS)[: 5 * RATE], "words": tune(98, 12)}.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE)
    files = [str(path) for path in (tmp_path / "short.wav", music / "song 2.flac", tmp_path / "words.wav")]
    code, out, _ = tagger("identify", *files, str(tmp_path / "gone.wav"), "--json")
    assert code == 1  # one of them is not there; the others are answered
    assert [(row["file"], row["title"]) for row in lines(out)] == list(
        zip(files, ["song 1", "song 2", None], strict=True)
    )
    fields = "file match track_id title artist offset_s speed confidence provider elapsed_ms runner_up"
    assert all(list(row) == fields.split() for row in lines(out))


def test_a_long_recording_is_told_span_by_span(tagger: Tagger, music: Path) -> None:
    tagger("library", "add", str(music))
    code, out, _ = tagger("identify", str(music / "song 3.flac"), "--spans", "--json")
    (span,) = lines(out)
    assert (code, span["title"]) == (0, "song 3")
    assert span["to_s"] - span["from_s"] > SECONDS - 4


def test_what_is_unknown_is_no_match(tagger: Tagger, music: Path, tmp_path: Path) -> None:
    tagger("library", "add", str(music))
    unknown = tmp_path / "unknown.wav"
    soundfile.write(unknown, tune(99, 12), RATE)
    code, out, _ = tagger("identify", str(unknown), "--json")
    assert (code, lines(out)[0]["match"]) == (0, False)


def test_what_the_library_does_not_know_is_asked_of_the_providers_that_are_on(
    tagger: Tagger, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger("library", "add", str(music / "song 1.flac"))
    files = [str(music / f"song {number}.flac") for number in (1, 2)]
    with ShazamStandIn(lambda asked: song("7", "From Outside", "Band", offset_s=30.0)) as shazam:
        monkeypatch.setenv("SHAZAM_ENABLED", "true")
        monkeypatch.setenv("SHAZAM_URL", shazam.url)
        code, out, err = tagger("identify", *files, "--json")
        told = [(row["title"], row["artist"], row["provider"], row["confidence"]) for row in lines(out)]
        assert (code, err) == (0, "")
        assert told[0][:3] == ("song 1", "", "catalogue")
        assert told[1] == ("From Outside", "Band", "shazam", 0.9)
        assert lines(out)[1]["offset_s"] == pytest.approx(30 - (SECONDS - 12) / 2, abs=0.01)
        tagger("identify", files[1], "--spans")
        assert len(shazam.asked) == 1


def test_a_provider_that_is_down_is_told_once_and_the_answers_come_all_the_same(
    tagger: Tagger, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(music / f"song {number}.flac") for number in (1, 2, 3)]
    with ShazamStandIn(mode=Mode.THROTTLED) as shazam:
        monkeypatch.setenv("SHAZAM_ENABLED", "true")
        monkeypatch.setenv("SHAZAM_URL", shazam.url)
        code, out, err = tagger("identify", *files, "--json")
    assert (code, [row["match"] for row in lines(out)], len(shazam.asked)) == (0, [False] * 3, 1)
    assert err.startswith(f"{files[0]}: shazam gave no answer and is not asked again by this command: HTTP 429")
    assert err.endswith("(throttled)\n")
    assert err.count("\n") == 1


def test_a_file_that_fails_does_not_stop_the_others_and_gives_exit_code_1(tagger: Tagger, music: Path) -> None:
    (music / "text.mp3").write_text("this is no music")
    code, out, _ = tagger("library", "add", str(music))
    assert code == 1
    assert "1 FAILED, 3 READY" in out
    assert "text.mp3" in out
    code, _, err = tagger("identify", str(music / "text.mp3"))
    assert code == 1
    assert "text.mp3" in err


def test_a_path_that_is_not_there_is_a_wrong_request(tagger: Tagger, tmp_path: Path) -> None:
    code, _, err = tagger("library", "add", str(tmp_path / "nothing"))
    assert code == 2
    assert "does not exist" in err


def test_an_empty_library_says_what_to_do(tagger: Tagger) -> None:
    assert "tagger library add" in tagger("library", "list")[1]


def test_streams_are_listed_also_while_capture_is_down(tagger: Tagger) -> None:
    code, out, _ = tagger("streams", "--json")
    assert (code, [(row["name"], row["state"]) for row in lines(out)]) == (
        0,
        [("kexp", "capture_down"), ("cafe", "capture_down")],
    )
    assert "secret" not in out
    assert "KEXP 90.3" in tagger("streams")[1]


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/x", "rtsp:///x"])
def test_a_url_that_cannot_be_tried_is_a_wrong_request(tagger: Tagger, url: str) -> None:
    code, _, err = tagger("streams", "check", url)
    assert code == 2
    assert "the URL" in err


def test_a_url_where_nothing_listens_is_a_failure_with_a_sentence(tagger: Tagger) -> None:
    code, out, _ = tagger("streams", "check", "http://127.0.0.1:9/x")
    assert code == 1
    assert "nothing listens" in out


def test_the_doctor_finds_a_healthy_platform(tagger: Tagger) -> None:
    code, out, _ = tagger("doctor", "--json")
    assert code == 0
    assert {row["check"] for row in lines(out)} >= {"settings", "ffmpeg", "data folder", "store", "catalogue", "spool"}


def test_the_doctor_says_what_it_would_mend_and_mends_it(tagger: Tagger, tmp_path: Path) -> None:
    slot = tmp_path / "data" / "spool" / "ready" / "2026-11-21T03:30:00Z"
    slot.mkdir(parents=True)

    def told(*options: str) -> tuple[int, bool, bool, str]:
        code, out, _ = tagger("doctor", "--json", *options)
        (row,) = [row for row in lines(out) if row["check"] == "slots"]
        return code, row["ok"], row["repaired"], row["detail"].rpartition(": ")[2]

    assert told() == (1, False, False, "it is missing; `tagger doctor --repair` mends it")
    assert told("--repair")[1:3] == (True, True)
    assert told()[1:] == (True, False, "nothing to mend")


def test_the_doctor_tells_of_the_clock_and_does_not_call_it_wrong(tagger: Tagger) -> None:
    _, out, _ = tagger("doctor", "--json")
    (row,) = [row for row in lines(out) if row["check"] == "clock"]
    assert row["ok"]
    assert "synchronised" in row["detail"]


def test_the_doctor_says_that_fpcalc_is_missing_where_acoustid_is_to_be_asked(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHROMAPRINT_PATH", str(tmp_path / "no-fpcalc"))
    assert "not asked" in tagger("doctor")[1]
    monkeypatch.setenv("ACOUSTID_ENABLED", "true")
    monkeypatch.setenv("ACOUSTID_API_KEY", "a-key")
    code, out, _ = tagger("doctor", "--json")
    (found,) = [row for row in lines(out) if row["check"] == "acoustid"]
    assert (code, found["ok"]) == (1, False)
    assert "CHROMAPRINT_PATH" in found["detail"]
    assert "libchromaprint-tools" in found["detail"]
    assert "a-key" not in out


def test_the_doctor_says_what_is_wrong(tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FFMPEG_PATH", str(tmp_path / "no-ffmpeg"))
    code, out, _ = tagger("doctor")
    assert code == 1
    assert "WRONG" in out
    assert "FFMPEG_PATH" in out


def test_a_damaged_store_is_found_by_the_doctor_and_told_by_who_reads(tagger: Tagger, settings: Settings) -> None:
    write_day(Database(settings.database_path))
    damage(settings.database_path)
    code, out, err = tagger("plays", "--date", DAY.isoformat())
    assert (code, out, "is damaged" in err, "`tagger restore`" in err) == (2, "", True, True)
    code, out, _ = tagger("doctor", "--json")
    found = {row["check"]: row for row in lines(out)}
    assert (code, found["store"]["ok"], "is damaged" in found["store"]["detail"]) == (1, False, True)


def test_the_doctor_tells_of_a_provider_that_is_left_alone(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SHAZAM_ENABLED", "true")
    budget = Budget(tmp_path / "budget.sqlite", "shazam", per_minute=4)
    assert budget.take("kexp") is None
    found = []
    for _ in range(2):
        code, out, _ = tagger("doctor", "--json")
        (row,) = [row for row in lines(out) if row["check"] == "providers"]
        found.append((code, row["ok"], row["detail"].partition(" until ")[0]))
        budget.told(Recognition("", "shazam", Status.THROTTLED, detail="HTTP 429", retry_after_s=60.0))
    assert found == [(0, True, "shazam answers"), (1, False, "shazam is not asked")]


def test_the_doctor_sends_a_test_message_where_it_is_told_to(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "kn0ck-kn0ck"
    with WebhookStandIn() as hook:
        monkeypatch.setenv("NOTIFY_URLS", f"json://me:{secret}@127.0.0.1:{hook.port}/{secret},slack://{secret}")
        assert "number 1 (json), number 2 (slack)" in tagger("doctor")[1]
        assert hook.messages == []
        code, out, err = tagger("doctor", "--notify", "--json")
        (row,) = [row for row in lines(out) if row["check"] == "notifications"]
        assert (code, row["ok"], [message["title"] for message in hook.messages]) == (1, False, ["tagger: a test"])
        assert "did not reach number 2 (slack)" in row["detail"]
        assert secret not in out + err


def test_a_test_message_to_nobody_is_told_as_such(tagger: Tagger) -> None:
    code, out, _ = tagger("doctor", "--notify")
    assert code == 1
    assert "NOTIFY_URLS names nobody" in out
