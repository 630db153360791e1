"""A real file system that is full again and again, in short; in long: `python -m benchmarks.faults.full_disk`."""

import json
from pathlib import Path

from benchmarks.faults.full_disk import in_a_namespace
from tagger_platform_tests.journeys.processes import tell

TIMES = 1


def test_whenever_the_disk_was_full_the_log_is_that_of_a_calm_day(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    assert in_a_namespace(["--times", str(TIMES), "--seed", "8", "--json", str(path)]) == 0
    outcome = json.loads(path.read_text())
    tell(str(outcome))
    assert outcome["times full"] == TIMES
    assert outcome["plays"] > 0
    for name in ("differences from a calm day", "broken promises", "unreadable"):
        assert outcome[name] == []
