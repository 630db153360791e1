"""Windows and answers in one line each, for the tests of the decision."""

from datetime import UTC, datetime, timedelta

from tagger_platform.decide.evidence import Heard
from tagger_platform.model import Recognition, Status, Track

EPOCH = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
HOP_S = 120
WINDOW_S = 12
RULES = {"stream": "kexp", "tolerance": 1, "dedup_s": 300, "hop_s": HOP_S}
BOTH = ("shazam_two_hit", "catalogue_two_hit")


def at(second: float) -> datetime:
    return EPOCH + timedelta(seconds=second)


def since(instant: datetime) -> float:
    return (instant - EPOCH).total_seconds()


def track(name: str = "song", provider: str = "catalogue", **fields: object) -> Track:
    return Track(**{"provider": provider, "provider_track_id": name, "title": name, "artist": "band", **fields})


def match(
    name: str | Track = "song", offset: float | None = None, *, provider: str = "catalogue", **fields: object
) -> Recognition:
    named = name if isinstance(name, Track) else track(name, provider)
    return Recognition("", named.provider, Status.MATCH, named, offset, **fields)


def no(provider: str = "catalogue", status: Status = Status.NO_MATCH) -> Recognition:
    return Recognition("", provider, status)


def window(second: float, *answers: Recognition, hop_s: int = HOP_S) -> Heard:
    start = at(second)
    slot = int(start.timestamp()) // hop_s
    return Heard(f"kexp/{second:g}", start, start + timedelta(seconds=WINDOW_S), slot, answers)
