"""ffmpeg: where it is, its arguments for each kind of stream, and one running process of it.

What belongs here: everything that knows a flag or a file descriptor of ffmpeg. What does not: when to start and stop
one (`listener`). The flags of older guides fail (`-stimeout`, `-rw_timeout` on RTSP, `-reconnect`); these were tried
with ffmpeg 5, 7 and 9. ffmpeg never reconnects by itself: it would splice silently and break the sample clock.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tagger_platform.errors import RequestError
from tagger_platform.libc import libc
from tagger_platform.model import Stream, StreamKind

NETWORK_TIMEOUT_US = "8000000"
"""microseconds without a byte until ffmpeg gives up by itself: without it a stalled server hangs it for ever"""
ANALYSE_US = "1000000"
"""microseconds of stream that ffmpeg may look at before it plays: its default of 5 s delays every reconnect"""
PIPE_BYTES = 262_144
"""bytes of the pipe, 8 s of audio: what we may be late by before ffmpeg has to wait"""
READ_BYTES = 65_536
"""bytes asked of the pipe in one read, 2 s of audio: larger buffers come straight from the kernel, page by page"""
WORDS_KEPT = 60
"""lines of ffmpeg's words kept for the diagnosis; its closing statistics take up to 20"""
LINE_MOST = 8192
"""bytes of a line of words; a stream that is no stream can make endless ones"""
PR_SET_PDEATHSIG = 1
"""prctl option, from linux/prctl.h"""

_BARE = re.compile(r"https?://[\w.-]+(:[0-9]+)?(/[\w.-]{0,15})*", re.ASCII)
"""An address of nothing but a host and short words, none of which can be a token."""
_HEAD = ["-nostdin", "-hide_banner", "-nostats", "-threads", "1"]
_MONO_PCM = ["-ac", "1", "-ar", "16000", "-filter_threads", "1", "-f", "s16le", "pipe:1"]
_TAIL = ["-map", "0:a:0", "-vn", "-sn", "-dn", *_MONO_PCM]


class Decoder(Protocol):
    """A running decoder: 16 kHz mono PCM on one side, words on the other. No call ever waits."""

    def read_audio(self) -> bytes | None:
        """What has come since the last call; None once the audio has ended."""

    def read_words(self) -> list[str]:
        """Whole lines said since the last call."""

    def stop(self, *, hard: bool = False) -> None:
        """Ask it to end; `hard`: make it."""

    def gone(self) -> bool:
        """Whether the process has ended; its last words can still be read."""

    def close(self) -> None:
        """Give back what it held, after the last words were read."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, which every user of the machine can read, and what it reads on stdin, which none
    can."""

    argv: list[str]
    script: bytes = b""


Spawn = Callable[[Command], Decoder]


def find_ffmpeg(configured: Path | None) -> str:
    """The ffmpeg to use: the configured one, else the system's, else that of the wheel."""
    if configured:
        if not os.access(configured, os.X_OK):
            raise RequestError(f"FFMPEG_PATH: {configured} is not a program; leave it empty to have one looked up")
        return str(configured)
    if found := shutil.which("ffmpeg"):
        return found
    try:
        import imageio_ffmpeg  # only where the system has none: it looks through its own folders

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise RequestError(
            "no ffmpeg found: install it (apt install ffmpeg, brew install ffmpeg) or set FFMPEG_PATH"
        ) from None


def command(ffmpeg: str, stream: Stream, *, audio_only: bool = True, talkative: bool = False) -> Command:
    """The command that turns `stream` into PCM on stdout.

    `audio_only` asks an RTSP server for the audio alone, which some cameras refuse. `talkative`, for an attempt of some
    seconds, makes ffmpeg tell what it found; live HTTP streams always are, because that is how it tells ICY titles.
    """
    level = "verbose" if talkative or stream.kind is StreamKind.ICECAST else "warning"
    head = [ffmpeg, *_HEAD, "-loglevel", level]
    if stream.kind is StreamKind.FILE:
        # In real time, as a live stream would come. The path is decoded: ffmpeg takes it literally.
        path = unquote(urlsplit(stream.url).path)
        return Command([*head, "-re", "-protocol_whitelist", "file", "-i", f"file:{path}", *_TAIL])
    options = _options(stream, audio_only=audio_only)
    if talkative and _BARE.fullmatch(stream.url):  # from a list ffmpeg does not tell the station's name
        named = [word for name, value in options.items() for word in (f"-{name}", value)]
        return Command([*head, *named, "-i", stream.url, *_TAIL])
    # Nobody can tell which word of a URL is a secret. The outer list has one entry and is read from stdin; its entry's
    # own options shut stdin to the stream again.
    listed = ["-protocol_whitelist", f"pipe,{options['protocol_whitelist']}", "-f", "concat", "-safe", "0"]
    return Command([*head, *listed, "-i", "pipe:0", *_TAIL], _list_of_one(stream.url, options))


def _options(stream: Stream, *, audio_only: bool) -> dict[str, str]:
    """ffmpeg's options of a network stream. A server that sends on to another kind of address is not followed."""
    if stream.kind is StreamKind.RTSP:
        protocols = "rtp,tcp,crypto,tls" if stream.url.startswith("rtsps:") else "rtp,tcp,crypto"
        media = {"allowed_media_types": "audio"} if audio_only else {}
        transport = {"protocol_whitelist": protocols, "rtsp_transport": "tcp", **media}
        return {**transport, "timeout": NETWORK_TIMEOUT_US, "analyzeduration": ANALYSE_US}
    return {
        "protocol_whitelist": "http,https,tcp,tls,crypto,httpproxy",
        "rw_timeout": NETWORK_TIMEOUT_US,
        "analyzeduration": ANALYSE_US,
        "probesize": "65536",
    }


def _list_of_one(url: str, options: Mapping[str, str]) -> bytes:
    """A list for ffmpeg's concat demuxer, in its quoting. What ends a line cannot be quoted, and is in no URL."""
    quoted = url.replace("'", "'\\''")
    lines = ["ffconcat version 1.0", f"file '{quoted}'", *(f"option {name} {value}" for name, value in options.items())]
    return ("\n".join(lines) + "\n").encode(errors="surrogateescape")


class Process:
    """One ffmpeg in a process group of its own, read without ever blocking; ends when this process does."""

    def __init__(self, command: Command) -> None:
        self._process = subprocess.Popen(
            command.argv,
            stdin=subprocess.PIPE if command.script else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
            preexec_fn=_end_with_parent(),
        )
        if self._process.stdin:
            with self._process.stdin as script, contextlib.suppress(BrokenPipeError):  # it ended at once: it says why
                script.write(command.script)  # far less than a pipe holds: this does not wait
        self._pipes = [pipe for pipe in (self._process.stdout, self._process.stderr) if pipe]
        self._audio, self._speech = (pipe.fileno() for pipe in self._pipes)
        for descriptor in (self._audio, self._speech):
            os.set_blocking(descriptor, False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):  # over the user's limit for pipes: the default of 64 kB will do
                fcntl.fcntl(self._audio, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._line = b""

    def read_audio(self) -> bytes | None:
        data = piece = _read(self._audio)
        while data and piece and len(piece) == READ_BYTES and len(data) < PIPE_BYTES:  # a burst, or we are late
            piece = _read(self._audio)
            data += piece or b""
        return data

    def read_words(self) -> list[str]:
        *lines, self._line = (self._line + (_read(self._speech) or b"")).split(b"\n")
        self._line = self._line[:LINE_MOST]
        return [decode(line) for line in lines]

    def stop(self, *, hard: bool = False) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL if hard else signal.SIGTERM)

    def gone(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()


def _read(descriptor: int) -> bytes | None:
    """What is in the pipe, which may be nothing; None when its writer has gone."""
    try:
        return os.read(descriptor, READ_BYTES) or None
    except BlockingIOError:
        return b""


def decode(line: bytes) -> str:
    """Stations write their titles in UTF-8 or, the older ones, in Latin-1."""
    try:
        return line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return line.decode("latin-1").rstrip("\r")


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux: what makes a child end when the thread that started it does, even by SIGKILL. Elsewhere a child
    without a reader ends at its next write, or by its network timeout."""
    if sys.platform != "linux":
        return None
    prctl, parent = libc().prctl, os.getpid()

    def ask() -> None:  # runs between fork and exec: nothing here may allocate much or take a lock
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def recent_words() -> deque[str]:
    """Where a listener keeps ffmpeg's last words."""
    return deque(maxlen=WORDS_KEPT)
