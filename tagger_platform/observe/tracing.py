"""Traces: what a slot went through on its way from capture to the store, sent over OTLP/HTTP where an endpoint is set.

What belongs here: beginning spans, handing a trace to the next process, sending. What does not: what is worth a span.

Off, nothing of opentelemetry is imported and a span costs a generator. On, nobody waits for the collector: spans are
sent from a thread, those of a process that ends within a bounded time, and what cannot be sent is dropped. A span never
holds an exception's text, which may quote a URL: its type must do.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as OpenSpan
    from opentelemetry.trace import Tracer

FLUSH_S = 0.5
"""seconds that a process waits at its end for a collector that does not answer"""

Value = str | int | float | bool
Attributes = Mapping[str, Value]


class Span:
    """What the code within a span can do with it; `recording` is None while tracing is off."""

    def __init__(self, recording: "OpenSpan | None" = None) -> None:
        self._recording = recording

    def set(self, attributes: Attributes) -> None:
        if self._recording is not None:
            self._recording.set_attributes(attributes)


_NO_SPAN = Span()
_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None


@contextmanager
def traced(
    endpoint: str, *, service: str, process: str, ratio: float, exporter: "SpanExporter | None" = None
) -> Iterator[None]:
    """Trace this process while the block runs, where there is an `endpoint`; parameters as in `set_up_tracing`."""
    global _provider, _tracer
    set_up_tracing(endpoint, service=service, process=process, ratio=ratio, exporter=exporter)
    try:
        yield
    finally:
        if _provider is not None:
            _do_within(FLUSH_S, _provider.shutdown)
        _provider = _tracer = None


def set_up_tracing(
    endpoint: str,
    *,
    service: str,
    process: str,
    ratio: float,
    quiet: bool = False,
    exporter: "SpanExporter | None" = None,
) -> None:
    """Trace this process from now on, where there is an `endpoint`; does nothing the second time.

    `endpoint` is the collector's address without `/v1/traces`, `ratio` the share (0 to 1) of traces that begin here and
    are kept; one that began elsewhere is kept if it was there. `process` tells our processes apart. A `quiet` process
    does not say that the collector cannot be reached. `exporter` stands in for sending.
    """
    global _provider, _tracer
    if _provider is not None or not endpoint:
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    from tagger_platform.observe.otlp import Sender

    _provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(ratio),
        resource=Resource({"service.name": service, "tagger.process": process}),
        shutdown_on_exit=False,  # it would wait for a collector that hangs; `flush` does not
    )
    _provider.add_span_processor(BatchSpanProcessor(exporter or Sender(endpoint, quiet=quiet)))
    _tracer = _provider.get_tracer("tagger_platform")


def provider() -> "TracerProvider | None":
    """For libraries that trace themselves; None while tracing is off."""
    return _provider


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, parent: str | None = None, start: datetime | None = None
) -> Iterator[Span]:
    """A span around the block: of the trace that `parent` (a traceparent) belongs to, else of the span it is in."""
    if _tracer is None:
        yield _NO_SPAN
        return
    with _tracer.start_as_current_span(
        name,
        context=_context(parent) if parent else None,
        start_time=_ns(start),
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as given:
        try:
            yield Span(given)
        except Exception as error:
            _mark_failed(given, error)
            raise


def _mark_failed(given: "OpenSpan", error: Exception) -> None:
    from opentelemetry.trace import StatusCode

    given.set_status(StatusCode.ERROR)
    given.set_attribute("error.type", type(error).__name__)


def record(name: str, start: datetime, end: datetime, attributes: Attributes) -> None:
    """A span that is over already, within the current one."""
    if _tracer is not None:
        _tracer.start_span(name, start_time=_ns(start), attributes=attributes).end(_ns(end))


def traceparent() -> str | None:
    """The current span as the next process needs it to go on with its trace (W3C trace context); None without one."""
    if _tracer is None:
        return None
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def ids() -> dict[str, str]:
    """trace_id and span_id of the current span, for the log."""
    current = traceparent()
    if current is None:
        return {}
    _, trace_id, span_id, _ = current.split("-")
    return {"trace_id": trace_id, "span_id": span_id}


def flush() -> None:
    """Send what is waiting to be sent, within FLUSH_S."""
    if _provider is not None:
        _do_within(FLUSH_S, _provider.force_flush)


def _do_within(seconds: float, work: Callable[[], object]) -> None:
    """The SDK's own limits of time are not kept where a collector hangs: so it is left behind in a thread."""
    thread = threading.Thread(target=work, name="traces", daemon=True)
    thread.start()
    thread.join(seconds)


def _context(parent: str) -> "Context":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _ns(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp() * 1_000_000_000)
