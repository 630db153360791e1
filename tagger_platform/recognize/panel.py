"""Asking all providers about windows: in parallel, within limits, none able to stop another.

What belongs here: who is asked about which window of a slot, in what order, and what a failure becomes.
What does not: how a provider is asked (its own file), and what the answers mean (decide).
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tagger_platform.decide.evidence import Heard, heard
from tagger_platform.decide.plays import confirm_needed
from tagger_platform.model import Recognition, Status, Window
from tagger_platform.recognize.base import Metered, Recognizer

SILENT_BELOW_DBFS = -60.0
"""Level under which a window holds no music worth asking about; capture gives none (None) for digital silence."""

BUDGET_WAIT_S = 30.0
"""Seconds that a whole run waits for providers' budgets, so that what is on air is not delayed by it."""

ANSWER_WITHIN_S = 30.0
"""Seconds for one answer. Providers have shorter limits of their own; this one is for a provider that hangs."""

Job = tuple[Window, Path]
"""A captured window and its audio file."""

log = logging.getLogger(__name__)


async def ask(
    jobs: Sequence[Job], recognizers: Sequence[Recognizer], *, global_inflight: int, per_provider_inflight: int
) -> list[Recognition]:
    """Every provider's recognition of every window, by window and provider as given."""
    panel = _Panel(recognizers, global_inflight, per_provider_inflight)
    return await panel.ask_all((job, recognizer) for job in jobs for recognizer in recognizers)


async def ask_slot(
    jobs: Sequence[Job],
    recognizers: Sequence[Recognizer],
    *,
    earlier: Mapping[str, Sequence[Heard]],
    hop_s: int,
    tolerance: int,
    global_inflight: int,
    per_provider_inflight: int,
) -> list[Recognition]:
    """Recognitions of the windows of one slot, one per window and provider; each stream goes its own pace.

    A stream's first window of the slot goes to every provider. Its confirm windows go at once to those that ask every
    window; to the others one by one, and only while their hit in this slot is not confirmed by two_hit, seen together
    with the stream's `earlier` windows; otherwise they are not needed.
    """
    panel = _Panel(recognizers, global_inflight, per_provider_inflight)
    streams: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (job[0].stream, job[0].offset_s)):
        streams.setdefault(job[0].stream, []).append(job)

    async def ask_stream(stream: str, recognizer: Recognizer) -> list[Recognition]:
        primary, *confirm = streams[stream]
        if recognizer.asks_every_window:
            return await panel.ask_all((job, recognizer) for job in (primary, *confirm))
        given = [await panel.ask_one(primary, recognizer)]
        asked = [heard(primary[0], given, hop_s=hop_s)]
        for job in confirm:
            before = earlier.get(stream, ())
            if confirm_needed(before, asked, provider=recognizer.name, tolerance=tolerance):
                given.append(await panel.ask_one(job, recognizer))
                asked.append(heard(job[0], given[-1:], hop_s=hop_s))
            else:
                given.append(Recognition(job[0].window_id, recognizer.name, Status.NOT_NEEDED))
        return given

    found = await asyncio.gather(*(ask_stream(stream, recognizer) for stream in streams for recognizer in recognizers))
    return [recognition for given in found for recognition in given]


def is_silent(window: Window) -> bool:
    return window.level_dbfs is None or window.level_dbfs < SILENT_BELOW_DBFS


class _Panel:
    """The limits of one run. Made inside it, because semaphores and deadlines belong to one event loop."""

    def __init__(self, recognizers: Sequence[Recognizer], global_inflight: int, per_provider_inflight: int) -> None:
        self._everyone = asyncio.Semaphore(global_inflight)
        self._each = {recognizer.name: asyncio.Semaphore(per_provider_inflight) for recognizer in recognizers}
        self._budget_until = time.monotonic() + BUDGET_WAIT_S

    async def ask_all(self, questions: Iterable[tuple[Job, Recognizer]]) -> list[Recognition]:
        return await asyncio.gather(*(self.ask_one(job, recognizer) for job, recognizer in questions))

    async def ask_one(self, job: Job, recognizer: Recognizer) -> Recognition:
        """The recognizer's answer, or the status that says why there is none: nothing is raised."""
        window, audio = job
        if is_silent(window):
            return Recognition(window.window_id, recognizer.name, Status.SILENT)
        try:
            if not await self._paid(recognizer):
                return Recognition(window.window_id, recognizer.name, Status.THROTTLED, detail="our own budget")
            async with self._each[recognizer.name], self._everyone:
                return await asyncio.wait_for(recognizer.recognize(window, audio), ANSWER_WITHIN_S)
        except TimeoutError:
            detail = f"no answer within {ANSWER_WITHIN_S:g} s"
            return Recognition(window.window_id, recognizer.name, Status.TIMEOUT, detail=detail)
        except Exception as error:
            log.exception("%s failed on %s", recognizer.name, window.window_id)
            detail = f"{type(error).__name__}: {error}"
            return Recognition(window.window_id, recognizer.name, Status.PROVIDER_DOWN, detail=detail)

    async def _paid(self, recognizer: Recognizer) -> bool:
        if not isinstance(recognizer, Metered):
            return True
        return await recognizer.pay(max(0.0, self._budget_until - time.monotonic()))
