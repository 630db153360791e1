"""Sending spans to a collector, which may be slow, silly or gone.

What belongs here: the exporter, how long it tries, and what it says. What does not: spans (`tracing`, which alone
imports this).
"""

import logging
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from tagger_platform.observe.logs import redact

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.75
"""seconds for one batch: less than the exporter's shortest pause before a second attempt (0.8 s), so that it makes one
attempt and a run that ends never waits for a pause"""


class Sender(SpanExporter):
    """OTLP over HTTP with one attempt a batch, and one line of the log when sending begins to fail or works again."""

    def __init__(self, endpoint: str, *, quiet: bool) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it would say so with every batch
        self._otlp = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S)
        self._endpoint = redact(endpoint)
        self._level = logging.DEBUG if quiet else logging.WARNING
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._otlp.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self._failing:
            message = "traces are dropped: the collector at %s (OTEL_EXPORTER_OTLP_ENDPOINT) does not take them"
            logger.log(self._level, message, self._endpoint)
        elif self._failing and not failed:
            logger.log(self._level, "traces are sent again to %s", self._endpoint)
        self._failing = failed
        return result
