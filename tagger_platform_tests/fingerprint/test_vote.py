"""Where in a window a line was heard: a few chance hits do not move its edges."""

import numpy as np
import pytest

from tagger_platform.fingerprint.landmarks import TICK_S
from tagger_platform.fingerprint.vote import _extent


@pytest.mark.parametrize("stray_s", [[], [11.0, 11.5], [0.0, 0.1], [0.0, 11.9]])
def test_a_line_is_heard_where_its_hits_are_dense_whatever_a_few_strays_say(stray_s):
    heard = np.array([*np.linspace(2.0, 6.0, 200), *stray_s]) / TICK_S
    assert _extent(heard, np.ones(len(heard))) == pytest.approx((2.0, 6.0), abs=0.2)


def test_a_single_hit_is_heard_at_its_instant():
    assert _extent(np.array([100.0]), np.array([0.4])) == (100 * TICK_S, 100 * TICK_S)
