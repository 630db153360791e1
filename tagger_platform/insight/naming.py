"""What clusters are called, and that they are called so tomorrow.

What belongs here: names made of what sets a cluster apart, and handing names and numbers on from the last night. What
does not: making clusters (`layout`). Terms are weighed by c-TF-IDF: how often a cluster has one, times log(1 + terms of
an average cluster / how often all have it), after Grootendorst's BERTopic.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from tagger_platform.store.clusters import NO_CLUSTER, Played

MOST_TERMS = 3
SAME = 0.5
"""A cluster is yesterday's if they share this much of the tracks that either has and that both nights know."""
WORD = re.compile(r"[^\W\d_]{3,}|[^\x00-\u024f\W\d_]{2,}")
"""Of Latin letters three or more; words of other scripts can be shorter."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for you your are was with that this from not but all can has have his her him she they them our out"
        " its don isn ain feat featuring remix version edit mix live remastered remaster original radio",
    )
)
"""Words that set nothing apart."""


def name_clusters(tracks: Sequence[Played], labels: Sequence[int], kept: Mapping[int, str]) -> dict[int, str]:
    """A name for each cluster: the one it has in `kept`, else the artists and words of its tracks that set it apart.

    No two of the new names are the same, and none is one that was kept.
    """
    terms: dict[int, Counter[str]] = {}
    for track, label in zip(tracks, labels, strict=True):
        if label != NO_CLUSTER:
            terms.setdefault(label, Counter()).update(_terms(track))
    everywhere = sum(terms.values(), Counter[str]())
    average = everywhere.total() / max(len(terms), 1)
    names = {label: kept[label] for label in terms if label in kept}
    for label in sorted(terms.keys() - kept.keys()):
        weights = {
            term: count / terms[label].total() * math.log(1 + average / everywhere[term])
            for term, count in terms[label].items()
        }
        names[label] = _name(sorted(weights, key=lambda term: (-weights[term], term)), taken=set(names.values()))
    return names


def _terms(track: Played) -> set[str]:
    """The artist as one term, and the words of the title: each once, so that a title's refrain counts once."""
    words = {word for word in WORD.findall(track.title.casefold()) if word not in COMMON}
    return {*words, track.artist} - {""}


def _name(ranked: Sequence[str], taken: set[str]) -> str:
    name = ", ".join(ranked[:MOST_TERMS]) or "without words"
    longer = (", ".join(ranked[:count]) for count in range(MOST_TERMS + 1, len(ranked) + 1))
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], longer, numbered) if one not in taken)


def same_as_before(now: Mapping[str, int], before: Mapping[str, int]) -> dict[int, int]:
    """Which of today's clusters are which of yesterday's. Both map track_ids to clusters."""
    shared = now.keys() & before.keys()
    pairs = Counter((now[track_id], before[track_id]) for track_id in shared)
    ours, theirs = Counter(now[track_id] for track_id in shared), Counter(before[track_id] for track_id in shared)
    rows, columns = sorted(set(ours) - {NO_CLUSTER}), sorted(set(theirs) - {NO_CLUSTER})
    if not rows or not columns:
        return {}
    overlap = np.array([[pairs[a, b] / (ours[a] + theirs[b] - pairs[a, b]) for b in columns] for a in rows])
    chosen = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
    return {rows[row]: columns[column] for row, column in chosen if overlap[row, column] >= SAME}
