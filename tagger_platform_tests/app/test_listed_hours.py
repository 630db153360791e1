"""Hours that are dragged over on the timeline, as quarters of the day."""

import pytest

from streamlit_app.listed_hours import drawn_hours


@pytest.mark.parametrize(
    ("dragged", "of_the_day", "hours"),
    [
        ((9, 12), 24, (9, 12)),
        ((15, 16.0966), 24, (15, 16)),
        ((9.2, 11.4), 24, (9.25, 11.5)),
        ((9.05, 9.07), 24, (9, 9.25)),
        ((23.99, 24), 24, (23.75, 24)),
        ((-0.5, 3), 24, (0, 3)),
        ((0.05, 24.3), 24, None),
        ((21, 24), 23, (21, 23)),
        ((24.2, 25), 25, (24.25, 25)),
        ((0, 24), 25, (0, 24)),
    ],
)
def test_what_is_dragged_over_is_the_nearest_quarters_within_the_day(dragged, of_the_day, hours):
    areas = [{"brush_index": 0, "brush_type": "lineX", "coord_range": list(dragged)}]
    assert drawn_hours(areas, of_the_day * 4) == hours


def test_nothing_dragged_over_is_all_hours():
    assert drawn_hours([], 96) is None
