"""The sound map's chart: which colour dots have, what they tell, and which of them a drawn region holds."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlit_app import address, map_chart
from streamlit_app.address import Asked
from streamlit_app.map_chart import groups, inside, loop_of, option
from streamlit_app.ui.theme import DARK
from tagger_platform.store.map_report import Dot, SoundMap


def dot(number: int, x: float = 0.0, y: float = 0.0, cluster: int = 0, artist: str = "Band") -> Dot:
    return Dot(f"t{number}", f"Song {number}", artist, x, y, cluster, number)


MAP = SoundMap(
    date(2025, 11, 20),
    [dot(9, 1, 2), dot(8, 3, 4), dot(7, 5, 6, 11), dot(1, 7, 8, -1, "")],
    {0: "jazz, rain, and many more words that do not fit", 11: "rock"},
    {},
)


def test_dots_have_the_colour_of_their_cluster_and_those_in_none_lie_below_in_grey():
    found = groups(MAP, 10, None)
    assert {group.colour: [one.track_id for one in group.dots] for group in found} == {
        -1: ["t1"],
        0: ["t9", "t8"],
        1: ["t7"],
    }
    assert [group.colour for group in found] == [-1, 0, 1]
    assert [list(group.table["told"]) for group in found] == [
        ["Song 1\n1 play"],
        ["Song 9\nBand\n9 plays", "Song 8\nBand\n8 plays"],
        ["Song 7\nBand\n7 plays"],
    ]


def test_a_chosen_cluster_alone_is_not_grey_and_alone_has_its_name():
    found = groups(MAP, 10, 11)
    assert {group.colour: len(group.dots) for group in found} == {-1: 3, 1: 1}
    *_, names = option(MAP, found, 11, DARK)["series"]
    assert [one["name"] for one in names["data"]] == ["rock"]


def test_around_a_chosen_cluster_one_of_several_dots_is_drawn_where_they_are_many(monkeypatch):
    monkeypatch.setattr(map_chart, "BACKDROP", 10)
    many = SoundMap(MAP.night, [dot(number, cluster=number % 4) for number in range(45)], {0: "jazz", 1: "rock"}, {})
    assert map_chart.one_in(many) == 5
    assert {group.colour: len(group.dots) for group in groups(many, 10, 1)} == {-1: 7, 1: 11}
    assert sum(len(group.dots) for group in groups(many, 10, None)) == 45


def test_a_name_lies_amid_its_cluster_and_is_shortened():
    *_, names = option(MAP, groups(MAP, 10, None), None, DARK)["series"]
    first = names["data"][0]
    assert first["value"] == [2, 3]
    assert len(first["name"]) <= map_chart.LONGEST_NAME
    assert first["name"].endswith("…")


def test_a_map_without_clusters_is_drawn():
    alone = SoundMap(MAP.night, [dot(1, cluster=-1)], {}, {})
    *dots, names = option(alone, groups(alone, 10, None), None, DARK)["series"]
    assert (len(dots), names["data"]) == (1, [])


def box(left: float, right: float, low: float, high: float) -> map_chart.Area:
    return {"brush_type": "rect", "coord_range": [[left, right], [low, high]]}


def drawn(*corners: tuple[float, float]) -> map_chart.Area:
    return {"brush_type": "polygon", "coord_range": [list(corner) for corner in corners]}


L_SHAPE = [(0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4)]


@pytest.mark.parametrize(
    ("area", "held"),
    [
        (drawn(), []),
        (box(0.5, 3.5, 1, 5), [0, 1]),
        (drawn((0, 0), (2, 0), (2, 4), (0, 4)), [0]),
        (drawn((0, 0)), []),
        (drawn((10, 10), (11, 10), (11, 11)), []),
    ],
)
def test_a_region_holds_the_dots_within_it(area, held):
    assert inside(loop_of(area), MAP.dots) == [MAP.dots[number] for number in held]


def test_of_a_loop_with_many_corners_an_address_holds_some():
    angles = [math.tau * number / 1000 for number in range(1000)]
    circle = drawn(*((math.cos(angle), math.sin(angle)) for angle in angles))
    asked = Asked({"loop": address.loop(loop_of(circle))})
    assert len(asked.loop("loop")) <= map_chart.MOST_CORNERS
    assert inside(asked.loop("loop"), [dot(1, 0.99, 0.0), dot(2, 0.0, -0.99)])
    assert not inside(asked.loop("loop"), [dot(1, 1.01, 0.0), dot(2, 0.0, -1.01)])
    assert asked.problems == []


@pytest.mark.parametrize(
    ("x", "y", "held"), [(0.5, 3.0, True), (3.0, 0.5, True), (3.0, 3.0, False), (-1.0, 0.5, False)]
)
def test_a_loop_can_have_a_bay(x, y, held):
    assert bool(inside(L_SHAPE, [dot(1, x, y)])) is held


@given(
    corners=st.integers(3, 60),
    turn=st.floats(0, math.tau),
    distance=st.floats(0, 3),
    direction=st.floats(0, math.tau),
)
def test_a_round_loop_holds_what_is_nearer_to_its_middle_than_its_edge(corners, turn, distance, direction):
    angles = [turn + math.tau * number / corners for number in range(corners)]
    round_loop = [(math.cos(angle), math.sin(angle)) for angle in angles]
    within, beyond = math.cos(math.pi / corners) - 1e-6, 1 + 1e-6
    one = dot(1, distance * math.cos(direction), distance * math.sin(direction))
    if distance < within:
        assert inside(round_loop, [one]) == [one]
    elif distance > beyond:
        assert inside(round_loop, [one]) == []
