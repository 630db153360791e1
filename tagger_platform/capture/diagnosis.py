"""What ffmpeg's words mean: a state and a sentence that says what to do. Pure.

What belongs here: the texts of ffmpeg 5 to 9, seen on real servers, and what they tell about a stream. What does
not: running ffmpeg. Exit codes say nothing: a server that was killed gives 0, so the words have to.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tagger_platform.model import CaptureState, Stream, StreamKind
from tagger_platform.observe.logs import redact

STALLED_QUIET_S = 5.0
"""seconds without a byte before the end: the server did not hang up, ffmpeg's own timeout (8 s) ran out"""


@dataclass(frozen=True)
class Diagnosis:
    """What became of a connection. `refused_media`: the server answered, but had nothing to play for us like this."""

    state: CaptureState
    detail: str
    refused_media: bool = False

    @property
    def slow(self) -> bool:
        """Whether trying again soon cannot help: somebody has to change something first."""
        return self.state in (CaptureState.AUTH_FAILED, CaptureState.NOT_FOUND, CaptureState.NO_AUDIO)


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    state: CaptureState
    detail: str
    refused_media: bool = False


def _rule(pattern: str, state: CaptureState, detail: str, *, refused_media: bool = False) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), state, detail, refused_media)


_RULES = (
    _rule(
        r"401 \(?Unauthorized|authorization failed",
        CaptureState.AUTH_FAILED,
        "{where} does not accept the user name or password: correct them in the stream's URL",
    ),
    _rule(
        r"403 \(?Forbidden|access denied",
        CaptureState.AUTH_FAILED,
        "{where} forbids access (403): ask its owner, or add user and password to the URL",
    ),
    _rule(
        r"404 \(?Not Found",
        CaptureState.NOT_FOUND,
        "{where} has no such stream (404): check the path in the URL, and that the source is on",
    ),
    _rule(r"No such file or directory", CaptureState.NOT_FOUND, "there is no such file: check the path in the URL"),
    _rule(r"Permission denied|Is a directory", CaptureState.NOT_FOUND, "the file cannot be read"),
    _rule(
        r"matches no streams|does not contain any stream",
        CaptureState.NO_AUDIO,
        "{where} sends no audio, only video or data: switch its audio on, or choose another stream",
        refused_media=True,
    ),
    _rule(
        r"Connection refused",
        CaptureState.RECONNECTING,
        "nothing listens at {where} (connection refused): check the port, and that the server runs",
    ),
    _rule(
        r"Failed to resolve hostname|Name or service not known|nodename nor servname|name resolution",
        CaptureState.RECONNECTING,
        "the host name of {where} is not known: check its spelling, and the network",
    ),
    _rule(
        r"No route to host|Network is unreachable|Host is down",
        CaptureState.RECONNECTING,
        "there is no way to {where} in the network: check the address, and that the host is on",
    ),
    _rule(
        r"(Connection to tcp://\S+|Connection attempt to .*) failed: .*timed out",
        CaptureState.RECONNECTING,
        "{where} does not answer: check the address, and that the host is on",
    ),
    _rule(
        r"certificate",
        CaptureState.RECONNECTING,
        "the certificate of {where} is not trusted: check the host name and the certificate's date",
    ),
    _rule(
        r"not on whitelist|Protocol not found",
        CaptureState.NOT_FOUND,
        "{where} points to an address of a kind that is not allowed",
    ),
    _rule(
        r"Server returned 5XX|HTTP error 5\d\d|failed: 5\d\d",
        CaptureState.RECONNECTING,
        "{where} reports a fault of its own (5xx): look at the server",
    ),
    _rule(
        r"Server returned 4",
        CaptureState.NOT_FOUND,
        "{where} refuses to play this (4xx): check the path in the URL",
        refused_media=True,
    ),
    _rule(r"timed out", CaptureState.STALLED, "{where} accepts the connection and then sends nothing: restart it"),
    _rule(
        r"Invalid data found|Stream ends prematurely at [1-9]|could not find codec parameters|"
        r"detected only with low score|consecutive MPEG audio frames",
        CaptureState.NO_AUDIO,
        "what {where} sends is not audio that can be decoded (a web page, a playlist?): check the URL",
        refused_media=True,
    ),
)

_PREFIX = re.compile(r"^\[[^]]*\] ")
_ICY_TITLE = re.compile(r"Metadata update for StreamTitle: (.*)")
_ICY_NAME = re.compile(r"^\s*icy-name\s*: (.*)")
_AUDIO = re.compile(r"Stream #\d+:\d+.*?: Audio: (.+?)(?: \((?:\[|0x).*?)?, (\d+) Hz, ([^,]+)")


def diagnose(stream: Stream, words: Sequence[str], *, heard: bool, quiet_s: float) -> Diagnosis:
    """Why a connection ended, given ffmpeg's last `words`; `quiet_s` without a byte passed before it did."""
    where = place(stream)
    if heard and stream.kind is StreamKind.FILE:
        return Diagnosis(CaptureState.RECONNECTING, "the file ended: it is played again from the start")
    if heard and quiet_s >= STALLED_QUIET_S:
        return Diagnosis(CaptureState.STALLED, f"{where} stopped sending: restart it if this lasts")
    if heard:
        # Warnings of hours ago may still be among the words: once audio was heard, they explain nothing.
        return Diagnosis(CaptureState.RECONNECTING, f"{where} ended the stream")
    unknown = Diagnosis(CaptureState.RECONNECTING, _unknown(where, words), refused_media=True)
    return _explained(where, words) or unknown


def stalled(stream: Stream, words: Sequence[str], *, heard: bool) -> Diagnosis:
    """The watchdog ended a connection from which nothing came, unless ffmpeg has said why: some servers keep it from
    hanging up after it found no audio."""
    detail = f"{place(stream)} sends nothing although it is connected: restart it"
    silent = Diagnosis(CaptureState.STALLED, detail)
    return silent if heard else _explained(place(stream), words) or silent


def _explained(where: str, words: Sequence[str]) -> Diagnosis | None:
    text = "\n".join(words)
    for rule in _RULES:
        if rule.pattern.search(text):
            return Diagnosis(rule.state, rule.detail.format(where=where), rule.refused_media)
    return None


def blank(stream: Stream) -> Diagnosis:
    """The watchdog ended a connection from which only digital silence came."""
    detail = f"{place(stream)} sends digital silence: check what feeds it"
    return Diagnosis(CaptureState.BLANK, detail)


def place(stream: Stream) -> str:
    """The host and port of a stream, or its file: what a sentence can name without giving a secret away."""
    parts = urlsplit(stream.safe_url)
    return parts.netloc or parts.path


def _unknown(where: str, words: Sequence[str]) -> str:
    said = [line for line in words if line.strip()]
    last = f" (ffmpeg: {redact(_PREFIX.sub('', said[-1]))[:200]})" if said else ""
    return f"no audio came from {where} before the connection ended{last}"


def icy_title(line: str) -> str | None:
    """The title that a line of ffmpeg's announces, if it does: `""` where the station cleared it."""
    match = _ICY_TITLE.search(line)
    return redact(match[1].strip()) if match else None


def icy_name(line: str) -> str | None:
    match = _ICY_NAME.search(line)
    return redact(match[1].strip()) if match else None


def audio_format(line: str) -> tuple[str, int, str] | None:
    """Codec, samples a second and channels from a line such as ``Stream #0:0: Audio: mp3, 44100 Hz, stereo``."""
    match = _AUDIO.search(line)
    return (match[1], int(match[2]), match[3]) if match else None
