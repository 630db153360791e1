"""Real music over real servers to the whole platform: the log must equal the play list that was streamed.

What belongs here: what is promised, judged on one journey of about four minutes. What does not: the journey
(`journey`), and what follows from what was done (`expected`).
"""

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import pytest

from tagger_platform.store.rows import play_json, plays_csv
from tagger_platform_tests.journeys.expected import Airing
from tagger_platform_tests.journeys.journey import (
    ANNOUNCED,
    ATTIC,
    CAMERA,
    HOP_S,
    OFFSETS_S,
    PASSWORD,
    RADIO,
    SECRET,
    STOP_S,
    Evidence,
    Journey,
)
from tagger_platform_tests.journeys.platform_run import seconds
from tagger_platform_tests.journeys.processes import tell

pytestmark = pytest.mark.real

START_WITHIN_S = 3.0
ENOUGH_WINDOWS = 2
"""whole windows in which an airing was heard: the policies confirm it by two hits"""
RECONNECT_S = 12.0
"""seconds from a server's return to its listener's: the longest pause that 25 s of failures can lead to (8 s and a
quarter), and a connection"""
TITLE_S = 4.0
"""seconds that an announced title may take to the listener, and by which a window is noted after its end"""


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    with ExitStack() as stack:
        yield Journey(tmp_path_factory.mktemp("journey"), stack).travel()


def airings(journey: Evidence) -> list[Airing]:
    spans = {name: [(row.start, row.end) for row in journey.rows if row.stream == name] for name in journey.stations}
    return [airing for name, station in journey.stations.items() for airing in station.airings(spans[name])]


def side_by_side(journey: Evidence) -> str:
    """Every airing and every play, by stream and time, as a failure shows them."""
    lines = []
    for airing in airings(journey):
        heard = f"{airing.windows} windows" + ("" if airing.start_was_heard else ", start lost")
        span = (airing.started_at, airing.ended_at)
        lines.append((airing.stream, *span, f"streamed  {airing.piece.path.stem} ({heard})"))
    for play in journey.plays:
        span = (play.started_at.timestamp(), play.ended_at.timestamp())
        lines.append((play.stream, *span, f"  found   {play.track.title} ({play.status}, {len(play.windows)} windows)"))
    for name, station in journey.stations.items():
        lines += [(name, o.since, o.until, f"     out   {', '.join(o.reasons)}") for o in station.outages]
    zero = min(station.began_at for station in journey.stations.values())
    return "\n" + "\n".join(f"{s:7} {a - zero:7.2f} to {b - zero:7.2f} {text}" for s, a, b, text in sorted(lines))


def test_every_airing_is_found_exactly_once_and_nothing_is_invented(journey: Evidence) -> None:
    tell(side_by_side(journey))
    expected = airings(journey)
    assert all(airing.windows >= ENOUGH_WINDOWS for airing in expected), side_by_side(journey)
    streamed = [(airing.stream, journey.items[airing.piece.path], "confirmed") for airing in expected]
    found = [(play.stream, play.track.provider_track_id, play.status.value) for play in journey.plays]
    assert Counter(found) == Counter(streamed), side_by_side(journey)


def test_every_play_starts_when_its_airing_did(journey: Evidence) -> None:
    heard = [airing for airing in airings(journey) if airing.start_was_heard]
    errors = {}
    for airing in heard:
        own = [play.started_at.timestamp() for play in journey.plays if play.stream == airing.stream]
        nearest = min(own, key=lambda start: abs(start - airing.started_at), default=float("nan"))
        errors[f"{airing.stream} +{airing.piece.starts_s:.0f} s {airing.piece.path.stem}"] = round(
            nearest - airing.started_at, 3
        )
    tell(f"start errors in seconds: {json.dumps(errors, indent=1)}")
    assert errors
    assert all(abs(error) <= START_WITHIN_S for error in errors.values()), side_by_side(journey)


def test_every_expected_window_is_accounted_for(journey: Evidence) -> None:
    slots = sorted({row.start - row.start % HOP_S for row in journey.rows})
    assert slots == [slots[0] + number * HOP_S for number in range(len(slots))]
    expected = {(name, slot + offset) for name in journey.stations for slot in slots for offset in OFFSETS_S}
    assert {(row.stream, row.start) for row in journey.rows} == expected
    assert slots[0] <= min(station.began_at for station in journey.stations.values()), "capture was late for the start"


def test_the_windows_lost_are_those_of_the_outages_and_each_says_why(journey: Evidence) -> None:
    judged = [row for row in journey.rows if row.end <= journey.judged_until]
    told = {(row.stream, row.start): journey.stations[row.stream].window(row.start, row.end) for row in judged}
    wrong = [row for row in judged if row.state not in told[row.stream, row.start].states]
    lost = Counter((row.stream, row.state) for row in judged if told[row.stream, row.start].lost)
    tell(f"windows surely lost: {dict(lost)}")
    assert not wrong, "\n".join(
        f"{row.stream} +{row.start - journey.stations[row.stream].began_at:.0f} s: found {row.state} ({row.detail}), "
        f"expected {' or '.join(sorted(told[row.stream, row.start].states))}"
        for row in wrong
    ) + side_by_side(journey)
    assert lost[CAMERA, "reconnecting"] >= 1
    assert lost[ATTIC, "stalled"] >= 1
    assert {row.state for row in judged if row.stream == RADIO} <= {"starting", "heard", "silent"}


def test_coverage_adds_up_and_names_the_gaps(journey: Evidence) -> None:
    for said in journey.said_coverage:
        rows = [row for row in journey.rows if row.stream == said["stream"]]
        assert said["expected"] == sum(said["states"].values()) == len(rows)
        assert said["states"] == dict(Counter(row.state for row in rows))
        assert said["heard"] == said["states"].get("heard", 0)
        assert said["silent"] == said["states"].get("silent", 0)
        assert said["ratio"] == pytest.approx((said["heard"] + said["silent"]) / said["expected"], abs=1e-6)
        gaps = []
        for state, run in ((state, list(run)) for state, run in groupby(rows, key=lambda row: row.state)):
            if state not in ("heard", "silent"):
                gaps.append((run[0].start, run[-1].end, state))
        assert [(seconds(gap["from"]), seconds(gap["to"]), gap["reason"]) for gap in said["gaps"]] == gaps
    assert {said["stream"] for said in journey.said_coverage} == set(journey.stations)


def test_each_stream_reconnects_once_and_soon(journey: Evidence) -> None:
    tell(f"seconds from a server's return to its listener's: {journey.reconnected_s}")
    assert {name: station.listeners for name, station in journey.stations.items()} == {CAMERA: 2, ATTIC: 2, RADIO: 1}
    assert all(0 <= late <= RECONNECT_S for late in journey.reconnected_s.values())


def test_titles_that_the_station_announces_are_noted_with_their_windows(journey: Evidence) -> None:
    station = journey.stations[RADIO]
    assert journey.announced == [ANNOUNCED + piece.path.stem for piece in station.pieces]
    wrong = []
    for row in (row for row in journey.rows if row.stream == RADIO and row.state == "heard"):
        start, end = row.start - station.began_at, row.end - station.began_at
        for piece in station.pieces:
            inside = piece.starts_s + TITLE_S <= start and end <= piece.ends_s - TITLE_S
            if inside and row.icy_title != ANNOUNCED + piece.path.stem:
                wrong.append((start, row.icy_title, piece.path.stem))
    assert not wrong


def test_commands_api_and_csv_say_what_the_store_says(journey: Evidence) -> None:
    stored = [play_json(play) for play in journey.plays]
    assert stored
    assert journey.said_plays == stored
    assert [journey.api[path][0] for path in ("/healthz", "/api/plays", "/api/playscsv", "/api/streams")] == [200] * 4
    answered = json.loads(journey.api["/api/plays"][1])
    assert (answered["plays"], answered["total"]) == (stored, len(stored))
    lines = list(csv.DictReader(io.StringIO(journey.said_csv, newline="")))
    assert [line["play_id"] for line in lines] == [play["play_id"] for play in stored]
    assert journey.said_csv == plays_csv(journey.plays, journey.run.tz)
    assert journey.api["/api/playscsv"][1] == journey.said_csv
    states = {stream["name"]: stream["state"] for stream in json.loads(journey.api["/api/streams"][1])["streams"]}
    assert states == dict.fromkeys(journey.stations, "live")


def test_the_password_is_nowhere(journey: Evidence) -> None:
    needles = [text.encode() for text in (SECRET, PASSWORD, quote(PASSWORD, safe=""), quote(PASSWORD))]
    bundle, export = journey.run.folder / "bundle", journey.run.folder / "export"
    places = [*journey.run.data.rglob("*"), *bundle.iterdir(), *export.iterdir(), *journey.run.folder.glob("*.log")]
    files = {str(path): path.read_bytes() for path in places if path.is_file()}
    for path in bundle.glob("*.zip"):
        with zipfile.ZipFile(path) as packed:
            files |= {f"{path}/{name}": packed.read(name) for name in packed.namelist()}
    assert {".duckdb", ".db", ".yaml", ".log", ".json", ".csv"} <= {Path(name).suffix for name in files}
    leaks = [name for name, content in files.items() if any(needle in content for needle in needles)]
    answers = {path: text for path, (_, text) in journey.api.items()} | journey.elsewhere
    assert all(answers.values()), [name for name, text in answers.items() if not text]
    assert [name for name, text in answers.items() if SECRET in text] == []
    assert leaks == []


def test_the_password_is_in_no_command_line_while_its_stream_is_listened_to(journey: Evidence) -> None:
    decoders = [line for line in journey.command_lines if "ffmpeg" in line.partition(" ")[0]]
    assert len(decoders) == len(journey.stations)
    assert [line for line in journey.command_lines if SECRET in line] == []


def test_nobody_else_may_read_what_was_written(journey: Evidence) -> None:
    written = [journey.run.data, *journey.run.data.rglob("*")]
    assert [path for path in written if path.stat().st_mode & 0o077 and not path.is_socket()] == []


def test_one_signal_ends_every_process_soon(journey: Evidence) -> None:
    tell(f"stopped in {journey.stopping_s:.1f} s")
    assert journey.stopped_with == 0
    assert journey.stopping_s < STOP_S
    assert journey.left_over == {}
