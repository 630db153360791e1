"""A stand-in for an OpenTelemetry collector: real OTLP over HTTP on loopback, parsed by the protocol's own messages.

What belongs here: taking spans, and failing to. What does not: judging them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from tagger_platform_tests.standins.loopback import Loopback, hang, trickle


@dataclass(frozen=True)
class Got:
    """One span as it arrived."""

    name: str
    process: str
    trace_id: str
    span_id: str
    parent_id: str
    start: datetime
    end: datetime
    attributes: dict[str, Any]


class Collector(Loopback):
    """Takes spans, or as `mode` says: `hangs`, `trickles`, `fails`, which may be changed at any time."""

    def __init__(self, mode: str = "takes", *, refuses: bool = False) -> None:
        super().__init__(refuses=refuses)
        self.mode = mode
        self.requests = 0
        self.spans: list[Got] = []

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/traces", self._take)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        body = await request.read()
        if self.mode == "hangs":
            return await hang()
        if self.mode == "trickles":
            return await trickle(request, "application/x-protobuf")
        if self.mode == "fails":
            return web.Response(status=500)
        assert request.content_type == "application/x-protobuf"
        self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )

    def named(self, name: str) -> list[Got]:
        return [span for span in self.spans if span.name == name]

    def trace(self, trace_id: str) -> list[Got]:
        return [span for span in self.spans if span.trace_id == trace_id]


def _spans(message: ExportTraceServiceRequest) -> Iterator[Got]:
    for resource_spans in message.resource_spans:
        process = _plain(resource_spans.resource.attributes)["tagger.process"]
        for scope in resource_spans.scope_spans:
            for span in scope.spans:
                yield Got(
                    name=span.name,
                    process=process,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    start=datetime.fromtimestamp(span.start_time_unix_nano / 1e9, UTC),
                    end=datetime.fromtimestamp(span.end_time_unix_nano / 1e9, UTC),
                    attributes=_plain(span.attributes),
                )


def _plain(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}
