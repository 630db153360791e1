"""The decision: what was heard -> what was played, and how much was heard at all. Pure, versioned, explained.

`decide` turns a stream's windows into plays; `window_state` and `coverage` account for every expected window.
"""

from tagger_platform.decide.coverage import Coverage, Gap, coverage, window_state
from tagger_platform.decide.evidence import Heard, heard
from tagger_platform.decide.identity import Difference, carry_over, difference
from tagger_platform.decide.linking import Links, normal_text
from tagger_platform.decide.plays import confirm_needed, decide
from tagger_platform.decide.policies import POLICIES, Policy

__all__ = [
    "POLICIES",
    "Coverage",
    "Difference",
    "Gap",
    "Heard",
    "Links",
    "Policy",
    "carry_over",
    "confirm_needed",
    "coverage",
    "decide",
    "difference",
    "heard",
    "normal_text",
    "window_state",
]
