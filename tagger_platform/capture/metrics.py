"""What capture counts of itself while it runs: in memory, from zero at each start, as Prometheus expects of a process.

What belongs here: the metrics on capture's own port. What does not: the port (`server`), and what the platform counts
in the store (`api.metrics`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tagger_platform.model import Window
from tagger_platform.observe.metrics import exposition

GAP_BUCKETS = (0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0)
"""Seconds. Pipes are looked at twice a second, so a steady stream stays below the first."""


class Metrics:
    """The counters of one capture process. Adding is done by its one thread, reading by any."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._restarts = Counter(
            "ffmpeg_restarts_total",
            "Times that ffmpeg was started again, since capture started.",
            ["stream"],
            registry=self._registry,
        )
        self._gaps = Histogram(
            "ffmpeg_read_gap_seconds",
            "From one piece of audio of ffmpeg's to the next.",
            ["stream"],
            buckets=GAP_BUCKETS,
            registry=self._registry,
        )
        self._windows = Counter(
            "capture_windows_total",
            "Expected windows by what capture says of them, since it started.",
            ["stream", "state"],
            registry=self._registry,
        )

    def listening(self, stream: str) -> None:
        """Show the stream's counters from the start, so that the first restart is seen as a rise."""
        self._restarts.labels(stream)
        self._gaps.labels(stream)

    def restarted(self, stream: str) -> None:
        self._restarts.labels(stream).inc()

    def audio_came(self, stream: str, gap_s: float) -> None:
        self._gaps.labels(stream).observe(gap_s)

    def told(self, windows: Iterable[Window]) -> None:
        """Count the windows of a slot that is handed over."""
        for window in windows:
            self._windows.labels(window.stream, window.state).inc()

    def text(self, *, live: Mapping[str, bool], depths: Mapping[str, int]) -> bytes:
        """Everything as Prometheus reads it, with which streams are live and how much waits (by name) now."""
        active = GaugeMetricFamily("streams_active", "Whether audio comes: 1 if so, else 0.", labels=["stream"])
        for stream, is_live in live.items():
            active.add_metric([stream], is_live)
        waiting = GaugeMetricFamily(
            "queue_depth",
            "Windows that wait: for the disk (writer), and in the spool for a run (ready_windows).",
            labels=["name"],
        )
        for name, depth in depths.items():
            waiting.add_metric([name], depth)
        return exposition(_Moment(self._registry, (active, waiting)))


@dataclass(frozen=True)
class _Moment(Collector):
    """What was counted so far, and what is now."""

    counted: CollectorRegistry
    now: tuple[Metric, ...]

    def collect(self) -> Iterator[Metric]:
        yield from self.counted.collect()
        yield from self.now
