"""Readers and writers go on through deletion and upkeep, whoever is killed: the short form of the stress."""

from pathlib import Path

from benchmarks import store_stress


def test_every_row_is_there_once_and_nobody_meets_an_error(tmp_path: Path) -> None:
    found = store_stress.run(tmp_path, kills=10, seed=7)
    errors = tmp_path / "errors"
    assert found.errors == 0, errors.read_text()
    assert (found.lost, found.doubled, found.torn, found.miscounted) == (0, 0, 0, 0)
    assert found.rewritten > 0
    assert found.transactions > 0
    assert found.reads > 0
