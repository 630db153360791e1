"""How well the catalogue knows music, beside other systems, on real music with a fixed list of damages.

    python benchmarks/fingerprint.py [--short] [--json FILE] [--markdown FILE] [--check FILE]
    python benchmarks/fingerprint.py --relatives
    python benchmarks/fingerprint.py --growth

Music, voices and effects come from Debian packages (about 900 MB, once; `apt-get update` before), decoded into the
cache (6 GB). The whole run takes hours and needs fpcalc and `pip install audfprint2`. `--short` is what CI runs: ours
alone, 20 queries a condition, under 4 minutes; `--check` then compares it with the recorded figures.
`--relatives` decides anew which tracks are related, `--growth` measures catalogues of up to 100,000 tracks.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from fingerprinting import corpus, growth, relatives, report, systems
from fingerprinting.work import FULL, SHORT, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=corpus.CACHE)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path, help="the file whose table is written")
    parser.add_argument("--check", type=Path, help="the figures to compare with; exit code 1 if they were better")
    parser.add_argument("--relatives", action="store_true")
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    sounds = corpus.load(options.cache, options.short)
    print(f"{len(sounds.tracks)} tracks, {sounds.hours:.1f} h; {len(sounds.left_out)} files could not be decoded")
    if options.relatives:
        relatives.decide(sounds)
        return 0
    return (grow if options.growth else compare)(sounds, options)


def compare(sounds: corpus.Corpus, options: argparse.Namespace) -> int:
    known = relatives.load()
    names = [systems.OURS] if options.short else systems.NAMES
    plan = SHORT if options.short else FULL
    told = report.figures(sounds, known, [results(name, sounds, known, plan) for name in names])
    print(report.text(report.summary(told)), report.text(report.table(told)), sep="\n\n")
    write(options, told, "fingerprint", report.tables(told))
    worse = report.regressions(told, json.loads(options.check.read_text())) if options.check else []
    print(*worse, sep="\n")
    return 1 if worse else 0


def grow(sounds: corpus.Corpus, options: argparse.Namespace) -> int:
    taken = []
    for step in growth.steps(sounds, relatives.load()):
        print(step, flush=True)
        taken.append(step)
    write(options, [asdict(step) for step in taken], "fingerprint-growth", [report.markdown(growth.table(taken))])
    return 0


def write(options: argparse.Namespace, told: object, mark: str, parts: list[str]) -> None:
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    if options.markdown:
        report.write_markdown(options.markdown, mark, parts)


if __name__ == "__main__":
    sys.exit(main())
