"""What the stations play, in which order, and the one encoded file that each programme becomes.

What belongs here: the stations, their items, the encoding. What does not: serving them (`radio`, `rtsp`, `icy`).
"""

import asyncio
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tagger_platform.demo.compose import VERSION, Piece
from tagger_platform.demo.icy import Absence
from tagger_platform.demo.instruments import RATE
from tagger_platform.errors import TaggerError

STRIDE = 5  # coprime to the number of pieces, so that the stations' orders differ
SILENCE_S = 15.0  # long enough that a whole 12 s window of it is silent
PIPE_BYTES = 1 << 18  # given to ffmpeg at once: asyncio moves all that is left after every write
FRAME_BYTES = 4  # two channels of 16 bits
AAC_PACKET_SAMPLES = 1024  # a last packet that is not full would count for less time than it plays
AWAY = Absence(first_s=75, every_s=180, lasts_s=25)  # early enough that people see it, short enough to wait for
SHAPE = "M J M T M J M S T M J M T"
"""Music, jingle, talk, silence: a round of about seven minutes that begins with music, so that plays come fast."""

ENCODERS = {
    # Without a bit reservoir every MP3 frame stands alone: listeners may join at any. A Xing header or a tag
    # would be sent out as noise at each turn of the programme. Seven is twice as fast as the default two.
    ".mp3": "-c:a libmp3lame -b:a 128k -reservoir 0 -compression_level 7 -write_xing 0 -id3v2_version 0 -f mp3",
    # MP4 and not ADTS: it can be cut at any packet, and its packets travel over RTP as they are. Without an edit
    # list its length is that of its packets, so that time does not go back where its end meets its beginning.
    ".mp4": "-c:a aac -b:a 128k -aac_coder fast -use_editlist 0 -movflags +faststart -f mp4",
}


@dataclass(frozen=True)
class Station:
    """A station on the air. `first` is the music piece that its programme begins with."""

    name: str
    title: str
    brand: str
    scheme: str
    first: int
    absence: Absence | None = None

    @property
    def suffix(self) -> str:
        return ".mp4" if self.scheme == "rtsp" else ".mp3"


STATIONS = (
    Station("velvet_fm", "Velvet FM 98.2", "Velvet FM", "rtsp", first=0),
    Station("harbour_radio", "Harbour Radio 104.7", "Harbour Radio", "rtsp", first=3),
    Station("radio_meridian", "Radio Meridian", "Radio Meridian", "http", first=6),
    Station("static_city", "Static City 91.5", "Static City", "http", first=9, absence=AWAY),
)


@dataclass(frozen=True)
class Item:
    """A stretch of a programme. `piece` is None for silence; `title` is what the station says is on."""

    start_s: float
    seconds: float
    kind: str
    title: str
    piece: Piece | None


def programme(pieces: Sequence[Piece], station: Station) -> list[Item]:
    """One round of the station's programme, which it plays again and again."""
    songs = [piece for piece in pieces if piece.kind == "music"]
    talks = [piece for piece in pieces if piece.kind == "talk"]
    jingle = next(piece for piece in pieces if piece.kind == "jingle" and piece.artist == station.brand)
    music = (songs[(station.first + STRIDE * turn) % len(songs)] for turn in itertools.count())
    sources = {"M": music, "J": itertools.repeat(jingle), "T": itertools.cycle(talks), "S": itertools.repeat(None)}
    items: list[Item] = []
    start_s = 0.0
    for letter in SHAPE.split():
        piece = next(sources[letter])
        seconds = piece.seconds if piece else SILENCE_S
        title = f"{piece.artist} - {piece.title}" if piece and piece.kind == "music" else station.title
        items.append(Item(start_s, seconds, piece.kind if piece else "silence", title, piece))
        start_s += seconds
    return items


async def encode(ffmpeg: str, station: Station, items: Sequence[Item], folder: Path) -> Path:
    """The programme as one file in `folder`, encoded only if it is not there yet."""
    contents = [(item.title, item.seconds) for item in items]
    mark = hashlib.sha256(f"{VERSION} {ENCODERS[station.suffix]} {contents}".encode()).hexdigest()[:8]
    path = folder / f"{station.name}-{mark}{station.suffix}"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    source = f"-f s16le -ar {RATE} -ac 2 -i pipe:0"
    arguments = ["-y", "-nostats", "-loglevel", "error", *source.split(), *ENCODERS[station.suffix].split()]
    process = await asyncio.create_subprocess_exec(
        ffmpeg, *arguments, str(partial), stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        complaint = await _feed(process, items)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise TaggerError(f"{ffmpeg} could not encode the programme of {station.name}: {complaint}")
    partial.replace(path)
    return path


async def _feed(process: asyncio.subprocess.Process, items: Sequence[Item]) -> str:
    """Gives ffmpeg the samples of all items and waits for it. Returns what it wrote to stderr."""
    assert process.stdin is not None  # noqa: S101 - a pipe, like the next
    assert process.stderr is not None  # noqa: S101 (Popen was given a pipe)
    given = 0
    try:
        for item in items:
            samples = await asyncio.to_thread(_samples, item)
            given += len(samples)
            if item is items[-1]:
                samples += bytes(-given % (AAC_PACKET_SAMPLES * FRAME_BYTES))
            for at in range(0, len(samples), PIPE_BYTES):
                process.stdin.write(samples[at : at + PIPE_BYTES])
                await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # ffmpeg gave up: its complaint and its exit code say why
    complaint = (await process.stderr.read()).decode(errors="replace").strip()
    await process.wait()
    return complaint


def _samples(item: Item) -> bytes:
    if item.piece is None:
        return bytes(int(item.seconds * RATE) * FRAME_BYTES)
    samples, _ = soundfile.read(item.piece.path, dtype="int16", always_2d=True)
    return np.ascontiguousarray(samples).tobytes()
