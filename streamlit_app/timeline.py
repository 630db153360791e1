"""The day as a chart: one row per stream, plays as spans, gaps in what was heard, and the time it is now.

What belongs here: the ECharts option, as plain data. What does not: asking for plays, Streamlit. Pure.
Time is hours since local midnight and its labels are made here: a browser's own time axis would follow the
browser's zone, and would be wrong on the days of 23 and 25 hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any

from streamlit_app import formats
from streamlit_app.ui import states
from streamlit_app.ui.theme import Palette
from streamlit_app.words import _
from tagger_platform.decide.coverage import Gap
from tagger_platform.model import PlayStatus
from tagger_platform.store.airtime import Span

ROW_PX, AXIS_PX, BAR_PX, GAP_PX = 28, 34, 19, 9
LABEL_STEP_H = 2
SHORTEST_H = 1 / 60
"""Shorter spans are drawn this long (hours), or nobody could see or point at them."""
PROBABLE_OPACITY = 0.38
LABELS_PX, RIGHT_PX = 118, 14
"""Room for the stream titles, of which longer ones are cut, and right of the hours."""

TOLD_OF_PLAY, TOLD_OF_GAP = "{@[2]}\n{a} · {@[3]}", "{@[2]}"
"""What stands under the pointer: values of the span by their number, see `_span`, and the series' name."""

Option = dict[str, Any]
Drawn = tuple[object, ...]
"""A span as the chart takes it: where it begins, where it ends, and what is told of it."""


@dataclass(frozen=True)
class Row:
    """A stream's row."""

    name: str
    title: str
    colour: str


@dataclass(frozen=True)
class Day:
    """A local day between two instants: 23, 24 or 25 hours."""

    start: datetime
    end: datetime
    tz: tzinfo

    def hours(self, instant: datetime) -> float:
        """Hours since local midnight, kept within the day."""
        return (min(max(instant, self.start), self.end) - self.start) / timedelta(hours=1)

    def wall(self, instant: datetime) -> datetime:
        """What the clock and the calendar say, without a zone."""
        return instant.astimezone(self.tz).replace(tzinfo=None, fold=0)

    def first_at(self, wall: datetime) -> datetime:
        """When the clock first says `wall` or, where it leaps over that, something later; to the minute, in the day."""
        found = min(wall.replace(tzinfo=self.tz, fold=fold).astimezone(UTC) for fold in (0, 1))
        while self.wall(found) < wall:
            found += timedelta(minutes=1)
        return min(max(found, self.start), self.end)

    def clock(self, instant: datetime) -> str:
        return formats.clock(instant, self.tz)

    def labels(self) -> list[str]:
        """What the clock says at every full hour since midnight, midnight at the end included."""
        instants = [self.start + timedelta(hours=hour) for hour in range(round(self.hours(self.end)) + 1)]
        return [formats.hour(instant, self.tz) for instant in instants]


def height(rows: int) -> int:
    return rows * ROW_PX + AXIS_PX


def option(
    day: Day,
    rows: Sequence[Row],
    plays: Sequence[Span],
    gaps: Mapping[str, Sequence[Gap]],
    now: datetime,
    palette: Palette,
) -> Option:
    """The chart of a day; `plays` are in seconds since its midnight, `gaps` are by stream name."""
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "grid": {
            "left": LABELS_PX,
            "right": RIGHT_PX,
            "top": 0,
            "bottom": AXIS_PX,
            "containLabel": False,
            "outerBoundsMode": "none",
        },
        "xAxis": [{"type": "value", "min": 0, "max": day.hours(day.end), "show": False}, _hour_axis(day, palette)],
        "yAxis": _stream_axis(rows, palette),
        "tooltip": _tooltip(palette),
        "toolbox": _toolbox(palette),
        "brush": _brush(palette),
        "series": [
            *_now_series(day, now, palette),
            *_gap_series(day, rows, gaps, palette),
            *_play_series(day, rows, plays),
        ],
    }


def _stream_axis(rows: Sequence[Row], palette: Palette) -> Option:
    label = {"color": palette.text, "fontSize": 12, "width": LABELS_PX - 14, "overflow": "truncate", "margin": 12}
    hidden = {"show": False}
    return {
        "type": "category",
        "data": [row.title for row in rows],
        "inverse": True,
        "axisLine": hidden,
        "axisTick": hidden,
        "splitLine": hidden,
        "axisLabel": {**label, "interval": 0},
    }


def _hour_axis(day: Day, palette: Palette) -> Option:
    """As many evenly spaced categories as the day has hours, labelled here: 00 01 01 02 where the clock goes back."""
    every_other = LABEL_STEP_H - 1
    return {
        "type": "category",
        "position": "bottom",
        "data": day.labels(),
        "boundaryGap": False,
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "axisLabel": {"color": palette.muted, "fontSize": 11, "margin": 12, "interval": every_other},
        "splitLine": {"show": True, "interval": every_other, "lineStyle": {"color": palette.line}},
    }


def _toolbox(palette: Palette) -> Option:
    """A button below the streams' titles: from then on, hours are chosen by dragging over them."""
    titles = {"lineX": _("Drag over hours to list them")}
    return {
        "left": 4,
        "bottom": -8,
        "itemSize": 18,
        "iconStyle": {"borderColor": palette.soft},
        "emphasis": {"iconStyle": {"borderColor": palette.amber, "textFill": palette.text, "textPosition": "right"}},
        "feature": {"brush": {"type": [*titles], "title": titles}},
    }


def _brush(palette: Palette) -> Option:
    """What is dragged over; `outOfBrush` leaves everything else as it is."""
    return {
        "xAxisIndex": 0,
        "transformable": False,
        "throttleType": "debounce",
        "throttleDelay": 300,
        "outOfBrush": {},
        "brushStyle": {"borderWidth": 1, "borderColor": palette.amber, "color": f"{palette.amber}1F"},
    }


def _tooltip(palette: Palette) -> Option:
    return {
        "trigger": "item",
        "confine": True,
        "backgroundColor": palette.raised,
        "borderColor": palette.line,
        "textStyle": {"color": palette.text, "fontSize": 12},
        "extraCssText": "white-space: pre-line; max-width: 260px",
    }


def _now_series(day: Day, now: datetime, palette: Palette) -> list[Option]:
    """The red line of now: the mark of a series without points."""
    if not day.start <= now < day.end:
        return []
    mark = {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"color": palette.red, "type": "solid", "width": 2, "opacity": 1},
        "data": [{"xAxis": day.hours(now)}],
    }
    return [{"type": "scatter", "data": [], "silent": True, "markLine": mark}]


def _gap_series(day: Day, rows: Sequence[Row], gaps: Mapping[str, Sequence[Gap]], palette: Palette) -> list[Option]:
    """Thin hatched lines where windows were lost, below the plays."""
    spans = [
        _span(index, day.hours(gap.start), day.hours(gap.end), _gap(day, row, gap))
        for index, row in enumerate(rows)
        for gap in gaps.get(row.name, ())
    ]
    style = {"color": palette.gap, "width": GAP_PX, "type": [2, 3], "opacity": 0.8}
    return [_lines("gaps", spans, style, TOLD_OF_GAP)] if spans else []


def _gap(day: Day, row: Row, gap: Gap) -> str:
    why = _("not heard: {reason}").format(reason=states.word(gap.reason))
    times = f"{day.clock(_minute(gap.start))}–{day.clock(_minute(gap.end))}"
    return f"{row.title}\n{times}\n{why}"


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _play_series(day: Day, rows: Sequence[Row], plays: Sequence[Span]) -> list[Option]:
    """The plays of a row are a series, and those that are probable another, faded; a busy day has ten thousand."""
    sure, probable = _drawn(day, rows, plays)
    return [
        *(_bars(row, sure[row.name], 1) for row in rows),
        *(_bars(row, probable[row.name], PROBABLE_OPACITY) for row in rows if probable[row.name]),
    ]


def _drawn(day: Day, rows: Sequence[Row], plays: Sequence[Span]) -> tuple[dict[str, list[Drawn]], ...]:
    """The spans by stream, of plays that are certain and of those that are not."""
    found: tuple[dict[str, list[Drawn]], ...] = tuple({row.name: [] for row in rows} for _certainty in range(2))
    places = {row.name: place for place, row in enumerate(rows)}
    said = cache(lambda minute: day.clock(day.start + timedelta(minutes=minute)))
    last_h, added = day.hours(day.end), ("", " · " + states.word(PlayStatus.PROBABLE))
    for play in (play for play in plays if play.stream in places):
        start_h, end_h = play.start_s / 3600, min(play.end_s / 3600, last_h)
        what = f"{play.title}\n{play.artist}" if play.artist else play.title
        when = f"{said(play.start_s // 60)}–{said(play.end_s // 60)}{added[play.probable]}"
        found[play.probable][play.stream].append(_span(places[play.stream], start_h, end_h, what, when))
    return found


def _bars(row: Row, spans: Sequence[Drawn], opacity: float) -> Option:
    return _lines(row.title, spans, {"color": row.colour, "width": BAR_PX, "opacity": opacity}, TOLD_OF_PLAY)


def _span(place: int, first_h: float, last_h: float, *told: str) -> Drawn:
    """No dict, as Streamlit and ECharts look into every one; no list, as Python's collector does that."""
    return (round(first_h, 4), place), (round(max(last_h, first_h + SHORTEST_H), 4), place), *told


def _lines(name: str, spans: Sequence[Drawn], style: Option, told: str) -> Option:
    return {
        "type": "lines",
        "coordinateSystem": "cartesian2d",
        "name": name,
        "data": list(spans),
        "lineStyle": {**style, "cap": "butt"},
        "tooltip": {"formatter": told},
    }
