"""``python -m tagger_platform_tests.fuzz --inputs 100000``: the long run, with figures for each target.

What belongs here: all targets together. What does not: what they are.
"""

import argparse
import sys
import time
import traceback

from tagger_platform_tests.fuzz import audio_headers, configuration, providers, requests_to_the_api, spool_files
from tagger_platform_tests.fuzz.target import run

TARGETS = [
    *configuration.TARGETS,
    *spool_files.TARGETS,
    *providers.TARGETS,
    *requests_to_the_api.TARGETS,
    *audio_headers.TARGETS,
]


def main() -> int:
    parser = argparse.ArgumentParser(description="Feeds damaged input to everything that reads what others wrote.")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", help="a target's name")
    asked = parser.parse_args()
    print(f"seed {asked.seed}\n{'target':28} {'inputs':>8} {'seconds':>8} {'slowest ms':>11}")
    total, failed = 0, []
    for target in (one for one in TARGETS if asked.only in (None, one.name)):
        try:
            figures = run(target, round(asked.inputs * target.share), asked.seed)
        except Exception as error:
            failed.append(target.name)
            print(f"{target.name:28} FAILED", flush=True)
            traceback.print_exception(error)  # Hypothesis has noted the shortest such input with it
            continue
        total += figures.inputs
        slowest_ms = figures.slowest_s * 1000
        print(f"{target.name:28} {figures.inputs:8} {figures.seconds:8.1f} {slowest_ms:11.1f}", flush=True)
    print(f"{total} inputs, {len(failed)} targets failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
