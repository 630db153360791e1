"""The HTTP radio: titles where metaint says, real time, one instant for all, passwords, and going off the air."""

import asyncio
import subprocess
from contextlib import asynccontextmanager

import pytest

from tagger_platform.demo import icy
from tagger_platform.demo.icy import METAINT, Absence, IcyServer, Mount, metadata_block, mp3_frames

FRAME_S = 0.02
FRAMES = [number.to_bytes(2, "big") * 200 for number in range(500)]  # 10 s at 20 kB/s, each frame says its number


def mount(path="/radio", titles=((0.0, "One - First"), (1.0, "Two - Second's")), **more):
    return Mount(path, FRAMES, FRAME_S, titles, "Test FM", **more)


@asynccontextmanager
async def on_air(*mounts):
    server = IcyServer(mounts)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def ask(server, path="/radio", *headers, method="GET"):
    """The status and headers of the answer, and where the body can be read."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write("\r\n".join([f"{method} {path} HTTP/1.1", "Host: test", *headers, "", ""]).encode())
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    answered = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]), answered, reader, writer


async def read_for(reader, seconds):
    """All bytes that come within `seconds`."""
    got = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while piece := await reader.read(4096):
                got += piece
    except TimeoutError:
        pass
    return bytes(got)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_titles_come_every_metaint_bytes_and_only_when_they_change():
    async def scenario():
        async with on_air(mount()) as server:
            status, headers, reader, writer = await ask(server, "/radio", "Icy-MetaData: 1")
            assert (status, headers["icy-metaint"], headers["icy-name"]) == (200, str(METAINT), "Test FM")
            audio, blocks = b"", []
            for _ in range(3):
                audio += await reader.readexactly(METAINT)
                sixteens = (await reader.readexactly(1))[0]
                blocks.append((await reader.readexactly(16 * sixteens)).rstrip(b"\0").decode())
            writer.close()
            return audio, blocks

    audio, blocks = run(scenario())
    assert audio == b"".join(FRAMES)[: 3 * METAINT]
    assert blocks == ["StreamTitle='One - First';", "StreamTitle='Two - Second's';", ""]


def test_who_does_not_ask_for_titles_gets_plain_audio():
    async def scenario():
        async with on_air(mount()) as server:
            _, headers, reader, _ = await ask(server)
            assert "icy-metaint" not in headers
            return await reader.readexactly(METAINT + 100)

    assert run(scenario()) == b"".join(FRAMES)[: METAINT + 100]


def test_audio_comes_in_real_time_after_a_burst_of_two_seconds(monkeypatch):
    async def scenario():
        async with on_air(mount()) as server:
            server._started -= 5.0  # as if it had been on the air for a while
            _, _, reader, _ = await ask(server)
            burst = await read_for(reader, 0.05)
            return burst, await read_for(reader, 2.0)

    burst, later = run(scenario())
    assert burst[:2] == FRAMES[150][:2]
    assert len(burst) * FRAME_S / 400 == pytest.approx(2.0, abs=0.15)
    assert len(later) * FRAME_S / 400 == pytest.approx(2.0, abs=0.25)


def test_all_listeners_hear_the_same_instant_and_the_programme_begins_again():
    async def scenario():
        async with on_air(mount()) as server:
            server._started -= 8.5
            _, _, early, _kept = await ask(server)  # a writer that is let go of closes its connection
            first = await read_for(early, 0.8)
            _, _, late, _ = await ask(server)
            one, other = await asyncio.gather(read_for(early, 1.2), read_for(late, 1.2))
            return first + one, other

    one, other = run(scenario())
    assert abs(int.from_bytes(one[-2:], "big") - int.from_bytes(other[-2:], "big")) <= icy.TICK_S / FRAME_S
    assert FRAMES[499] + FRAMES[0] in one


def test_unknown_mounts_are_not_found_and_only_get_is_understood():
    async def scenario():
        async with on_air(mount()) as server:
            return (await ask(server, "/nothing"))[0], (await ask(server, method="POST"))[0]

    assert run(scenario()) == (404, 405)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Accept: */*", 401),
        ("Authorization: Basic dXNlcjp3cm9uZw==", 401),
        ("Authorization: Basic dXNlcjpww6Rzcw==", 200),  # user:päss
    ],
)
def test_a_mount_with_a_login_wants_the_password(header, expected):
    async def scenario():
        async with on_air(mount(login=("user", "päss"))) as server:
            status, headers, _, _ = await ask(server, "/radio", header)
            return status, headers.get("www-authenticate")

    status, challenge = run(scenario())
    assert status == expected
    assert (challenge == 'Basic realm="Test FM"') == (expected == 401)


def test_a_login_is_not_in_the_repr():
    assert "secret" not in repr(mount(login=("user", "secret")))


def test_the_station_that_goes_away_drops_its_listeners_and_comes_back_further_on():
    async def scenario():
        async with on_air(mount(absence=Absence(first_s=0.6, every_s=2.0, lasts_s=0.8))) as server:
            _, _, reader, _ = await ask(server)
            before = await read_for(reader, 1.0)
            assert reader.at_eof()
            assert 0.6 <= server.elapsed_s() < 1.2
            away = (await ask(server))[0]
            await asyncio.sleep(1.5 - server.elapsed_s())
            back, _, reader, _ = await ask(server)
            await reader.readexactly(30_000)  # on the air for 1.5 s by then
            return len(before), away, back

    assert run(scenario()) == (pytest.approx(12_000, abs=4000), 404, 200)


def test_titles_are_told_in_blocks_of_sixteen():
    assert metadata_block(None) == b"\0"
    block = metadata_block("Sigur Rós - Ágætis byrjun")
    assert len(block) == 1 + 16 * block[0]
    assert block[1:].rstrip(b"\0").decode() == "StreamTitle='Sigur Rós - Ágætis byrjun';"
    assert len(metadata_block("x" * 9000)) == 1 + 255 * 16


def test_a_real_listener_decodes_it_without_complaint(ffmpeg, listen, tmp_path):
    path = tmp_path / "tone.mp3"
    source = "-f lavfi -i sine=frequency=700:sample_rate=44100:duration=6 -ac 2 -b:a 128k -reservoir 0"
    command = [ffmpeg, "-loglevel", "error", *source.split(), "-write_xing", "0", "-id3v2_version", "0", str(path)]
    subprocess.run(command, check=True)
    frames, frame_s = mp3_frames(path.read_bytes())
    assert len(frames) * frame_s == pytest.approx(6, abs=0.1)

    async def scenario():
        async with on_air(Mount("/tone", frames, frame_s, [(0, "A tone")])) as server:
            server._started -= 3.3
            return await listen(f"http://127.0.0.1:{server.port}/tone", 4)

    samples, complaints, took_s = run(scenario())
    assert len(samples) == 4 * 16_000
    assert complaints == ""
    assert 1.5 < took_s < 4.5  # four seconds, two of them at once


def test_bytes_that_are_no_mp3_are_refused():
    with pytest.raises(ValueError, match="no MP3 frame at byte 0"):
        mp3_frames(b"ID3 and so on")
