"""The tracks nearest to a track."""

import numpy as np
import pytest

from tagger_platform.insight.similar import similar_tracks
from tagger_platform.insight.vectors import Vectors
from tagger_platform_tests.insight.fakes import NAME

ANGLES = {"a": 0.0, "b": 0.1, "c": 0.5, "d": 3.0}
VECTORS = Vectors(
    NAME, tuple(ANGLES), np.array([[np.cos(angle), np.sin(angle)] for angle in ANGLES.values()], np.float32)
)


@pytest.mark.parametrize(
    ("track_id", "most", "found"),
    [("a", 12, ["b", "c", "d"]), ("c", 2, ["b", "a"]), ("d", 1, ["c"]), ("b", 0, [])],
)
def test_the_nearest_come_first_and_never_the_track_itself(track_id: str, most: int, found: list[str]) -> None:
    similar = similar_tracks(VECTORS, track_id, most)
    assert similar is not None
    assert [other for other, _ in similar] == found
    for other, cosine in similar:
        assert cosine == pytest.approx(np.cos(ANGLES[track_id] - ANGLES[other]), abs=1e-6)


@pytest.mark.parametrize("track_id", ["", "aa", "z"])
def test_a_track_without_a_vector_has_no_answer(track_id: str) -> None:
    assert similar_tracks(VECTORS, track_id, 12) is None


def test_a_track_that_is_alone_has_none_like_it() -> None:
    alone = Vectors(NAME, ("a",), np.array([[1.0, 0.0]], np.float32))
    assert similar_tracks(alone, "a", 12) == []
