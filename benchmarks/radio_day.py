"""Days of radio, made of real music with a known truth, through the real path: what the log gets right, and when.

    python benchmarks/radio_day.py [--short] [--json FILE] [--markdown FILE] [--check FILE]

Songs, jingles and advertisements are made of the corpus of benchmarks/fingerprint.py (which see), aired whole, cut,
cross-faded, talked over, twice in a row, clean and at 64 kbit/s, between talk, silence and songs that the catalogue
does not know, with outages. Every stream goes through `tagger tag-recording`, once with continuous windows and once
with windows at 0 and 30 s. Beside it: what such windows can hear at all, and what Shazam would have cost and found.
The whole run takes 6 streams of 4 hours; `--short` is what CI runs, under 4 minutes; `--check` then compares it with
the recorded figures.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fingerprinting import corpus, relatives
from fingerprinting.indexing import cpu_s
from fingerprinting.report import markdown, text, write_markdown
from radio_day_parts import air, log, report, sampling, shazam
from radio_day_parts.items import Shelf, shelve, stock, talk
from radio_day_parts.judge import Verdict, judged
from radio_day_parts.programme import SONG_CONDITIONS, Programme, compose

SEED = 20261121
CONTINUOUS, TWO = "continuous", "0,30"
SONG_S = 200.0
CEILING_S = (60, 90, 120, 150, 200, 300)
ENOUGH = {"songs named in whole windows only": float(shazam.WINDOW_S), "in 4.8 s of a window": sampling.ENOUGH_S}
"""How much of a song the stand-in needs; nobody knows of Shazam."""
ASKED_AT = {"0 s, no confirm window": (0,), "0,30 s": (0, 30), "0,30,60 s": (0, 30, 60)}


@dataclass(frozen=True)
class Plan:
    """How much radio is made, and for how many hours the stand-in is asked."""

    streams: int
    hours: float
    asked_hours: float


FULL = Plan(streams=6, hours=4.0, asked_hours=48.0)
SHORT = Plan(streams=2, hours=1.0, asked_hours=12.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=corpus.CACHE)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path, help="the file whose table is written")
    parser.add_argument("--check", type=Path, help="the figures to compare with; exit code 1 if they were better")
    options = parser.parse_args()
    sounds = corpus.load(options.cache, options.short)
    with tempfile.TemporaryDirectory() as folder:
        told = measure(sounds, SHORT if options.short else FULL, Path(folder))
    shown = report.tables(told)
    print(report.facts(told), *map(text, shown), f"{cpu_s():.0f} CPU-s in all", sep="\n\n")
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    if options.markdown:
        write_markdown(options.markdown, "radio-day", [report.facts(told), *map(markdown, shown)])
    worse = report.regressions(told, json.loads(options.check.read_text())) if options.check else []
    print(*worse, sep="\n")
    return 1 if worse else 0


def measure(sounds: corpus.Corpus, plan: Plan, folder: Path) -> report.Figures:
    shelf = stock(sounds, relatives.load(), folder / "items", SEED)
    beds = talk(sounds)
    programmes = [
        compose(f"radio{number}", shelf, plan.hours * 3600, coded=number % 2 == 1, seed=SEED + number)
        for number in range(plan.streams)
    ]
    recorded = [air.record(made, beds, folder / "air", SEED + number) for number, made in enumerate(programmes)]
    return {
        "streams": plan.streams,
        "hours": plan.hours,
        "items": len(shelf.known),
        "unknown": len(shelf.unknown),
        "logs": _logs(shelf, programmes, recorded, folder),
        "ceilings": _ceilings(log.settings_for(folder, TWO)),
        "shazam": {
            f"{at}, {words}": report.cost_figures(shazam.cost(offsets, plan.asked_hours, SONG_S, SEED, enough_s))
            for words, enough_s in ENOUGH.items()
            for at, offsets in ASKED_AT.items()
        },
    }


def _logs(
    shelf: Shelf, programmes: list[Programme], recorded: list[list[air.Recorded]], folder: Path
) -> dict[str, report.Figures]:
    first = log.settings_for(folder / f"data-{CONTINUOUS}", CONTINUOUS)
    log.fill_catalogue(first, shelve(shelf, folder / "shelf"))
    told = {}
    for settings, name in ((log.with_catalogue_of(first, TWO), TWO), (first, CONTINUOUS)):
        began = time.monotonic()
        verdicts, possible = [], []
        for number, (made, files) in enumerate(zip(programmes, recorded, strict=True)):
            phase_s = float(np.random.default_rng([SEED, 5, number]).uniform(0, settings.hop_s))
            verdict = judged(made, log.logged(settings, made.stream, log.begins(number, phase_s), files))
            verdicts.append(verdict)
            possible += _possible(made, verdict, phase_s, settings)
        seconds = time.monotonic() - began
        ceiling = None if name == CONTINUOUS else sum(possible) / max(1, len(possible))
        told[name] = report.log_figures(verdicts, ceiling)
        told[name]["speed"] = round(sum(made.seconds for made in programmes) / seconds, 1)
    return {name: told[name] for name in (CONTINUOUS, TWO)}


def _possible(made: Programme, verdict: Verdict, phase_s: float, settings: log.Settings) -> list[bool]:
    return [
        sampling.possible(made, one.airing, phase_s, settings.window_offsets, settings.hop_s, settings.window_s)
        for one in verdict.found
        if one.airing.condition in SONG_CONDITIONS
    ]


def _ceilings(settings: log.Settings) -> dict[str, dict[str, float]]:
    at = {"0 s": (0,), "0,30 s": (0, 30), "0,30,60 s": (0, 30, 60)}
    return {
        name: {
            str(seconds): round(sampling.ceiling(seconds, offsets, settings.hop_s, settings.window_s), 4)
            for seconds in CEILING_S
        }
        for name, offsets in at.items()
    }


if __name__ == "__main__":
    sys.exit(main())
