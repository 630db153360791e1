"""``GET METRICS_PATH``: the platform's metrics, derived from store, spool and budgets whenever somebody asks.

What belongs here: their names, help and labels. What does not: counting (`store.totals`), the requests of this process
(`api.requests`), and capture's own (`capture.metrics`). What the store says is read once for each of its versions.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tagger_platform.model import LATE_AFTER, CanaryOutcome, CanaryResult, Slot
from tagger_platform.observe.metrics import CONTENT_TYPE, exposition
from tagger_platform.recognize.breaker import Breaker, State
from tagger_platform.recognize.budget import Budget, breakers
from tagger_platform.recognize.providers import budgets
from tagger_platform.settings import Settings
from tagger_platform.spool import Pending, Spool
from tagger_platform.store import totals
from tagger_platform.store.database import Database
from tagger_platform.store.metrics import Snapshot, snapshot

COUNTERS = {
    totals.WINDOWS: (
        "Expected windows by the state they ended in. A window that may still be answered is not counted yet.",
        ("stream", "state"),
    ),
    totals.RECOGNITIONS: (
        "Questions to providers by what became of them, each time one was put or put off.",
        ("provider", "status"),
    ),
    totals.PLAYS: (
        "Plays logged. One that is decided anew in the place of another is not counted again.",
        ("stream", "provider"),
    ),
    totals.DELETED: ("Rows deleted because they were too old.", ("table",)),
}
HISTOGRAMS = {
    totals.LATENCY: ("How long providers took to answer.", "provider"),
    totals.RECOGNIZED_AFTER: (
        "From the end of a captured window to its first answer, whether that came live or late.",
        "stream",
    ),
}
BREAKER_STATES = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}


class PlatformCollector(Collector):
    """Asks the platform that `settings` describe."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._known: tuple[tuple[str, date], Snapshot] | None = None
        self._reading = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        known = self._snapshot()
        yield from _counters(known.totals)
        yield from _histograms(known.totals)
        yield from _gauges(known)
        yield from _canaries(known.canaries)
        yield _queues(self._settings, known.library_open)
        yield from _providers(budgets(self._settings), breakers(self._settings.budget_path))

    def _snapshot(self) -> Snapshot:
        """The store as it is, read again only when it, or the day, has changed."""
        tz = self._settings.tz
        with self._reading:
            key = (self._database.version(), datetime.now(tz).date())
            if self._known is None or self._known[0] != key:
                self._known = key, snapshot(self._database, key[1], tz)
            return self._known[1]


def _counters(counted: Mapping[str, Mapping[tuple[str, str], int]]) -> Iterator[Metric]:
    for name, (text, labels) in COUNTERS.items():
        family = CounterMetricFamily(name, text, labels=labels)
        for key, value in counted.get(name, {}).items():
            family.add_metric(key[: len(labels)], value)
        yield family


def _histograms(counted: Mapping[str, Mapping[tuple[str, str], int]]) -> Iterator[Metric]:
    for name, (text, label) in HISTOGRAMS.items():
        family = HistogramMetricFamily(name, text, labels=[label])
        found = counted.get(name, {})
        bounds = [*map(str, totals.BUCKETS[name]), totals.BEYOND]
        for whose in sorted({whose for whose, _ in found}):
            running = accumulate(found.get((whose, bound), 0) for bound in bounds)
            seconds = found.get((whose, totals.SUM_MS), 0) / 1000
            family.add_metric([whose], list(zip(bounds, running, strict=True)), seconds)
        yield family


def _gauges(known: Snapshot) -> Iterator[Metric]:
    coverage = GaugeMetricFamily(
        "coverage_ratio", "Share of the windows expected of the local day so far that were heard.", labels=["stream"]
    )
    for stream, ratio in known.coverage.items():
        coverage.add_metric([stream], ratio)
    yield coverage
    yield GaugeMetricFamily(
        "catalogue_tracks", "Items of the user's own catalogue that can be recognised.", known.catalogue_tracks
    )
    yield GaugeMetricFamily("embeddings_index_size", "Tracks that search by meaning can find.", known.embeddings)
    for name, ended_at in known.last_runs.items():
        told = f"When a run of {name} last came to its end."
        yield GaugeMetricFamily(f"{name}_last_run_timestamp_seconds", told, ended_at.timestamp())


def _canaries(sent: Iterable[CanaryResult]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "canary_up",
        "Whether the provider knew its canary, a clip that it should know, at last.",
        labels=["provider"],
    )
    at = GaugeMetricFamily(
        "canary_last_run_timestamp_seconds", "When the provider was last asked about its canary.", labels=["provider"]
    )
    for one in sent:
        if one.outcome is not CanaryOutcome.NOT_ASKED:
            up.add_metric([one.provider], not one.outcome.is_trouble)
            at.add_metric([one.provider], one.asked_at.timestamp())
    yield up
    yield at


def _queues(settings: Settings, library_open: int) -> Metric:
    spool = Spool(settings.spool_dir)
    ready, claimed, recorded = spool.ready(), spool.claimed(), spool.recorded()
    late_before = Slot(datetime.now(UTC) - LATE_AFTER).key
    depths = {
        "ready": len(ready),
        "claimed": len(claimed),
        "late": sum(key < late_before for key in {*ready, *claimed}),
        "recorded": len(recorded),
        "pending": Pending(settings.spool_dir / "pending", max_bytes=0).depth(),
        "library": library_open,
    }
    family = GaugeMetricFamily(
        "queue_depth",
        "What waits: slots that are ready, claimed by a run, late among these, recorded, or pending an answer; "
        "library: files to be fingerprinted.",
        labels=["name"],
    )
    for name, depth in depths.items():
        family.add_metric([name], depth)
    return family


def _providers(metered: Mapping[str, Budget], known: Mapping[str, Breaker]) -> Iterator[Metric]:
    left = GaugeMetricFamily(
        "provider_budget_remaining", "Questions that the provider may be asked at once now.", labels=["provider"]
    )
    state = GaugeMetricFamily(
        "breaker_state", "Whether the provider is asked: 0 closed, 1 half open, 2 open.", labels=["provider"]
    )
    for name, budget in metered.items():
        left.add_metric([name], budget.remaining())
        state.add_metric([name], BREAKER_STATES[known.get(name, Breaker()).state])
    yield left
    yield state


async def metrics(request: Request) -> Response:
    """All metrics of this process's registry."""
    body = await run_in_threadpool(exposition, request.app.state.registry)
    return Response(body, headers={"Content-Type": CONTENT_TYPE})
