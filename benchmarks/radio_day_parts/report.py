"""What the radio day says: figures as JSON, tables for people and for docs/benchmarks.md, and the check of CI.

What belongs here: adding up and showing. What does not: which play is which airing (`judge`).
Intervals hold 95 %: of shares the exact ones, of medians by bootstrap over airings.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np
from fingerprinting.score import RESAMPLES, SURE, rate

from radio_day_parts.judge import Found, Verdict
from radio_day_parts.programme import AD, CONDITIONS, JINGLE, SONG_CONDITIONS
from radio_day_parts.shazam import Cost

Figures = dict[str, Any]
MEASURES = ("precision", "songs", "jingles and ads")
ALIKE_S = 0.1
"""Medians of starts below this are as good as each other."""


def log_figures(verdicts: Sequence[Verdict], possible: float | None) -> Figures:
    """Of one way of cutting windows. `possible` is the share of songs that its windows can hear twice."""
    found = [one for verdict in verdicts for one in verdict.found]
    plays, wrong = sum(one.plays for one in verdicts), sum(len(one.wrong) for one in verdicts)
    songs = [one for one in found if one.airing.condition in SONG_CONDITIONS]
    recall = _recall(found)
    precision = rate(plays - wrong, plays)
    told: Figures = {
        "plays": plays,
        "precision": asdict(precision),
        "recall": recall,
        "F1": round(2 * precision.value * recall["value"] / max(precision.value + recall["value"], 1e-9), 4),
        "songs": _recall(songs),
        "jingles and ads": _recall([one for one in found if one.airing.condition in (JINGLE, AD)]),
        "split": sum(one.splits for one in verdicts),
        "merged": sum(one.merged for one in found),
        "wrong": [f"{play.title} at {play.start_s:.0f} s" for one in verdicts for play in one.wrong],
        "unknown as known": sum(one.unknown_as_known for one in verdicts),
        "errors": _errors(found),
        "conditions": {
            f"{name}, {'64 kbit/s' if coded else 'clean'}": _recall(group) | {"errors": _errors(group)}
            for name in CONDITIONS
            for coded in (False, True)
            if (group := [one for one in found if one.airing.condition == name and one.coded is coded])
        },
    }
    return told if possible is None else told | {"songs that can be heard twice": round(possible, 4)}


def _recall(found: Sequence[Found]) -> Figures:
    return {"airings": len(found), **asdict(rate(sum(one.play is not None for one in found), max(1, len(found))))}


def _errors(found: Sequence[Found]) -> Figures:
    """Of airings that were recorded as a whole."""
    whole = [one for one in found if one.undisturbed]
    return {
        "start": _spread([abs(one.start_error_s) for one in whole if one.start_error_s is not None]),
        "end": _spread([abs(one.end_error_s) for one in whole if one.end_error_s is not None]),
    }


def _spread(errors: Sequence[float]) -> Figures | None:
    if not errors:
        return None
    drawn = np.random.default_rng(0).choice(np.asarray(errors), (RESAMPLES, len(errors)))
    high = float(np.quantile(np.median(drawn, axis=1), (1 + SURE) / 2))
    return {
        "median": round(median(errors), 2),
        "high": round(high, 2),
        "p95": round(float(np.quantile(errors, 0.95)), 2),
    }


def cost_figures(cost: Cost) -> Figures:
    return {
        "songs": cost.songs,
        "recall": asdict(rate(cost.found, cost.songs)),
        "wrong": cost.wrong,
        "requests per stream-hour": round(cost.requests_per_stream_hour, 1),
        "not paid for": cost.throttled,
    }


def tables(told: Figures) -> list[list[list[str]]]:
    """The logs beside each other, their conditions, what windows can hear, and what Shazam would cost."""
    return [_summary(told), _conditions(told), _ceilings(told), _costs(told)]


def _summary(told: Figures) -> list[list[str]]:
    logs = told["logs"]
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("precision", lambda log: f"{_per_cent(log['precision'])} of {log['plays']} plays"),
        ("recall", lambda log: _of(log["recall"])),
        ("F1", lambda log: f"{log['F1']:.3f}"),
        ("recall of songs", lambda log: _of(log["songs"])),
        ("songs that can be heard twice", lambda log: _share(log.get("songs that can be heard twice"))),
        ("recall of jingles and ads", lambda log: _of(log["jingles and ads"])),
        ("start error, median / p95", lambda log: _error(log["errors"]["start"])),
        ("end error, median / p95", lambda log: _error(log["errors"]["end"])),
        ("split / merged plays", lambda log: f"{log['split']} / {log['merged']}"),
        ("wrong plays / of unknown songs", lambda log: f"{len(log['wrong'])} / {log['unknown as known']}"),
        ("times faster than the radio", lambda log: f"{log['speed']:.0f}"),
    ]
    return [["", *logs], *([name, *(show(log) for log in logs.values())] for name, show in rows)]


def _conditions(told: Figures) -> list[list[str]]:
    logs = told["logs"]
    header = ["condition", *(f"{name}: {what}" for name in logs for what in ("recall", "start", "end"))]
    rows = [header]
    for condition in next(iter(logs.values()))["conditions"]:
        row = [condition]
        for log in logs.values():
            own = log["conditions"][condition]
            row += [_of(own), _error(own["errors"]["start"]), _error(own["errors"]["end"])]
        rows.append(row)
    return rows


def _ceilings(told: Figures) -> list[list[str]]:
    header = ["windows at", *(f"a song of {seconds} s" for seconds in next(iter(told["ceilings"].values())))]
    return [header, *([name, *map(_share, row.values())] for name, row in told["ceilings"].items())]


def _costs(told: Figures) -> list[list[str]]:
    rows = [["Shazam's stand-in asked at", "recall", "wrong", "requests per stream-hour", "not paid for"]]
    for name, cost in told["shazam"].items():
        paid = [str(cost["wrong"]), str(cost["requests per stream-hour"]), str(cost["not paid for"])]
        rows.append([name, _per_cent(cost["recall"]), *paid])
    return rows


def facts(told: Figures) -> str:
    return (
        f"{told['streams']} streams of {told['hours']:g} h, {told['items']} items in the catalogue and "
        f"{told['unknown']} songs that are not; half of the streams at 64 kbit/s. Recall and precision are of "
        "confirmed plays, per cent with 95 % intervals; errors in seconds, of airings that were recorded whole. "
        "The stand-in: 5 streams of songs of 200 s, 4 requests a minute, 90 % of such windows named."
    )


def regressions(told: Figures, recorded: Figures) -> list[str]:
    """What is worse than recorded by more than the recorded interval, in sentences."""
    found = []
    for name, then in recorded["logs"].items():
        now = told["logs"][name]
        for measure in MEASURES:
            if now[measure]["value"] < then[measure]["low"]:
                found.append(f"{name}: {measure} fell to {_per_cent(now[measure])}, was {_per_cent(then[measure])}.")
        new, old = now["errors"]["start"], then["errors"]["start"]
        if new["median"] > max(old["high"], ALIKE_S):
            found.append(f"{name}: the median start error rose to {new['median']} s, was {old['median']} s.")
    for name, then in recorded["shazam"].items():
        new, old = told["shazam"][name]["recall"], then["recall"]
        if new["value"] < old["low"]:
            found.append(f"Shazam at {name}: recall fell to {_per_cent(new)}, was {_per_cent(old)}.")
    return found


def _of(share: Figures) -> str:
    return f"{_per_cent(share)} of {share['airings']}"


def _per_cent(share: Figures) -> str:
    return f"{share['value'] * 100:.1f} ({share['low'] * 100:.0f}-{share['high'] * 100:.0f})"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _error(spread: Figures | None) -> str:
    return "" if spread is None else f"{spread['median']:.2f} / {spread['p95']:.2f}"
