"""`tagger library`: what is printed, the exit codes, and what is left when it is interrupted, killed or run twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tagger_platform.fingerprint.index import Index
from tagger_platform.settings import Settings
from tagger_platform.store import reports
from tagger_platform.store.database import Database
from tagger_platform_tests.fingerprint.tunes import RATE, tune

Tagger = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parent.parent.parent
FIELDS = ["item_id", "path", "title", "artist", "album", "isrc", "kind", "duration_s", "status", "reason"]
FIELDS += ["duplicate_of", "group"]
MANY = 60


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in (1, 2, 3):
        soundfile.write(folder / f"song {seed}.flac", tune(seed, 12), RATE)
    return folder


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_item_is_told_with_these_fields(tagger: Tagger, music: Path) -> None:
    for command in (("add", str(music)), ("list",), ("rebuild",)):
        code, out, err = tagger("library", *command, "--json")
        assert (code, err) == (0, "")
        assert [list(item) for item in lines(out)] == [FIELDS] * 3
        assert {(item["status"], item["kind"], item["group"]) for item in lines(out)} == {("READY", "music", None)}


def test_relatives_are_told_as_a_group(tagger: Tagger, music: Path) -> None:
    soundfile.write(music / "edit.flac", tune(1, 12)[: 8 * RATE], RATE)
    _, out, _ = tagger("library", "add", str(music), "--json")
    group = min(item["item_id"] for item in lines(out) if item["title"] in ("edit", "song 1"))
    told = {item["title"]: item["group"] for item in lines(out)}
    assert told == {"edit": group, "song 1": group, "song 2": None, "song 3": None}
    assert f"shares audio with others, group {group}" in tagger("library", "add", str(music))[1]
    assert out == tagger("library", "add", str(music), "--json")[1]
    assert group in tagger("library", "list")[1]


def test_status_counts_and_says_what_failed_last(tagger: Tagger, music: Path) -> None:
    assert tagger("library", "status")[1] == "The library is empty.\n0 tracks can be recognised\n"
    (music / "words.mp3").write_text("words")
    assert tagger("library", "add", str(music))[0] == 1
    code, out, _ = tagger("library", "status")
    assert (code, out.splitlines()[:2]) == (0, ["1 FAILED, 3 READY", "3 tracks can be recognised"])
    assert "words.mp3: words.mp3 is not audio" in out
    [status] = lines(tagger("library", "status", "--json")[1])
    assert (status["items"], status["tracks"]) == ({"FAILED": 1, "READY": 3}, 3)
    assert (status["working"], status["running"]) == (False, [])
    assert [error["path"] for error in status["errors"]] == [str(music / "words.mp3")]
    assert status["errors"][0]["failed_at"].endswith("Z")


def test_an_item_is_removed_and_its_file_stays(tagger: Tagger, music: Path) -> None:
    items = lines(tagger("library", "add", str(music), "--json")[1])
    code, out, _ = tagger("library", "remove", items[0]["item_id"], items[1]["item_id"])
    assert (code, [line.split()[1] for line in out.splitlines()]) == (0, [item["item_id"] for item in items[:2]])
    assert Path(items[0]["path"]).exists()
    assert [item["title"] for item in lines(tagger("library", "list", "--json")[1])] == ["song 3"]
    [removed] = lines(tagger("library", "remove", items[2]["item_id"], "--json")[1])
    assert (removed["item_id"], removed["status"]) == (items[2]["item_id"], "REMOVED")


def test_an_unknown_id_is_a_wrong_request(tagger: Tagger, music: Path) -> None:
    [item, *_] = lines(tagger("library", "add", str(music), "--json")[1])
    code, _, err = tagger("library", "remove", item["item_id"], "0123456789abcdef")
    assert (code, "no item of the library has the id 0123456789abcdef" in err) == (2, True)
    assert len(lines(tagger("library", "list", "--json")[1])) == 3


def test_a_rebuild_whose_originals_are_gone_keeps_them_and_says_so_where_it_cannot(
    tagger: Tagger, music: Path, tmp_path: Path
) -> None:
    tagger("library", "add", str(music))
    (music / "song 1.flac").unlink()
    assert tagger("library", "rebuild")[:2] == (0, "3 READY\n")
    (tmp_path / "data" / "catalogue" / "current.json").write_text("{")
    code, _, err = tagger("library", "status")
    assert (code, "tagger library rebuild" in err) == (2, True)
    code, out, _ = tagger("library", "rebuild")
    assert (code, out.splitlines()[0]) == (1, "1 FAILED, 2 READY")
    assert "song 1.flac is not there" in out


@pytest.mark.parametrize("command", ["add", "list", "status", "remove", "rebuild", "identify"])
def test_an_index_of_a_newer_tagger_is_a_sentence_and_is_not_touched(
    command: str, tagger: Tagger, music: Path, tmp_path: Path
) -> None:
    [item, *_] = lines(tagger("library", "add", str(music), "--json")[1])
    current = tmp_path / "data" / "catalogue" / "current.json"
    current.write_text(json.dumps({**json.loads(current.read_text()), "format": 99}))
    before = current.read_bytes()
    (music / "another.flac").write_bytes((music / "song 1.flac").read_bytes() + b"x")
    asked = {"add": [str(music)], "remove": [item["item_id"]]}
    arguments = ["identify", item["path"]] if command == "identify" else ["library", command, *asked.get(command, [])]
    code, _, err = tagger(*arguments)
    if command == "list":  # the store alone
        assert code == 0
    else:
        assert (code, "newer tagger" in err) == (2, True)
    assert current.read_bytes() == before
    assert list((tmp_path / "data").glob("library-asked/*")) == []


# as processes


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Items of which most are still to be done when the first is."""
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(MANY):
        soundfile.write(folder / f"{seed:02}.flac", tune(seed, 6), RATE)
    return folder


def start(environ: dict[str, str], *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tagger_platform", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_the_first(settings: Settings) -> None:
    deadline = time.monotonic() + 60
    while not reports.library_counts(Database(settings.database_path)).by_status.get("READY"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_who_add_at_once_both_get_the_right_answer(environ: dict[str, str], music: Path) -> None:
    both = [start(environ, "library", "add", music, "--json") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    for out, _ in answers:
        assert {(item["title"], item["status"]) for item in lines(out)} == {(f"song {n}", "READY") for n in (1, 2, 3)}
    assert Index(Path(environ["DATA_DIR"]) / "catalogue").count == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_an_addition_that_is_ended_early_is_finished_by_the_next(
    how: signal.Signals, environ: dict[str, str], settings: Settings, many: Path, tagger: Tagger
) -> None:
    process = start(environ, "library", "add", many)
    wait_for_the_first(settings)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert process.returncode == 1
        assert f"of {MANY} files are still to be done; they stay queued" in err
        assert "Traceback" not in err
    statuses = {item["path"]: item["status"] for item in lines(tagger("library", "list", "--json")[1])}
    done = [path for path, status in statuses.items() if status == "READY"]
    assert len(statuses) == MANY
    assert 0 < len(done) < MANY
    left = {"QUEUED"} if how is signal.SIGINT else {"QUEUED", "FINGERPRINTING"}
    assert set(statuses.values()) - {"READY"} <= left
    code, out, _ = tagger("library", "add", str(many), "--json")
    assert (code, {item["status"] for item in lines(out)}) == (0, {"READY"})
    assert Index(Path(environ["DATA_DIR"]) / "catalogue").count == MANY
