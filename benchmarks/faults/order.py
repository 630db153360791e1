"""Slots run in every order, and at once: the plays must be those of the slots run one after the other.

    python -m benchmarks.faults.order [--slots 720] [--seed 1] [--json FILE]

Two processes run slots of one day on one store, both at the same moment: the same slot (`same`), slots that are
neighbours (`neighbours`), and each its own random order of all slots (`shuffled`: whoever runs a slot first, the other
runs it again, perhaps at the same time). The provider takes its time, so that a run can end while the other still asks.
"""

import argparse
import multiprocessing
import random
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

from benchmarks.faults.day import Table
from benchmarks.faults.figures import tell
from benchmarks.faults.platform import Log, Runner, environment, undisturbed
from tagger_platform.settings import Settings

STREAMS = 3
WAIT_S = 600
LONGEST_ANSWER_S = 0.1
ORDERS = ("same", "neighbours", "shuffled")


def plans(slots: int, order: str, seed: int) -> list[list[int]]:
    """The numbers of the slots that each of the two processes runs, step by step."""
    if order == "same":
        return [[*range(slots)], [*range(slots)]]
    if order == "neighbours":
        return [[*range(0, slots, 2)], [*range(1, slots, 2)]]
    return [random.Random(f"{seed} {who}").sample(range(slots), slots) for who in range(2)]


def at_once(folder: Path, environ: Mapping[str, str], slots: int, order: str, seed: int) -> Log:
    """What two processes make of the day's first slots."""
    settings = Settings.load({**environ, "DATA_DIR": str(folder / order)})
    runner = Runner(settings)
    runner.publish([runner.day.slot(number) for number in range(slots)])
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    workers = [
        context.Process(target=_run, args=(settings, plan, together), daemon=True) for plan in plans(slots, order, seed)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    if failed:
        raise AssertionError(f"a worker ended with {failed}")
    return runner.log()


def _run(settings: Settings, plan: Sequence[int], together: Barrier) -> None:
    runner = Runner(settings, Table(longest_s=LONGEST_ANSWER_S))
    for number in plan:
        together.wait(WAIT_S)
        runner.run(runner.day.slot(number))


def measure(folder: Path, slots: int, seed: int) -> dict[str, object]:
    environ = environment(folder, streams=STREAMS)
    expected = undisturbed(folder, environ, slots)
    found: dict[str, object] = {"slots": slots, "plays in order": len(expected.plays)}
    for order in ORDERS:
        log = at_once(folder, environ, slots, order, seed)
        found[f"differences, {order}"] = len(log.differences(expected))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=720)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.slots, options.seed)
    tell(result, options.json)


if __name__ == "__main__":
    main()
