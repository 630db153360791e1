"""The sound map as a small picture, for those who look at a run.

What belongs here: drawing it as a PNG. What does not: the page's map.
"""

import colorsys
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger_platform.store.clusters import NO_CLUSTER, Place

WIDTH = 640
MARGIN = 24
DOT = 2
LARGEST = 12
"""Clusters that are named in the picture."""
NIGHT, NOBODY, INK = (16, 18, 24), (90, 94, 104), (235, 238, 245)


def picture(places: Sequence[Place]) -> bytes:
    """A PNG of the tracks that have a place: a dot each, in its cluster's colour, with the largest clusters' names."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH, WIDTH), NIGHT)
    draw = ImageDraw.Draw(image)
    shown = [place for place in places if place.x is not None]
    if shown:
        points = _on_picture(np.array([(place.x, place.y) for place in shown], float))
        for (x, y), place in zip(points, shown, strict=True):
            draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=_colour(place.cluster))
        font = ImageFont.load_default(12)
        for name, (x, y) in _names(shown, points):
            draw.text((x, y), name, fill=INK, font=font, anchor="mm", stroke_width=2, stroke_fill=NIGHT)
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _on_picture(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (n, 2) in pixels, y upwards."""
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    scale = (WIDTH - 2 * MARGIN) / max(float(np.ptp(places, axis=0).max()), 1e-9)
    pixels: NDArray[np.float64] = (places - middle) * (scale, -scale) + WIDTH / 2
    return pixels


def _names(shown: Sequence[Place], points: NDArray[np.float64]) -> list[tuple[str, tuple[float, float]]]:
    """The names of the largest clusters, and the middle of each."""
    numbers = np.array([place.cluster for place in shown])
    found, counts = np.unique(numbers[numbers != NO_CLUSTER], return_counts=True)
    largest = found[np.argsort(-counts, kind="stable")][:LARGEST]
    label = {place.cluster: place.label for place in shown}
    middles = {int(number): np.median(points[numbers == number], axis=0) for number in largest}
    return [(label[number], (float(x), float(y))) for number, (x, y) in middles.items()]


def _colour(number: int) -> tuple[int, int, int]:
    """Far apart for numbers that follow each other, and the same every night."""
    if number == NO_CLUSTER:
        return NOBODY
    red, green, blue = colorsys.hls_to_rgb(number * 0.618 % 1, 0.6, 0.65)
    return round(red * 255), round(green * 255), round(blue * 255)
