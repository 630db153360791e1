"""`tagger decide`: what is printed, what is written, and the exit codes."""

import json
from collections.abc import Callable

import pytest

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.settings import Settings
from tagger_platform.store.database import Database
from tagger_platform_tests.store.radio import derive, write_slot

Tagger = Callable[..., tuple[int, str, str]]
SLOT = Slot.parse("2026-11-21T03:30:00Z")
DAY = ["decide", "--date", "2026-11-20"]
ISRC = "GBAYE6900522"


@pytest.fixture
def log(settings: Settings) -> None:
    """A song that two providers heard in one window each, at the same time; and another that only one heard, twice."""
    both = [Track("catalogue", "1", "Song", "Band", isrc=ISRC), Track("shazam", "9", "Song", "Band", isrc=ISRC)]
    other = [Track("catalogue", "2", "Other", "Band", duration_s=200.0)]
    heard = [("kexp", 0, both, None), ("cafe", 0, other, 10.0), ("cafe", 30, other, 40.0)]
    with Database(settings.database_path).writing() as connection:
        for stream, offset, tracks, offset_s in heard:
            window = Window(stream, SLOT, offset, 12, CaptureState.CAPTURED)
            said = [
                Recognition(window.window_id, track.provider, Status.MATCH, track, offset_s=offset_s)
                for track in tracks
            ]
            write_slot(connection, SLOT, [(window, said)])
        derive(connection, SLOT)


def statuses(tagger: Tagger) -> dict[str, str]:
    _, out, _ = tagger("plays", "--date", "2026-11-20", "--json")
    return {play["title"]: play["status"] for play in map(json.loads, out.splitlines())}


@pytest.mark.usefixtures("log")
def test_a_dry_run_is_a_table_that_a_person_can_read(tagger: Tagger) -> None:
    code, out, err = tagger(*DAY, "--policy", "any_two_agree")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].split()[:4] == ["change", "stream", "start", "end"]
    assert " ".join(lines[1].split()).startswith("changed kexp 19:30:00 19:30:12 Song Band probable > confirmed ")
    assert lines[2:] == [
        "cafe on 2026-11-20 under any_two_agree: 0 added, 0 removed, 0 moved, 0 changed, 1 unchanged",
        "kexp on 2026-11-20 under any_two_agree: 0 added, 0 removed, 0 moved, 1 changed, 0 unchanged",
        "Nothing was written: --apply does that.",
    ]
    assert statuses(tagger) == {"Song": "probable", "Other": "confirmed"}


@pytest.mark.usefixtures("log")
def test_applied_it_is_in_the_log_with_its_explanation_and_its_id(tagger: Tagger) -> None:
    _, before, _ = tagger("plays", "--date", "2026-11-20", "--stream", "kexp", "--json")
    code, out, _ = tagger(*DAY, "--policy", "any_two_agree,timeline", "--apply")
    assert (code, out.splitlines()[-1]) == (0, "Written to the log.")
    _, after, _ = tagger("plays", "--date", "2026-11-20", "--stream", "kexp", "--json")
    old, new = json.loads(before), json.loads(after)
    assert (old["play_id"], old["status"], new["status"]) == (new["play_id"], "probable", "confirmed")
    assert old["explanation"].startswith("probable: heard in kexp/2026-11-21T03:30:00Z+0, which is not enough for")
    assert new["explanation"] == (
        "any_two_agree v1: two providers named it in one window, or one of them in two consecutive windows "
        "(kexp/2026-11-21T03:30:00Z+0)"
    )
    code, out, _ = tagger(*DAY, "--policy", "any_two_agree,timeline", "--apply")
    assert out.splitlines()[0] == "Nothing changes."


@pytest.mark.usefixtures("log")
def test_json_is_one_object_a_stream(tagger: Tagger) -> None:
    code, out, err = tagger(*DAY, "--stream", "kexp", "--policy", "any_two_agree", "--json")
    (row,) = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    keys = ["stream", "date", "policies", "applied", "added", "removed", "moved", "changed", "unchanged"]
    assert list(row) == keys
    assert (row["stream"], row["date"], row["policies"], row["applied"]) == (
        "kexp",
        "2026-11-20",
        ["any_two_agree"],
        False,
    )
    (pair,) = row["changed"]
    assert (pair["before"]["status"], pair["after"]["status"]) == ("probable", "confirmed")


@pytest.mark.usefixtures("log")
def test_removed_and_added_plays_are_told(tagger: Tagger) -> None:
    tagger(*DAY, "--policy", "shazam_two_hit", "--apply")
    _, out, _ = tagger(*DAY, "--policy", "catalogue_two_hit", "--json")
    rows = {row["stream"]: row for row in map(json.loads, out.splitlines())}
    assert [play["title"] for play in rows["cafe"]["added"]] == ["Other"]
    assert [pair["after"]["provider"] for pair in rows["kexp"]["changed"]] == ["catalogue"]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*DAY], "--policy"),
        ([*DAY, "--policy", "coin_toss"], "unknown decision policy coin_toss: known are shazam_two_hit"),
        ([*DAY, "--policy", "timeline"], "decision policy timeline makes no play: name one of"),
        ([*DAY, "--policy", ","], "makes no play"),
        ([*DAY, "--policy", "any_two_agree", "--stream", "nope"], "no stream is called 'nope'"),
        (["decide", "--date", "20261120", "--policy", "any_two_agree"], "--date must be a day such as"),
        (["decide", "--date", "2026-11-01", "--policy", "any_two_agree"], "no windows and no plays of that day"),
        (
            ["decide", "--date", "2026-11-01", "--policy", "any_two_agree", "--stream", "kexp"],
            "kept only since 2026-11-21T03:30:00Z (RETAIN_RECOGNITIONS_DAYS)",
        ),
    ],
)
def test_a_wrong_request_is_one_sentence_and_exit_code_2(tagger: Tagger, arguments: list[str], sentence: str) -> None:
    code, out, err = tagger(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
