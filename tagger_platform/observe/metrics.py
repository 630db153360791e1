"""Metrics as Prometheus reads them.

What belongs here: the text format that every process serves. What does not: what is measured (`api.metrics`,
`capture.metrics`).
"""

from prometheus_client import disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for


def exposition(collector: Collector) -> bytes:
    """Everything that is collected, of media type CONTENT_TYPE."""
    return generate_latest(collector)
