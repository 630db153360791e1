"""Who is related to whom: the same recording, a remix, a stem, another master, a piece made of the same loops.

What belongs here: deciding it by three systems that are independent of ours, and reading what was decided. What does
not: our own scores, which must not say what our false alarms are.

A track is cut into windows; a window that one of the systems finds in another track, above its threshold, makes the two
relatives. What is decided is kept beside this file, so that CI needs none of them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scipy.signal import resample_poly

from fingerprinting.corpus import Corpus, Track
from fingerprinting.indexing import indexed
from fingerprinting.pcm import RATE, Pcm, to_float, to_pcm
from fingerprinting.queries import QUERY_RATE, WINDOW_S, loud
from fingerprinting.waveform import correlations

DECIDED = Path(__file__).with_name("relatives.json")
HOP_S = 12.0
"""Seconds from window to window: they do not overlap."""
WAVEFORM = "waveform"
THRESHOLDS = {"chromaprint": 0.80, "audfprint_d70": 25.0, WAVEFORM: 0.5}
"""Share of equal bits; hashes that agree; correlation. Tracks of two authors are hardly ever relatives. Of 4,400
windows asked once 188 reached 25 hashes, none in another package (7 % of those with 16 to 25 did), and 101 reached 80
% of the bits, two of them in another package (a quarter of those from 78 to 80 % did)."""
ONE_AUTHOR = {"chromaprint": 0.76, "audfprint_d70": 16.0, WAVEFORM: 0.2}
"""The same for two tracks of one author, who makes several pieces of the same loops and stems. Waveforms of unrelated
tracks reach 0.19 where an orchestra holds long notes, and most stay below 0.1. Chance falls into the own package
about once in ten: of 209 windows with 16 to 25 hashes 193 did, of 80 with 76 to 80 % of the bits 52 did."""
SERIES = dict.fromkeys(("gunroar-data", "mu-cade-data", "titanion-data", "torus-trooper-data"), "aba-games")
"""Packages of one author; any other package is one of its own."""


@dataclass(frozen=True)
class Relatives:
    """For each track that has any, the ids of its relatives, and of its `kin`: also what only shares loops with it, or
    with one that does, and so was made of the same samples."""

    known: dict[str, frozenset[str]]
    kin: dict[str, frozenset[str]]

    def group(self, track_id: str) -> frozenset[str]:
        """The track and its relatives: any of them is a right answer."""
        return self.known.get(track_id, frozenset()) | {track_id}

    def family(self, track_id: str) -> frozenset[str]:
        """The track and its kin: what is masked where no answer is right."""
        return self.kin.get(track_id, frozenset()) | {track_id}


def load() -> Relatives:
    """What was decided for the whole corpus; it holds for parts of it too."""
    pairs = json.loads(DECIDED.read_text())["pairs"]
    sure = [pair for pair in pairs if any(score >= THRESHOLDS[name] for name, score in pair[2].items())]
    return Relatives(_by_track(sure), _closed(_by_track(pairs)))


def _by_track(pairs: list[tuple[str, str, dict[str, float]]]) -> dict[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for one, other, _ in pairs:
        known.setdefault(one, set()).add(other)
        known.setdefault(other, set()).add(one)
    return {track_id: frozenset(others) for track_id, others in known.items()}


def _closed(known: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """With the kin of kin."""
    families: dict[str, frozenset[str]] = {}
    for track_id in known:
        if track_id not in families:
            found: set[str] = set()
            waiting = frozenset({track_id})
            while waiting:
                found |= waiting
                waiting = frozenset().union(*(known[one] for one in waiting)) - found
            families |= dict.fromkeys(found, frozenset(found))
    return families


def decide(corpus: Corpus) -> None:
    """Ask every system about every track, and write down the pairs with their best scores."""
    best: dict[tuple[str, str], dict[str, float]] = {}
    for name in THRESHOLDS:
        for pair, score in _correlated(corpus) if name == WAVEFORM else _found(corpus, name):
            scores = best.setdefault(pair, {})
            scores[name] = max(score, scores.get(name, 0.0))
    pairs = [[*pair, best[pair]] for pair in sorted(best)]
    decided = {"thresholds": THRESHOLDS, "one_author": ONE_AUTHOR, "pairs": pairs}
    DECIDED.write_text(json.dumps(decided, indent=1) + "\n")


def _found(corpus: Corpus, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    """Pairs (in order of name) and scores, until a window finds no more relatives."""
    system = indexed(name, corpus).system
    for track in corpus.tracks:
        for window in _windows(track):
            masked = frozenset({track.id})
            while (answer := system.query(window, masked)).track_id and answer.score >= ONE_AUTHOR[name]:
                if _author(track.id) == _author(answer.track_id) or answer.score >= THRESHOLDS[name]:
                    yield (min(track.id, answer.track_id), max(track.id, answer.track_id)), round(answer.score, 3)
                masked |= {answer.track_id}


def _correlated(corpus: Corpus) -> Iterator[tuple[tuple[str, str], float]]:
    for pair, score in correlations(corpus, {track.id: _author(track.id) for track in corpus.tracks}):
        if score >= ONE_AUTHOR[WAVEFORM]:
            yield pair, round(score, 3)


def _author(track_id: str) -> str:
    package = track_id.partition("/")[0]
    return SERIES.get(package, package)


def _windows(track: Track) -> Iterator[Pcm]:
    samples = track.samples()
    size = int(WINDOW_S * RATE)
    for start in range(0, len(samples) - size + 1, int(HOP_S * RATE)):
        part = to_float(samples[start : start + size])
        if loud(part):  # silences are alike, and never asked for
            yield to_pcm(resample_poly(part, QUERY_RATE // 100, RATE // 100))
