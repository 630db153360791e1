"""The stations: their programmes, the RTSP server's place in them, and the whole process as `tagger demo` runs it."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tagger_platform.demo import compose
from tagger_platform.demo.compose import Piece
from tagger_platform.demo.radio import STATIONS, programme, stations
from tagger_platform.demo.rtsp import StationServer
from tagger_platform.demo.schedule import Item, encode
from tagger_platform.errors import TaggerError
from tagger_platform.model import STREAM_NAME, StreamKind

from .conftest import HEARD_RATE, pitch, tone


@pytest.fixture
def pieces():
    seconds = {"music": 60.0, "jingle": 7.0, "talk": 12.0}
    return [Piece(it.kind, it.title, it.artist, it.album, Path(it.file), seconds[it.kind]) for it in compose.RECORDINGS]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def programme_of_tones(ffmpeg, folder, hertz):
    """An encoded programme that is one recording, a second for each frequency."""
    tone(folder / "tones.flac", hertz)
    item = Item(0.0, len(hertz), "music", "Tones", Piece("music", "Tones", "", "", folder / "tones.flac", len(hertz)))
    return asyncio.run(encode(ffmpeg, STATIONS[0], [item], folder))


def test_every_station_begins_with_music_and_plays_all_kinds(pieces):
    for station in STATIONS:
        items = programme(pieces, station)
        assert items[0].kind == "music"
        assert {item.kind for item in items} == {"music", "jingle", "talk", "silence"}
        assert [item.start_s for item in items[1:]] == [item.start_s + item.seconds for item in items[:-1]]


def test_stations_play_their_own_jingle_and_never_a_song_twice_in_a_round(pieces):
    for station in STATIONS:
        items = programme(pieces, station)
        songs = [item.piece.title for item in items if item.kind == "music"]
        assert len(set(songs)) == len(songs) >= 5
        assert {item.piece.artist for item in items if item.kind == "jingle"} == {station.brand}
        assert all(item.title == f"{item.piece.artist} - {item.piece.title}" for item in items if item.kind == "music")


def test_stations_begin_with_different_songs_and_together_play_every_one(pieces):
    rounds = [programme(pieces, station) for station in STATIONS]
    assert len({items[0].title for items in rounds}) == len(STATIONS) >= 4
    heard = {item.piece.title for items in rounds for item in items if item.kind == "music"}
    assert heard == {piece.title for piece in pieces if piece.kind == "music"}


def test_streams_have_names_titles_and_local_urls_of_both_kinds():
    streams = stations(8554, 8000)
    assert all(STREAM_NAME.fullmatch(stream.name) and stream.title for stream in streams)
    assert all("://127.0.0.1:" in stream.url for stream in streams)
    assert [stream.kind for stream in streams].count(StreamKind.RTSP) == 2
    assert [stream.kind for stream in streams].count(StreamKind.ICECAST) == 2


def test_an_rtsp_listener_joins_where_the_station_is_and_hears_it_turn_round_without_a_gap(ffmpeg, listen, tmp_path):
    hertz = [400, 700, 1000]
    path = programme_of_tones(ffmpeg, tmp_path, hertz)
    (port,) = free_ports(1)

    async def scenario():
        server = StationServer({"tones": (path, 3.0)}, tmp_path, port)
        await server.start()
        try:
            await asyncio.sleep(1.2)
            return await listen(f"rtsp://127.0.0.1:{port}/tones", 6)
        finally:
            await server.close()

    samples, complaints, took_s = asyncio.run(scenario())
    assert complaints == ""
    assert 5 < took_s < 8.5
    assert len(samples) == pytest.approx(6 * HEARD_RATE, abs=0.03 * HEARD_RATE)  # by its time stamps
    middles = [samples[int((k + 0.4) * HEARD_RATE) : int((k + 0.6) * HEARD_RATE)] for k in range(6)]
    expected = [hertz[(1 + k) % 3] for k in range(6)]
    assert [pitch(middle) for middle in middles] == pytest.approx(expected, abs=10)
    levels = [float(np.abs(part).max()) for part in np.array_split(samples, 300)]
    assert sum(level < 0.2 for level in levels[5:-5]) <= 6  # 20 ms each: two turns, an encoder's lead-in at each


def test_an_unknown_rtsp_station_is_not_found(listen, tmp_path):
    (port,) = free_ports(1)

    async def scenario():
        server = StationServer({}, tmp_path, port)
        await server.start()
        try:
            return await listen(f"rtsp://127.0.0.1:{port}/../secret.mp4", 1)
        finally:
            await server.close()

    samples, complaints, _ = asyncio.run(scenario())
    assert len(samples) == 0
    assert "404" in complaints


def test_an_encoder_that_fails_is_reported_with_the_station(pieces, tmp_path):
    silence = [item for item in programme(pieces, STATIONS[0]) if item.kind == "silence"]
    with pytest.raises(TaggerError, match="velvet_fm"):
        asyncio.run(encode(sys.executable, STATIONS[0], silence, tmp_path))
    assert not list(tmp_path.glob("*.mp4"))


@pytest.fixture
def short_recordings(tmp_path):
    """A complete cache in which every recording is a tone of one second, of a frequency of its own."""
    hertz = {}
    for number, recording in enumerate(compose.RECORDINGS):
        hertz[f"{recording.artist} - {recording.title}"] = 300 + 150 * number
        tone(tmp_path / recording.file, [300 + 150 * number])
    lengths = {recording.file: 1.0 for recording in compose.RECORDINGS}
    (tmp_path / compose.INDEX).write_text(json.dumps({"version": compose.VERSION, "seconds": lengths}))
    return hertz


def test_the_process_puts_all_stations_on_the_air_and_ends_within_two_seconds(
    ffmpeg, listen, tmp_path, short_recordings
):
    rtsp_port, http_port = free_ports(2)
    options = ["--folder", tmp_path, "--ffmpeg", ffmpeg, "--rtsp-port", str(rtsp_port), "--http-port", str(http_port)]
    command = [sys.executable, "-m", "tagger_platform.demo.radio", *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "on the air\n"

        async def scenario():
            return await asyncio.gather(*(listen(it.url, 3) for it in stations(rtsp_port, http_port)))

        heard = asyncio.run(scenario())
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=5)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (0, "", "")
    assert time.monotonic() - begun < 2
    for station, (samples, complaints, _) in zip(STATIONS, heard, strict=True):
        known = [300 + 150 * number for number in range(len(short_recordings))]
        assert complaints == "", station.name
        assert min(abs(pitch(samples[:8000]) - each) for each in known) < 10, station.name
