"""The picture of a track: its cover art where there is a local copy, else a small abstract one, always the same.

What belongs here: choosing, and drawing from a hash. What does not: fetching; no request may leave the machine.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from tagger_platform.model import Track
from tagger_platform.store.art import PATH

SIDE = 48
SHAPES = 4
HUES_APART = (0, 40, 100, 165, 280)
"""Degrees between the colours of one picture: some close, some far, so that it is neither dull nor shrill."""
KEPT = 4096


def picture(track: Track) -> str:
    """The address of the track's picture: a path on this server, or a data URL."""
    return picture_of(track.track_id, track.artwork)


def picture_of(track_id: str, artwork: str) -> str:
    """The same of a track of which no more is known."""
    return artwork if artwork.startswith(PATH) else tile(track_id)


@lru_cache(maxsize=KEPT)
def tile(track_id: str) -> str:
    """The picture of a track as a data URL."""
    numbers = _numbers(track_id)
    hue = next(numbers) * 360 // 256
    body = f'<path fill="{_colour(hue + 140, 28, 21)}" d="M0 0h{SIDE}v{SIDE}H0z"/>'
    body += "".join(_shape(numbers, hue) for _ in range(SHAPES))
    return _url(body)


def blank() -> str:
    """The picture of no track."""
    ground = f'<path fill="#1D2430" d="M0 0h{SIDE}v{SIDE}H0z"/>'
    bars = '<path stroke="#3A4454" stroke-width="3" stroke-linecap="round" d="M16 21v6M24 16v16M32 20v8"/>'
    return _url(ground + bars)


def _url(body: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}">{body}</svg>'
    return "data:image/svg+xml," + quote(svg, safe=" =:/'")


def _numbers(text: str) -> Iterator[int]:
    """Bytes without an end that depend on `text` alone."""
    block = hashlib.sha256(text.encode()).digest()
    while True:
        yield from block
        block = hashlib.sha256(block).digest()


def _shape(numbers: Iterator[int], hue: int) -> str:
    kind, apart, x, y, size = (next(numbers) for _ in range(5))
    fill = _colour(hue + HUES_APART[apart % len(HUES_APART)], 52 + apart % 12, 52 + kind % 10)
    x, y = x * SIDE // 256, y * SIDE // 256
    if kind % 3:
        return f'<circle fill="{fill}" cx="{x}" cy="{y}" r="{7 + size % 14}"/>'
    side = 13 + size % 16
    return f'<path fill="{fill}" d="M{x - side // 2} {y - side // 2}h{side}v{side}h-{side}z"/>'


def _colour(hue: int, saturation: int, lightness: int) -> str:
    return f"hsl({hue % 360},{saturation}%,{lightness}%)"
