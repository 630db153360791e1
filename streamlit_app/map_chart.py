"""The sound map as a chart: a dot per track, names on clusters, and which dots a drawn loop holds.

What belongs here: the ECharts option, and geometry. What does not: asking for the map, Streamlit. Dots are drawn in
ECharts' large mode, a path per colour: a hundred thousand can be moved about, and each is told under the pointer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from streamlit_app.ui.theme import Palette
from streamlit_app.words import _, ngettext
from tagger_platform.store.clusters import NO_CLUSTER
from tagger_platform.store.map_report import Dot, SoundMap

HEIGHT_PX = 560
FEW, MANY = 2_000, 20_000
LARGE_DOT_PX, DOT_PX, SMALL_DOT_PX = 8, 5, 3
"""Sizes of fewer dots than FEW, than MANY, and of more: below 4 pixels they are squares, drawn many times as fast."""
BACKDROP = 5_000
"""Dots that are drawn around a chosen cluster at most: they show where it lies, and all of them would take a second."""
ROOM = 0.03
"""Share of the map's width that is left free on each side."""
LONGEST_NAME, LABEL_WIDTH_PX = 34, 120
LABEL_PX = (4, 16)
"""Size of the unseen points that carry names: of names that would overlap, ECharts keeps that of the larger point."""

MOST_CORNERS = 80
"""Corners of a loop that an address can hold: a mouse draws hundreds."""

Option = dict[str, Any]
Area = Mapping[str, Any]
"""A region that was drawn, as the chart tells of it: `brush_type`, and `coord_range` in the map's coordinates."""
Loop = Sequence[tuple[float, float]]
"""The corners of a closed line, in the map's coordinates."""


@dataclass(frozen=True)
class Group:
    """Dots of one colour, `colour` being its number, -1 for grey; `table` are their places and what is told of each."""

    colour: int
    dots: Sequence[Dot]
    table: pd.DataFrame


def groups(drawn: SoundMap, colours: int, chosen: int | None) -> list[Group]:
    """The map's dots by colour, the grey ones first, below the others; a `chosen` cluster alone is not grey."""
    found: dict[int, list[Dot]] = {}
    if chosen is None:
        for dot in drawn.dots:
            found.setdefault(NO_CLUSTER if dot.cluster == NO_CLUSTER else dot.cluster % colours, []).append(dot)
    else:
        around = [dot for dot in drawn.dots[:: one_in(drawn)] if dot.cluster != chosen]
        found = {NO_CLUSTER: around, chosen % colours: [dot for dot in drawn.dots if dot.cluster == chosen]}
    counts = {count: _plays(count) for count in {dot.plays for dots in found.values() for dot in dots}}
    return [Group(colour, dots, _table(dots, counts)) for colour, dots in sorted(found.items()) if dots]


def one_in(drawn: SoundMap) -> int:
    """Of how many tracks around a chosen cluster one is drawn."""
    return ceil(len(drawn.dots) / BACKDROP)


def _plays(count: int) -> str:
    return ngettext("{count} play", "{count} plays", count)


def _table(dots: Sequence[Dot], counts: Mapping[int, str]) -> pd.DataFrame:
    told = ["\n".join(filter(None, (dot.title, dot.artist, counts[dot.plays]))) for dot in dots]
    return pd.DataFrame({"x": [dot.x for dot in dots], "y": [dot.y for dot in dots], "told": told})


def option(drawn: SoundMap, found: Sequence[Group], chosen: int | None, palette: Palette) -> Option:
    """The chart. Its series are the groups in their order, and then the names."""
    many = len(drawn.dots)
    size = LARGE_DOT_PX if many < FEW else DOT_PX if many < MANY else SMALL_DOT_PX
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "grid": {"left": 48, "right": 48, "top": 84, "bottom": 16, "containLabel": False, "outerBoundsMode": "none"},
        "xAxis": _axis([dot.x for dot in drawn.dots]),
        "yAxis": _axis([dot.y for dot in drawn.dots]),
        "dataZoom": [
            {"type": "inside", "xAxisIndex": 0, "filterMode": "none"},
            {"type": "inside", "yAxisIndex": 0, "filterMode": "none"},
        ],
        "toolbox": _toolbox(palette),
        "brush": _brush(palette),
        "tooltip": _tooltip(palette),
        "dataset": [{"source": group.table} for group in found],
        "series": [
            *(_dots(number, group, size, palette) for number, group in enumerate(found)),
            _names(drawn, chosen, palette),
        ],
    }


def _axis(values: Sequence[float]) -> Option:
    """An axis on which all values have room, and that is not seen."""
    low, high = min(values), max(values)
    room = (high - low) * ROOM or 1
    return {"type": "value", "min": low - room, "max": high + room, "show": False}


def _toolbox(palette: Palette) -> Option:
    titles = {"polygon": _("Draw a loop"), "rect": _("Draw a box"), "clear": _("Remove what was drawn")}
    return {
        "left": 8,
        "top": 8,
        "itemSize": 20,
        "itemGap": 14,
        "iconStyle": {"borderColor": palette.soft},
        "emphasis": {"iconStyle": {"borderColor": palette.amber, "textFill": palette.text, "textPosition": "bottom"}},
        "feature": {
            "brush": {"type": [*titles], "title": titles},
            "restore": {"title": _("The whole map again")},
        },
    }


def _brush(palette: Palette) -> Option:
    return {
        "xAxisIndex": 0,
        "yAxisIndex": 0,
        "transformable": False,
        "throttleType": "debounce",
        "throttleDelay": 300,
        "outOfBrush": {},  # or what is outside would be painted over, the unseen points that carry names too
        "brushStyle": {"borderWidth": 2, "borderColor": palette.amber, "color": f"{palette.amber}1F"},
    }


def _tooltip(palette: Palette) -> Option:
    return {
        "trigger": "item",
        "confine": True,
        "formatter": "{b}",
        "backgroundColor": palette.raised,
        "borderColor": palette.line,
        "textStyle": {"color": palette.text, "fontSize": 12},
        "extraCssText": "white-space: pre-line; max-width: 260px",
    }


def _dots(number: int, group: Group, size: int, palette: Palette) -> Option:
    grey = group.colour == NO_CLUSTER
    return {
        "type": "scatter",
        "datasetIndex": number,
        "encode": {"x": "x", "y": "y", "itemName": "told"},
        "large": True,
        "largeThreshold": 0,
        "symbolSize": size,
        "selectedMode": "single",
        "itemStyle": {
            "color": palette.gap if grey else palette.streams[group.colour],
            "opacity": 0.45 if grey else 0.75,
        },
    }


def _names(drawn: SoundMap, chosen: int | None, palette: Palette) -> Option:
    places: dict[int, list[Dot]] = {}
    for dot in drawn.dots if chosen is None else [dot for dot in drawn.dots if dot.cluster == chosen]:
        if dot.cluster != NO_CLUSTER:
            places.setdefault(dot.cluster, []).append(dot)
    most = max((len(dots) for dots in places.values()), default=1)
    low, high = LABEL_PX
    return {
        "type": "scatter",
        "silent": True,
        "z": 5,
        "itemStyle": {"color": "transparent"},
        "data": [
            {
                "name": _shortened(drawn.names[number]),
                "value": [median(dot.x for dot in dots), median(dot.y for dot in dots)],
                "symbolSize": low + (high - low) * (len(dots) / most) ** 0.5,
            }
            for number, dots in places.items()
        ],
        "label": {
            "show": True,
            "formatter": "{b}",
            "position": "top",
            "color": palette.strong,
            "fontSize": 12.5,
            "fontWeight": 600,
            "opacity": 1,
            "width": LABEL_WIDTH_PX,
            "overflow": "break",
            "lineHeight": 15,
            "textBorderColor": palette.ground,
            "textBorderWidth": 3,
        },
        "labelLayout": {"hideOverlap": True},
    }


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip(" ,") + "…"


def loop_of(area: Area) -> Loop:
    """What was drawn, a box too, as a loop that an address can hold."""
    if area["brush_type"] == "rect":
        (left, right), (low, high) = area["coord_range"]
        return [(left, low), (right, low), (right, high), (left, high)]
    corners = area["coord_range"]
    return [(x, y) for x, y in corners[:: ceil(len(corners) / MOST_CORNERS) or 1]]


def inside(loop: Loop, dots: Sequence[Dot]) -> list[Dot]:
    """The dots in a loop, in their order: those from which a ray to the right crosses it an odd number of times."""
    x, y = (
        np.array([dot[column] for dot in dots], float) for column in (Dot._fields.index("x"), Dot._fields.index("y"))
    )
    held = np.zeros(len(dots), bool)
    for (ax, ay), (bx, by) in zip(loop, [*loop[1:], *loop[:1]], strict=True):
        if ay != by:
            crosses = (ay > y) != (by > y)
            held ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return [dots[number] for number in np.flatnonzero(held).tolist()]
