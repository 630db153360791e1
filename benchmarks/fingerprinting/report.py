"""What the benchmark says: figures as JSON, a table for people, the table in docs/benchmarks.md, and the check of CI.

What belongs here: putting figures together and showing them. What does not: how a figure is made (`score`).
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from fingerprinting.conditions import CONDITIONS
from fingerprinting.corpus import Corpus
from fingerprinting.queries import SHORT_S, WINDOW_S
from fingerprinting.relatives import Relatives
from fingerprinting.score import Judge, Share, false_alarms, rate, shares, threshold_for
from fingerprinting.systems import OURS
from fingerprinting.work import NEGATIVES, Results

LENGTHS = {"12 s": WINDOW_S, "5 s": SHORT_S}
MEASURES = {"top1": "top-1", "recall": "recall at the threshold"}

Figures = dict[str, Any]


def figures(corpus: Corpus, relatives: Relatives, all_results: Sequence[Results]) -> Figures:
    """Everything that is told, of ours first: its false alarms set the peers' thresholds."""
    ours = all_results[0]
    alarms, negatives = false_alarms(ours, Judge(relatives, 0.0))
    judges = [Judge(relatives, threshold_for(results, alarms / negatives)) for results in all_results]
    return {
        "tracks": len(corpus.tracks),
        "hours": round(corpus.hours, 2),
        "queries": sum(row.kind == "clean" and row.seconds == WINDOW_S for row in ours.rows),
        "negatives": negatives,
        "systems": {
            results.name: _of_system(results, judge, corpus.hours)
            for results, judge in zip(all_results, judges, strict=True)
        },
    }


def _of_system(results: Results, judge: Judge, hours: float) -> Figures:
    alarms, asked = false_alarms(results, judge)
    told: Figures = {
        "threshold": judge.threshold,
        "false alarms": {"count": alarms, "of": asked, **asdict(rate(alarms, asked))},
    }
    for name, seconds in LENGTHS.items():
        rows = [row for row in results.rows if row.kind != NEGATIVES and row.seconds == seconds]
        exact = [row for row in rows if judge.exactly(row)]
        told[name] = {
            "top1": _shown(shares(rows, judge.right)),
            "recall": _shown(shares(rows, judge.recalled)),
            "top1, relatives wrong": asdict(shares(rows, judge.exactly)["over all"]),
            "wrong and accepted": sum(map(judge.wrongly_accepted, rows)),
            "offset within 0.5 s, of exact answers": round(fmean(map(judge.in_place, exact)), 4),
        }
    return told | {"cost": _cost(results, hours)}


def _shown(found: dict[str, Share]) -> Figures:
    return {name: asdict(share) for name, share in found.items()}


def _cost(results: Results, hours: float) -> Figures:
    """CPU-ms: of clean windows (ours stops after its first pass), of all conditions, of windows nobody knows."""
    rows = [row for row in results.rows if row.seconds == WINDOW_S]
    groups = {
        "CPU-ms, clean window": [row for row in rows if row.kind == "clean"],
        "CPU-ms, all conditions": [row for row in rows if row.kind != NEGATIVES],
        "CPU-ms, unknown window": [row for row in rows if row.kind == NEGATIVES],
    }
    return {
        **{name: round(fmean(row.cpu_s for row in group) * 1000, 1) for name, group in groups.items()},
        "CPU-s per hour indexed": round(results.index_cpu_s / hours, 2),
        "MB per hour": round(results.index_bytes / hours / 1e6, 2),
    }


def table(told: Figures) -> list[list[str]]:
    """One row a condition: top-1 and recall of ours, top-1 of the others, in per cent."""
    systems = told["systems"]
    others = [name for name in systems if name != OURS]
    header = ["condition", "top-1, 12 s", "recall, 12 s", "top-1, 5 s", "recall, 5 s", *others]
    rows = [header]
    for condition in ("over all", *CONDITIONS):
        ours = [systems[OURS][length][measure][condition] for length in LENGTHS for measure in MEASURES]
        theirs = [systems[name]["12 s"]["top1"][condition] for name in others]
        rows.append([condition, *map(_per_cent, ours), *(f"{share['value']:.0%}" for share in theirs)])
    return rows


def summary(told: Figures) -> list[list[str]]:
    """One row a figure, one column a system."""
    systems = told["systems"].values()
    rows = [["", *told["systems"]]]
    for length in LENGTHS:
        for measure, words in MEASURES.items():
            found = [one[length][measure]["over all"] for one in systems]
            rows.append([f"{words}, {length}, over all", *map(_per_cent, found)])
        rows.append([f"wrong and accepted, {length}", *(str(one[length]["wrong and accepted"]) for one in systems)])
    alarms = [one["false alarms"] for one in systems]
    rows.append(["false alarms", *(f"{one['count']} of {one['of']}" for one in alarms)])
    rows.append(["their rate is at most", *(f"{one['high']:.2%}" for one in alarms)])
    for name in told["systems"][OURS]["cost"]:
        rows.append([name, *(str(one["cost"][name]) for one in systems)])
    return rows


def text(rows: Sequence[Sequence[str]]) -> str:
    """Columns for a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def write_markdown(file: Path, mark: str, parts: Sequence[str]) -> None:
    """Put `parts` between the marks called `mark` of `file`; both are made if they are not there."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    content = file.read_text() if file.exists() else "# Benchmarks\n"
    before, _, rest = content.partition(begin)
    _, _, after = rest.partition(end)
    file.write_text(before.rstrip() + "\n\n" + "\n\n".join([begin, *parts, end]) + (after or "\n"))


def tables(told: Figures) -> list[str]:
    """The paragraphs of docs/benchmarks.md."""
    facts = (
        f"{told['tracks']} tracks, {told['hours']:.1f} h; {told['queries']} queries a condition and length; "
        f"{told['negatives']} negatives. Per cent, with 95 % intervals clustered by track. The other systems stand at "
        "the threshold that their negatives (the first 2,000) exceed as often as ours does with all."
    )
    return [facts, markdown(summary(told)), markdown(table(told))]


def regressions(told: Figures, recorded: Figures) -> list[str]:
    """What of ours is worse than recorded by more than the recorded interval, in sentences."""
    now, then = told["systems"][OURS], recorded["systems"][OURS]
    found = []
    for length in LENGTHS:
        for measure, words in MEASURES.items():
            new, old = (one[length][measure]["over all"] for one in (now, then))
            if new["value"] < old["low"]:
                found.append(
                    f"{words} of {length} windows fell to {_per_cent(new)} %; recorded are {_per_cent(old)} %."
                )
    new, old = now["false alarms"], then["false alarms"]
    if new["value"] > old["high"]:
        found.append(
            f"False alarms rose to {new['value']:.2%} of the negatives; recorded are at most {old['high']:.2%}."
        )
    return found


def _per_cent(share: dict[str, float]) -> str:
    return f"{share['value'] * 100:.1f} ({share['low'] * 100:.0f}-{share['high'] * 100:.0f})"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
