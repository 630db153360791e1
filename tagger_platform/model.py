"""The words of the project as frozen values, standard library only.

What belongs here: values that travel between the folders of the path, and how they are written as text.
What does not: anything that reads a file, a socket or a clock. All instants are aware datetimes in UTC.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

STREAM_NAME = re.compile(r"[a-z0-9_-]{1,40}")

LATE_AFTER = timedelta(minutes=10)
"""After this a slot is no longer on air, and an answer about one of its windows is late."""


def iso(instant: datetime) -> str:
    """``2026-11-21T03:30:00Z``; with milliseconds only where there are any."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


def parse_iso(text: str) -> datetime:
    """The instant that `text` (ISO 8601 with a zone) names. Raises ValueError for anything else."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write for example 2026-11-21T03:30:00Z")
    return instant.astimezone(UTC)


def parse_day(text: str) -> date:
    """The day that `text` names. Raises ValueError for anything else, and for days whose instants no clock can tell."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text or not 1970 <= day.year < 9999:
        raise ValueError(f"must be a day such as 2026-11-21, not {text!r}")
    return day


class StreamKind(StrEnum):
    RTSP = "rtsp"
    ICECAST = "icecast"
    HLS = "hls"
    FILE = "file"


@dataclass(frozen=True)
class Stream:
    """A named audio source. The URL may hold a password: it never appears in a repr, and `safe_url` has none."""

    name: str
    url: str = field(repr=False)
    title: str = ""
    enabled: bool = True

    @property
    def kind(self) -> StreamKind:
        parts = urlsplit(self.url)
        if parts.scheme in ("rtsp", "rtsps"):
            return StreamKind.RTSP
        if parts.scheme == "file":
            return StreamKind.FILE
        return StreamKind.HLS if parts.path.endswith((".m3u8", ".m3u")) else StreamKind.ICECAST

    @cached_property
    def safe_url(self) -> str:
        """The URL without user, password or query, for logs and pages."""
        parts = urlsplit(self.url)
        netloc = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=netloc, query="", fragment="").geturl()

    @property
    def display(self) -> str:
        return self.title or self.name


@dataclass(frozen=True, order=True)
class Slot:
    """An instant that is a whole multiple of the hop since the epoch: the Dagster partition for all streams."""

    start: datetime

    @classmethod
    def containing(cls, instant: datetime, hop_s: int) -> "Slot":
        seconds = int(instant.timestamp() // hop_s) * hop_s
        return cls(datetime.fromtimestamp(seconds, UTC))

    @classmethod
    def parse(cls, key: str) -> "Slot":
        return cls(parse_iso(key))

    @classmethod
    def is_key(cls, text: str) -> bool:
        """Whether `text` is written as `key` writes a slot: a stray file's name is not."""
        try:
            slot = cls.parse(text)
        except ValueError:
            return False
        return 1970 <= slot.start.year < 9999 and slot.key == text

    @property
    def key(self) -> str:
        return self.start.strftime("%Y-%m-%dT%H:%M:%SZ")

    def next(self, hop_s: int) -> "Slot":
        return Slot(self.start + timedelta(seconds=hop_s))


def window_id(stream: str, slot: Slot, offset_s: int) -> str:
    """``kexp/2026-11-21T03:30:00Z+30``: window of `stream` that begins `offset_s` seconds after its slot."""
    return f"{stream}/{slot.key}+{offset_s}"


def parts_of(text: str) -> tuple[str, str, int]:
    """Stream, slot key and offset in seconds of the window with this id."""
    stream, _, rest = text.rpartition("/")
    slot, _, offset = rest.rpartition("+")
    return stream, slot, int(offset)


def window_start(text: str) -> datetime:
    """The instant at which the window with this id begins."""
    _, slot, offset_s = parts_of(text)
    return parse_iso(slot) + timedelta(seconds=offset_s)


class CaptureState(StrEnum):
    """What capture says of an expected window: it has the audio, or the reason why not."""

    CAPTURED = "captured"
    RECONNECTING = "reconnecting"
    STALLED = "stalled"
    AUTH_FAILED = "auth_failed"
    NOT_FOUND = "not_found"
    NO_AUDIO = "no_audio"
    BLANK = "blank"
    DISCONTINUOUS = "discontinuous"
    DROPPED = "dropped"
    CORRUPT = "corrupt"
    CAPTURE_DOWN = "capture_down"
    CLOCK_STEPPED = "clock_stepped"
    STARTING = "starting"
    DISK_FULL = "disk_full"


class Status(StrEnum):
    """What became of one question to one provider. Only MATCH and NO_MATCH are answers."""

    MATCH = "match"
    NO_MATCH = "no_match"
    SILENT = "silent"
    PENDING = "pending"
    THROTTLED = "throttled"
    PROVIDER_DOWN = "provider_down"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"
    EXPIRED = "expired"
    NOT_NEEDED = "not_needed"
    DISABLED = "disabled"


ANSWERED = frozenset({Status.MATCH, Status.NO_MATCH})
UNANSWERED = frozenset({Status.PENDING, Status.THROTTLED, Status.PROVIDER_DOWN, Status.TIMEOUT, Status.BAD_ANSWER})
"""Statuses that another request may still turn into an answer."""


@dataclass(frozen=True)
class Window:
    """An expected window and what capture says of it. `path` is its audio while there is any."""

    stream: str
    slot: Slot
    offset_s: int
    length_s: int
    state: CaptureState
    detail: str = ""
    level_dbfs: float | None = None
    icy_title: str | None = None

    @property
    def window_id(self) -> str:
        return window_id(self.stream, self.slot, self.offset_s)

    @property
    def start(self) -> datetime:
        return self.slot.start + timedelta(seconds=self.offset_s)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.length_s)


@dataclass(frozen=True)
class Track:
    """What a provider says was heard, known by (provider, provider_track_id)."""

    provider: str
    provider_track_id: str
    title: str
    artist: str = ""
    album: str = ""
    isrc: str = ""
    label: str = ""
    artwork: str = ""
    link: str = ""
    duration_s: float | None = None
    kind: str = "music"

    @property
    def track_id(self) -> str:
        return f"{self.provider}:{self.provider_track_id}"


@dataclass(frozen=True)
class Recognition:
    """One provider's answer about one window.

    `offset_s` is where in the track the window begins, `other_offsets_s` other places that fit nearly as well,
    `heard_s` from and to when in the window it was heard, `speed` how fast it was played (1.0 as recorded),
    `confidence` a number from 0 to 1; `raw` the provider's own words, for evidence. `further` are the other tracks
    that the provider is sure to have heard in the window. `retry_after_s` is how long a provider that gave no answer
    asks to be left alone.
    """

    window_id: str
    provider: str
    status: Status
    track: Track | None = None
    offset_s: float | None = None
    other_offsets_s: tuple[float, ...] = ()
    heard_s: tuple[float, float] | None = None
    speed: float | None = None
    confidence: float | None = None
    latency_ms: float | None = None
    detail: str = ""
    raw: bytes | None = field(default=None, repr=False)
    further: tuple["Recognition", ...] = ()
    retry_after_s: float | None = None

    @property
    def matched(self) -> Track | None:
        return self.track if self.status is Status.MATCH else None


class PlayStatus(StrEnum):
    CONFIRMED = "confirmed"
    PROBABLE = "probable"


@dataclass(frozen=True)
class Play:
    """One airing of one track on one stream: a span with its evidence (`windows` are window ids, in order).

    `policy` names the rules that made it, `explanation` says in one line which of its windows met them.
    `late`: some of the evidence was answered more than LATE_AFTER after it was on air.
    """

    play_id: str
    stream: str
    started_at: datetime
    ended_at: datetime
    uncertainty_s: float
    status: PlayStatus
    track: Track
    confidence: float
    policy: str
    windows: tuple[str, ...]
    late: bool = False
    explanation: str = ""


class CanaryOutcome(StrEnum):
    """What became of a provider's canary: a clip that it is sure to know. The rest are a question's failures."""

    MATCH = "match"
    WRONG = "wrong"
    NO_MATCH = "no_match"
    NOT_ASKED = "not_asked"
    THROTTLED = "throttled"
    PROVIDER_DOWN = "provider_down"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"
    DISABLED = "disabled"

    @property
    def is_trouble(self) -> bool:
        """Whether the provider is broken: it was asked, and did not name what it should."""
        return self not in (CanaryOutcome.MATCH, CanaryOutcome.NOT_ASKED)


@dataclass(frozen=True)
class CanaryResult:
    """One canary: who was asked when, what came of it and after how many milliseconds; `detail` says more."""

    provider: str
    asked_at: datetime
    outcome: CanaryOutcome
    latency_ms: float | None = None
    detail: str = ""
