"""The promises of the log as Dagster shows them: told by every slot's run, broken when the store is."""

import dagster as dg
import pytest

from tagger_platform.definitions import build
from tagger_platform.defs.checks import ACCOUNTED, APART, KNOWN, freshness
from tagger_platform.model import Slot
from tagger_platform.settings import Settings
from tagger_platform_tests.defs.test_hot_path import FIRST, Hot, Table, answers
from tagger_platform_tests.test_spool import slots

BREAKS = {
    ACCOUNTED: "DELETE FROM windows WHERE stream = 'cafe' AND slot = (SELECT min(slot) FROM windows)",
    APART: "INSERT INTO plays SELECT * REPLACE ('again' AS play_id) FROM plays",
    KNOWN: "DELETE FROM tracks",
}


def told(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {found.check_name: found.passed for found in result.get_asset_check_evaluations()}


def ran(hot: Hot, *ran: Slot) -> dict[str, bool]:
    for slot in ran:
        hot.publish(slot)
        result = hot.run(slot)
    return told(result)


def test_a_run_tells_that_the_promises_are_kept(settings: Settings, instance: dg.DagsterInstance) -> None:
    hot = Hot(settings, instance, Table(answers(FIRST)))
    assert ran(hot, *slots(2)) == {ACCOUNTED: True, APART: True, KNOWN: True}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_run_tells_which_promise_was_broken(settings: Settings, instance: dg.DagsterInstance, broken: str) -> None:
    one, two, three = slots(3)
    hot = Hot(settings, instance, Table({**answers(one), **answers(three)}))
    ran(hot, one, two)
    with hot.platform.database.writing() as connection:
        connection.execute(BREAKS[broken])
    hot.publish(three, streams=("cafe",))  # a run that does not mend it on its way
    found = told(hot.run(three))
    assert [name for name, passed in found.items() if not passed] == [broken]


def test_what_is_missing_is_named(settings: Settings, instance: dg.DagsterInstance) -> None:
    one, _, three = slots(3)
    hot = Hot(settings, instance, Table({}))
    ran(hot, one)
    hot.publish(three)
    result = hot.run(three)
    (found,) = [check for check in result.get_asset_check_evaluations() if check.check_name == ACCOUNTED]
    assert not found.passed
    assert found.description is not None
    assert "kexp: 1 expected windows have no state, the first at 2026-11-21T03:32:00Z" in found.description


def test_windows_have_to_be_fresh(settings: Settings) -> None:
    (spec,) = [spec for spec in build(settings).resolve_all_asset_specs() if spec.key == dg.AssetKey("windows")]
    assert spec.freshness_policy == freshness(settings)
