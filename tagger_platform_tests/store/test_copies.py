"""Copies of a file that changes while it is copied."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger_platform.store.copies import CHUNK, bring_up_to_date, contents, log_of
from tagger_platform.store.database import Database
from tagger_platform_tests import samples

PIECES = st.lists(st.sampled_from([b"a" * CHUNK, b"b" * CHUNK, b"", b"b", b"a" * (CHUNK - 1)]), max_size=4).map(
    b"".join
)


# One folder does for all examples: each writes both files anew.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(now=PIECES, copied=PIECES)
def test_whatever_the_copy_was_it_becomes_what_the_file_is(tmp_path: Path, now: bytes, copied: bytes) -> None:
    path, copy = tmp_path / "store", tmp_path / "copy"
    path.write_bytes(now)
    copy.write_bytes(copied)
    bring_up_to_date(path, copy)
    assert copy.read_bytes() == now
    assert not log_of(copy).exists()


def test_what_a_crash_left_in_the_write_ahead_log_comes_along(tmp_path: Path) -> None:
    path, copy = tmp_path / "store", tmp_path / "copy"
    for one in (path, copy):
        one.write_bytes(b"a")
    log_of(path).write_bytes(b"changes")
    bring_up_to_date(path, copy)
    assert log_of(copy).read_bytes() == b"changes"


def test_all_values_are_read_and_one_that_is_another_changes_the_sum_of_its_table_alone(tmp_path: Path) -> None:
    store = Database(tmp_path / "tagger.duckdb")
    samples.write_plays(store, [samples.play("kexp", datetime(2026, 11, 20, tzinfo=UTC))])
    found = []
    for _ in range(2):
        with store.writing() as connection:
            found.append(contents(connection))
            connection.execute("UPDATE plays SET confidence = 0.1")
    before, after = found
    assert before.rows == after.rows
    assert {name for name in before.sums if before.sums[name] != after.sums[name]} == {"plays"}
