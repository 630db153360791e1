"""Plays of a track by day, as a chart.

What belongs here: the ECharts option, as plain data. What does not: counting (`store.track_reports`), Streamlit. Pure.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from streamlit_app import formats
from streamlit_app.ui.theme import Palette

HEIGHT_PX = 170


def option(by_day: Sequence[int], last_day: date, palette: Palette) -> dict[str, Any]:
    """The chart of plays on each day up to `last_day`. Days are names: a time axis would follow the browser's zone."""
    days = [last_day - timedelta(days=shift) for shift in reversed(range(len(by_day)))]
    text = {"color": palette.muted, "fontSize": 11}
    hidden = {"show": False}
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "grid": {"left": 40, "right": 8, "top": 10, "bottom": 26, "containLabel": False, "outerBoundsMode": "none"},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "formatter": "{b}: {c}",
            "backgroundColor": palette.raised,
            "borderColor": palette.line,
            "textStyle": {"color": palette.text, "fontSize": 12},
        },
        "xAxis": {
            "type": "category",
            "data": [formats.short_day(day) for day in days],
            "axisTick": hidden,
            "axisLine": {"lineStyle": {"color": palette.line}},
            "axisLabel": text,
        },
        "yAxis": {
            "type": "value",
            "minInterval": 1,
            "axisLabel": text,
            "splitLine": {"lineStyle": {"color": palette.line}},
        },
        "series": [
            {"type": "bar", "data": list(by_day), "itemStyle": {"color": palette.amber}, "barCategoryGap": "20%"}
        ],
    }
