"""Writing to the log: once or again, the same rows; an answer is never lost; the streams' history is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tagger_platform.model import CaptureState, Recognition, Slot, Status, Track, Window
from tagger_platform.store import writes
from tagger_platform.store.database import Connection, Database

SLOT = Slot.parse("2026-11-21T03:30:00Z")
LATER = SLOT.next(120)
SONG = Track("shazam", "42", "Song", "Band")
ASKED = SLOT.start


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with Database(tmp_path / "tagger.duckdb").writing() as opened:
        yield opened


def window(stream: str = "kexp", slot: Slot = SLOT, state: CaptureState = CaptureState.CAPTURED) -> Window:
    return Window(stream, slot, 0, 12, state, "", -20.0, "Band - Song")


def write(connection: Connection, *windows: Window, titles: dict[str, str] | None = None) -> None:
    named = dict.fromkeys((each.stream for each in windows), "A radio") if titles is None else titles
    writes.write_windows(connection, windows, titles=named, source="capture", slot=windows[0].slot)


def answer(status: Status, provider: str = "shazam", **fields: object) -> Recognition:
    return Recognition(window().window_id, provider, status, **fields)


def note(connection: Connection, *answers: Recognition) -> None:
    writes.write_recognitions(connection, [window()], answers, asked_at=ASKED)


def state(connection: Connection) -> Sequence[object]:
    return [row[0] for row in connection.execute("SELECT state FROM windows ORDER BY window_id").fetchall()]


def statuses(connection: Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT provider, status FROM recognitions").fetchall())


@pytest.mark.parametrize("capture", list(CaptureState))
def test_a_window_begins_as_pending_or_as_the_reason_why_it_is_missing(
    connection: Connection, capture: CaptureState
) -> None:
    write(connection, window(state=capture))
    assert state(connection) == ["pending" if capture is CaptureState.CAPTURED else capture.value]


def test_writing_a_slot_again_changes_nothing(connection: Connection) -> None:
    write(connection, window())
    note(connection, answer(Status.MATCH, track=SONG))
    write(connection, replace(window(), state=CaptureState.CORRUPT, icy_title="other"))
    assert state(connection) == ["heard"]
    assert connection.execute("SELECT capture_state, icy_title FROM windows").fetchall() == [
        ("captured", "Band - Song")
    ]


def test_answers_are_kept_with_their_track_and_the_providers_own_words(connection: Connection) -> None:
    write(connection, window())
    note(connection, answer(Status.MATCH, track=SONG, offset_s=12.5, other_offsets_s=(1.0, 2.0), raw=b"{}"))
    assert connection.execute("SELECT track_id, offset_s, other_offsets_s, asked_at FROM recognitions").fetchall() == [
        ("shazam:42", 12.5, [1.0, 2.0], ASKED.replace(tzinfo=None))
    ]
    assert connection.execute("SELECT title, artist FROM tracks").fetchall() == [("Song", "Band")]
    assert connection.execute("SELECT raw FROM raw_answers").fetchall() == [(b"{}",)]


def test_all_tracks_of_a_window_are_kept_and_replaced_with_the_answer(connection: Connection) -> None:
    write(connection, window())
    jingle = replace(SONG, provider_track_id="43", title="Jingle")
    both = answer(
        Status.MATCH, track=SONG, heard_s=(0.0, 7.5), further=(answer(Status.MATCH, track=jingle, heard_s=(8, 12)),)
    )
    for given, kept in ((both, [("shazam:43", 8.0, 12.0)]), (answer(Status.MATCH, track=SONG, heard_s=(0.0, 7.5)), [])):
        note(connection, given)
        assert connection.execute("SELECT heard_from_s, heard_to_s FROM recognitions").fetchall() == [(0.0, 7.5)]
        further = connection.execute("SELECT track_id, heard_from_s, heard_to_s FROM further_matches").fetchall()
        assert further == kept


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        pytest.param(Status.PROVIDER_DOWN, Status.MATCH, "match", id="an answer replaces a failure"),
        pytest.param(Status.THROTTLED, Status.NO_MATCH, "no_match", id="no match is an answer"),
        pytest.param(Status.PENDING, Status.TIMEOUT, "timeout", id="a failure replaces a failure"),
        pytest.param(Status.MATCH, Status.PROVIDER_DOWN, "match", id="a failure does not replace a match"),
        pytest.param(Status.NO_MATCH, Status.THROTTLED, "no_match", id="a failure does not replace a no match"),
        pytest.param(Status.NO_MATCH, Status.MATCH, "match", id="an answer replaces an answer"),
    ],
)
def test_a_final_answer_is_never_overwritten_by_one_that_is_none(
    connection: Connection, first: Status, then: Status, kept: str
) -> None:
    write(connection, window())
    for status in (first, then):
        note(connection, answer(status, track=SONG if status is Status.MATCH else None))
    assert statuses(connection) == {"shazam": kept}
    assert state(connection) == ["heard" if kept in ("match", "no_match") else kept]


def test_one_provider_that_fails_leaves_the_others_answer(connection: Connection) -> None:
    write(connection, window())
    note(connection, answer(Status.NO_MATCH, "catalogue"), answer(Status.PROVIDER_DOWN))
    assert statuses(connection) == {"catalogue": "no_match", "shazam": "provider_down"}
    assert state(connection) == ["heard"]


def test_a_track_that_is_described_anew_is_one_track(connection: Connection) -> None:
    write(connection, window())
    note(connection, answer(Status.MATCH, track=SONG))
    note(connection, answer(Status.MATCH, track=replace(SONG, album="Album")))
    assert connection.execute("SELECT title, album FROM tracks").fetchall() == [("Song", "Album")]


def test_corrupt_audio_makes_a_corrupt_window(connection: Connection) -> None:
    write(connection, window())
    writes.mark_corrupt(connection, window(), "not FLAC")
    assert connection.execute("SELECT capture_state, state, detail FROM windows").fetchall() == [
        ("corrupt", "corrupt", "not FLAC")
    ]


@pytest.mark.parametrize(
    ("given", "window_state", "after"),
    [
        pytest.param([], "expired", {}, id="nobody was asked"),
        pytest.param([answer(Status.THROTTLED)], "expired", {"shazam": "expired"}, id="nobody answered"),
        pytest.param(
            [answer(Status.NO_MATCH, "catalogue"), answer(Status.THROTTLED)],
            "heard",
            {"catalogue": "no_match", "shazam": "expired"},
            id="one answered",
        ),
    ],
)
def test_a_window_that_waited_too_long_expires(
    connection: Connection, given: list[Recognition], window_state: str, after: dict[str, str]
) -> None:
    write(connection, window(), window("cafe"))
    note(connection, *given)
    writes.mark_expired(connection, [window().window_id])
    assert state(connection) == ["pending", window_state]
    assert statuses(connection) == after


def test_nothing_expires_when_nothing_waited(connection: Connection) -> None:
    write(connection, window())
    writes.mark_expired(connection, [])
    assert state(connection) == ["pending"]


# streams


def history(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT name, title, strftime(enabled_from, '%H:%M'), strftime(enabled_to, '%H:%M') FROM streams ORDER BY 1, 3"
    ).fetchall()


def test_a_stream_is_known_from_the_slot_it_was_first_enabled_in(connection: Connection) -> None:
    write(connection, window(), titles={"kexp": "KEXP", "cafe": "Cafe"})
    assert history(connection) == [("cafe", "Cafe", "03:30", None), ("kexp", "KEXP", "03:30", None)]


def test_a_stream_that_goes_and_comes_back_has_two_times(connection: Connection) -> None:
    for slot, titles in ((SLOT, {"kexp": "KEXP"}), (LATER, {"cafe": "Cafe"}), (LATER.next(120), {"kexp": "KEXP"})):
        write(connection, window(next(iter(titles)), slot), titles=titles)
    assert history(connection) == [
        ("cafe", "Cafe", "03:32", "03:34"),
        ("kexp", "KEXP", "03:30", "03:32"),
        ("kexp", "KEXP", "03:34", None),
    ]


def test_a_new_title_is_the_same_stream(connection: Connection) -> None:
    write(connection, window(), titles={"kexp": "KEXP"})
    write(connection, window(slot=LATER), titles={"kexp": "KEXP 90.3"})
    assert history(connection) == [("kexp", "KEXP 90.3", "03:30", None)]


def test_a_slot_that_comes_late_changes_no_history(connection: Connection) -> None:
    write(connection, window(slot=LATER), titles={"kexp": "KEXP"})
    write(connection, window("old", SLOT), titles={"old": "Old"})
    assert history(connection) == [("kexp", "KEXP", "03:32", None)]


def test_a_manifest_that_was_made_up_for_ends_no_stream(connection: Connection) -> None:
    write(connection, window(), titles={"kexp": "KEXP"})
    write(connection, window(slot=LATER), titles={})
    assert history(connection) == [("kexp", "KEXP", "03:30", None)]
