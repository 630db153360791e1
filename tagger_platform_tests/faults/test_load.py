"""Twenty streams through spool, store and plays; the long form is `python -m benchmarks.load`."""

from pathlib import Path

from benchmarks.faults.platform import Runner, broken_promises, environment
from tagger_platform.settings import Settings

STREAMS, SLOTS = 20, 3


def test_a_backlog_of_twenty_streams_drains_and_every_window_is_accounted_for(tmp_path: Path) -> None:
    runner = Runner(Settings.load(environment(tmp_path, streams=STREAMS)))
    slots = [runner.day.slot(number) for number in range(SLOTS)]
    runner.publish(slots)
    for slot in slots:
        runner.run(slot)
    log = runner.log()
    assert {*runner.platform.spool.ready(), *runner.platform.spool.claimed()} == set()
    assert len(log.states) == STREAMS * SLOTS * len(runner.settings.window_offsets)
    assert {play.stream for play in log.plays} >= {f"s{number}" for number in range(1, STREAMS // 2)}
    assert broken_promises(runner.settings, slots[0].start, slots[-1].next(runner.settings.hop_s).start) == []
