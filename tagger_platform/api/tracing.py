"""The api's requests as spans, where tracing is on.

What belongs here: what a span of a request may say. What does not: tracing itself (`observe.tracing`).
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from tagger_platform.observe import tracing

if TYPE_CHECKING:
    from opentelemetry.trace import Span

NOT_TRACED = "/healthz$,/readyz$,/metrics$"
"""Asked every few seconds by machines; in the form of OTEL_PYTHON_STARLETTE_EXCLUDED_URLS, which wins."""


def trace_requests(app: Starlette) -> None:
    """A span for each request, within the caller's trace if it names one. Nothing is imported while tracing is off."""
    if (provider := tracing.provider()) is None:
        return
    os.environ.setdefault("OTEL_PYTHON_STARLETTE_EXCLUDED_URLS", NOT_TRACED)  # read when the next line imports it
    from opentelemetry.instrumentation.starlette import StarletteInstrumentor

    StarletteInstrumentor.instrument_app(app, server_request_hook=_without_query, tracer_provider=provider)


def _without_query(span: "Span", scope: Mapping[str, Any]) -> None:
    """A query may hold a title, or a stream's address with its password."""
    for name in ("http.url", "http.target"):
        span.set_attribute(name, scope["path"])
