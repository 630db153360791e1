"""The words of the project, and how they are written as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger_platform.model import (
    ANSWERED,
    STREAM_NAME,
    UNANSWERED,
    CaptureState,
    Slot,
    Status,
    Stream,
    StreamKind,
    Track,
    Window,
    iso,
    parse_iso,
)

instants = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))
hops = st.integers(5, 86_400)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        pytest.param(datetime(2026, 11, 21, 3, 30, tzinfo=UTC), "2026-11-21T03:30:00Z", id="whole seconds"),
        pytest.param(datetime(2026, 11, 21, 3, 30, 0, 123_999, UTC), "2026-11-21T03:30:00.123Z", id="milliseconds"),
        pytest.param(
            datetime(2026, 11, 20, 19, 30, tzinfo=timezone(timedelta(hours=-8))), "2026-11-21T03:30:00Z", id="zone"
        ),
    ],
)
def test_instants_are_written_in_utc(instant: datetime, text: str) -> None:
    assert iso(instant) == text


@given(instants)
def test_an_instant_that_was_written_reads_back_to_the_millisecond(instant: datetime) -> None:
    assert timedelta() <= instant - parse_iso(iso(instant)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("text", ["", "now", "2026-11-21", "2026-11-21T03:30:00", "2026-13-01T00:00:00Z"])
def test_text_that_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_iso(text)


@given(instants, hops)
def test_a_slot_holds_its_instants_and_is_a_whole_multiple_of_the_hop(instant: datetime, hop_s: int) -> None:
    slot = Slot.containing(instant, hop_s)
    assert slot.start <= instant < slot.next(hop_s).start
    assert int(slot.start.timestamp()) % hop_s == 0


@given(instants, hops)
def test_a_slot_key_reads_back(instant: datetime, hop_s: int) -> None:
    slot = Slot.containing(instant, hop_s)
    assert Slot.parse(slot.key) == slot


@given(st.lists(instants, max_size=20), hops)
def test_keys_sort_as_slots_do(moments: list[datetime], hop_s: int) -> None:
    slots = [Slot.containing(moment, hop_s) for moment in moments]
    assert [slot.key for slot in sorted(slots)] == sorted(slot.key for slot in slots)


def test_a_window_knows_its_id_and_its_instants() -> None:
    slot = Slot.parse("2026-11-21T03:30:00Z")
    window = Window("kexp", slot, 30, 12, CaptureState.CAPTURED)
    assert window.window_id == "kexp/2026-11-21T03:30:00Z+30"
    assert (iso(window.start), iso(window.end)) == ("2026-11-21T03:30:30Z", "2026-11-21T03:30:42Z")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://camera/1", StreamKind.RTSP),
        ("rtsps://camera/1", StreamKind.RTSP),
        ("http://radio/live", StreamKind.ICECAST),
        ("https://radio/live.mp3?x=1", StreamKind.ICECAST),
        ("https://radio/live.m3u8?token=1", StreamKind.HLS),
        ("file:///music/day.flac", StreamKind.FILE),
    ],
)
def test_the_kind_of_a_stream_follows_from_its_url(url: str, kind: StreamKind) -> None:
    assert Stream("s", url).kind is kind


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("rtsp://user:pass%40word@camera:554/1", "rtsp://camera:554/1"),
        ("https://radio/live?token=secret#part", "https://radio/live"),
        ("http://[::1]:8000/live", "http://[::1]:8000/live"),
    ],
)
def test_the_safe_url_has_no_user_password_or_query(url: str, safe: str) -> None:
    assert Stream("s", url).safe_url == safe


def test_the_repr_of_a_stream_has_no_url_even_after_its_safe_url_was_asked() -> None:
    stream = Stream("kexp", "rtsp://user:secret@camera/1")
    assert stream.safe_url
    assert "secret" not in repr(stream)
    assert "camera" not in repr(stream)


def test_a_stream_without_a_title_goes_by_its_name() -> None:
    assert Stream("kexp", "http://radio/").display == "kexp"
    assert Stream("kexp", "http://radio/", "KEXP 90.3").display == "KEXP 90.3"


@pytest.mark.parametrize("name", ["a", "kexp-90_3", "x" * 40])
def test_good_stream_names(name: str) -> None:
    assert STREAM_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "KEXP", "a b", "a/b", "..", "x" * 41, "kexp\n", "é", "a+b"])
def test_names_that_are_no_key_and_no_path(name: str) -> None:
    assert not STREAM_NAME.fullmatch(name)


def test_no_status_is_both_an_answer_and_worth_asking_again() -> None:
    assert not ANSWERED & UNANSWERED
    assert {Status.MATCH, Status.NO_MATCH} == ANSWERED


def test_a_track_is_known_by_its_provider_and_their_id() -> None:
    assert Track("shazam", "42", "Song").track_id == "shazam:42"
