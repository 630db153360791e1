"""Asking all providers about windows: in parallel, within limits, none able to stop another.

What belongs here: who is asked about which window of a slot, in what order, and what a failure becomes.
What does not: how a provider is asked (its own file), and what the answers mean (decide).
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from tagger_platform.decide.evidence import Heard, heard
from tagger_platform.decide.plays import confirm_needed
from tagger_platform.model import UNANSWERED, Recognition, Status, Window
from tagger_platform.observe import tracing
from tagger_platform.observe.logs import bound
from tagger_platform.recognize.base import Metered, Recognizer
from tagger_platform.recognize.budget import Budget, Line

SILENT_BELOW_DBFS = -60.0
"""Level under which a window holds no music worth asking about; capture gives none (None) for digital silence."""

ANSWER_WITHIN_S = 30.0
"""Seconds for one answer. Providers have shorter limits of their own; this one is for a provider that hangs."""

WAITS_FOR_FIRST = "whether it is needed will be known when the slot's first window is answered"

Job = tuple[Window, Path]
"""A captured window and its audio file."""

log = logging.getLogger(__name__)


async def ask(
    jobs: Sequence[Job], recognizers: Sequence[Recognizer], *, global_inflight: int, per_provider_inflight: int
) -> list[Recognition]:
    """Every provider's recognition of every window, by window and provider as given."""
    panel = _Panel(recognizers, global_inflight, per_provider_inflight, late=False)
    return await panel.ask_all((job, recognizer) for job in jobs for recognizer in recognizers)


async def ask_slot(
    jobs: Sequence[Job],
    recognizers: Sequence[Recognizer],
    *,
    answered: Mapping[str, Collection[str]],
    known: Mapping[str, Sequence[Heard]],
    late: bool,
    hop_s: int,
    tolerance: int,
    global_inflight: int,
    per_provider_inflight: int,
) -> list[Recognition]:
    """Recognitions of the windows of one slot by those who have not answered them; each stream goes its own pace.

    `answered` names the providers that are done with a window (by window id), `known` what was heard of each stream
    before and in this slot, `late` whether the slot is no longer on air.

    A stream's first window of the slot goes to every provider. Its confirm windows go at once to those that ask every
    window; to the others one by one, and only while their hit in this slot is not confirmed by two_hit, seen together
    with what is known; otherwise they are not needed. While the first window has no answer, nobody can say: they wait.
    """
    panel = _Panel(recognizers, global_inflight, per_provider_inflight, late=late)
    streams: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (job[0].stream, job[0].offset_s)):
        streams.setdefault(job[0].stream, []).append(job)

    async def ask_stream(stream: str, recognizer: Recognizer) -> list[Recognition]:
        due = [job for job in streams[stream] if recognizer.name not in answered.get(job[0].window_id, ())]
        if recognizer.asks_every_window:
            return await panel.ask_all((job, recognizer) for job in due)
        return await _ask_in_order(panel, due, recognizer, known.get(stream, ()), hop_s=hop_s, tolerance=tolerance)

    found = await asyncio.gather(
        *(ask_stream(stream, recognizer) for recognizer in recognizers for stream in _in_turn(streams, recognizer))
    )
    return [recognition for given in found for recognition in given]


def _in_turn(streams: Iterable[str], recognizer: Recognizer) -> Iterable[str]:
    budget = _budget_of(recognizer)
    return budget.in_turn(streams) if budget else streams


async def _ask_in_order(
    panel: "_Panel", due: Sequence[Job], recognizer: Recognizer, known: Sequence[Heard], *, hop_s: int, tolerance: int
) -> list[Recognition]:
    """One stream's windows of a slot, asked of one provider as far as its answers make it necessary."""
    given: list[Recognition] = []
    in_slot = [one for one in known if due and one.start >= due[0][0].slot.start]
    for job in due:
        window_id = job[0].window_id
        began = any(one.asked(recognizer.name) for one in in_slot)
        if not began and any(one.status in UNANSWERED for one in given):
            given.append(Recognition(window_id, recognizer.name, Status.PENDING, detail=WAITS_FOR_FIRST))
        elif not (began or given) or confirm_needed(known, in_slot, provider=recognizer.name, tolerance=tolerance):
            given.append(await panel.ask_one(job, recognizer))
            in_slot.append(heard(job[0], given[-1:], hop_s=hop_s))
        else:
            given.append(Recognition(window_id, recognizer.name, Status.NOT_NEEDED))
    return given


def is_silent(window: Window) -> bool:
    return window.level_dbfs is None or window.level_dbfs < SILENT_BELOW_DBFS


def _budget_of(recognizer: Recognizer) -> Budget | None:
    return recognizer.budget if isinstance(recognizer, Metered) else None


class _Panel:
    """The limits of one run. Made inside it, because semaphores and lines belong to one event loop."""

    def __init__(
        self, recognizers: Sequence[Recognizer], global_inflight: int, per_provider_inflight: int, *, late: bool
    ) -> None:
        self._everyone = asyncio.Semaphore(global_inflight)
        self._each = {recognizer.name: asyncio.Semaphore(per_provider_inflight) for recognizer in recognizers}
        budgets = {recognizer.name: _budget_of(recognizer) for recognizer in recognizers}
        self._lines = {name: Line(budget, late=late) for name, budget in budgets.items() if budget}

    async def ask_all(self, questions: Iterable[tuple[Job, Recognizer]]) -> list[Recognition]:
        return await asyncio.gather(*(self.ask_one(job, recognizer) for job, recognizer in questions))

    async def ask_one(self, job: Job, recognizer: Recognizer) -> Recognition:
        """The recognizer's answer, or the status that says why there is none: nothing is raised."""
        window, _ = job
        if is_silent(window):
            return Recognition(window.window_id, recognizer.name, Status.SILENT)
        line = self._lines.get(recognizer.name)
        if line is None:
            return await self._answer(job, recognizer)
        try:
            if wait := await line.pay(window.stream):
                return Recognition(window.window_id, recognizer.name, wait.status, detail=wait.detail)
        except sqlite3.Error as error:
            return _failed(window, recognizer, error)
        given = await self._answer(job, recognizer)
        with contextlib.suppress(sqlite3.Error):  # the next question will tell
            line.told(given)
        return given

    async def _answer(self, job: Job, recognizer: Recognizer) -> Recognition:
        """Asks when there is room; what is asked of whom is on every line and span that comes of it."""
        asked = {"stream": job[0].stream, "window": job[0].window_id, "provider": recognizer.name}
        async with self._each[recognizer.name], self._everyone:
            with bound(**asked), tracing.span("provider", asked) as span:
                began = time.monotonic()
                given = await answer_of(job, recognizer)
                span.set({"status": given.status.value, "latency_ms": round((time.monotonic() - began) * 1000, 1)})
                return given


async def answer_of(job: Job, recognizer: Recognizer) -> Recognition:
    """What the recognizer makes of the window, or the status that says why nothing: nothing is raised, nothing paid."""
    window, audio = job
    try:
        return await asyncio.wait_for(recognizer.recognize(window, audio), ANSWER_WITHIN_S)
    except TimeoutError:
        detail = f"no answer within {ANSWER_WITHIN_S:g} s"
        return Recognition(window.window_id, recognizer.name, Status.TIMEOUT, detail=detail)
    except Exception as error:
        return _failed(window, recognizer, error)


def _failed(window: Window, recognizer: Recognizer, error: Exception) -> Recognition:
    log.error("%s failed on %s", recognizer.name, window.window_id, exc_info=error)
    detail = f"{type(error).__name__}: {error}"
    return Recognition(window.window_id, recognizer.name, Status.PROVIDER_DOWN, detail=detail)
