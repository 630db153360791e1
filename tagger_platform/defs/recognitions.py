"""Stage 2: ask the panel about every window of the slot that somebody has not answered yet."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import dagster as dg

from tagger_platform.audio import read_window
from tagger_platform.defs.platform import Platform
from tagger_platform.defs.search_index import make_findable
from tagger_platform.defs.slots import MOST_SLOTS, WINDOW_SLOTS, slots_of
from tagger_platform.defs.windows import STORE_RETRY, windows
from tagger_platform.errors import AudioError
from tagger_platform.model import Recognition, Slot, Window
from tagger_platform.observe import tracing
from tagger_platform.recognize.panel import ask_slot
from tagger_platform.store import slot_reads, writes
from tagger_platform.store.slot_reads import OpenQuestion

WINDOW_RATE = 16_000
"""Hz of the windows that capture writes: nothing to resample."""
SHORTEST_SHARE = 0.9
"""A window with less of its audio than this was damaged on the way, and no provider is bothered with it."""


@dg.asset(
    partitions_def=WINDOW_SLOTS,
    deps=[windows],
    group_name="hot_path",
    retry_policy=STORE_RETRY,
    backfill_policy=MOST_SLOTS,
)
@tracing.span("recognitions")
def recognitions(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """One answer per window and provider, or the reason why there is none."""
    counts = Counter[str](asked=0, corrupt=0, lost=0)
    for slot, questions in groupby(slot_reads.open_questions(platform.database, slots_of(context)), _slot):
        counts.update(_answer(platform, slot, list(questions)))
    return dg.MaterializeResult(metadata=dict(counts))


def _slot(question: OpenQuestion) -> Slot:
    return question.window.slot


def _answer(platform: Platform, slot: Slot, open_questions: Sequence[OpenQuestion]) -> Counter[str]:
    """Ask what is open of a slot and write the answers; how many windows were asked about, and each kind of answer."""
    platform.spool.hold(slot)
    readable, corrupt, lost = _by_audio(platform, [question.window for question in open_questions])
    asked_at = platform.clock()
    answered = {question.window.window_id: question.answered_by for question in open_questions}
    given = asyncio.run(_ask(platform, slot, readable, answered))
    make_findable(platform, given)
    with platform.database.writing() as connection:
        # Another run of the slot may have done it all meanwhile, and taken the audio away: what it found stands.
        still = {one.window.window_id: one.answered_by for one in slot_reads.open_questions_in(connection, [slot])}
        heard = [window for window, _ in readable if window.window_id in still]
        fresh = [one for one in given if one.provider not in still.get(one.window_id, {one.provider})]
        writes.write_recognitions(connection, heard, fresh, asked_at=asked_at)
        for window, problem in corrupt:
            if window.window_id in still:
                writes.mark_corrupt(connection, window, problem)
        writes.mark_expired(connection, [window.window_id for window in lost if window.window_id in still])
    counts = Counter(f"{answer.provider}: {answer.status}" for answer in given)
    return counts + Counter(asked=len(readable), corrupt=len(corrupt), lost=len(lost))


def _by_audio(
    platform: Platform, asked: Sequence[Window]
) -> tuple[list[tuple[Window, Path]], list[tuple[Window, str]], list[Window]]:
    """The windows with readable audio, those with unreadable audio and why, and those whose audio is gone."""
    readable: list[tuple[Window, Path]] = []
    corrupt: list[tuple[Window, str]] = []
    lost: list[Window] = []
    for window in asked:
        path = platform.audio(window)
        if path is None:
            lost.append(window)
            continue
        try:
            _check_audio(window, path)
            readable.append((window, path))
        except AudioError as error:
            corrupt.append((window, str(error)))
    return readable, corrupt, lost


def _check_audio(window: Window, path: Path) -> None:
    seconds = len(read_window(path, WINDOW_RATE)) / WINDOW_RATE
    if seconds < SHORTEST_SHARE * window.length_s:
        raise AudioError(f"{path.name} holds {seconds:.1f} s of audio instead of {window.length_s}")


async def _ask(
    platform: Platform, slot: Slot, jobs: Sequence[tuple[Window, Path]], answered: dict[str, frozenset[str]]
) -> list[Recognition]:
    """Ask about each window those who have not answered it; at the first run of a slot that is everyone."""
    return await ask_slot(
        jobs,
        platform.panel(),
        answered=answered,
        known=slot_reads.heard_until(platform.database, slot, platform.rules),
        late=platform.is_late(slot),
        hop_s=platform.settings.hop_s,
        tolerance=platform.settings.two_hit_hop_tolerance,
        global_inflight=platform.settings.global_max_inflight,
        per_provider_inflight=platform.settings.per_provider_max_inflight,
    )
