"""Traces by OpenTelemetry, for those who have them: the extra `otel`, and where to send them.

A batch is one span, linked to the traces that its messages came with. A message whose publisher's
trace is sampled also gets a span of its own there, as a child of the publisher's. Both are made
after COMMIT with the times noted before, so tracing never stands in the way of money. A message
that comes again makes none. Events carry no `traceparent`: what they say follows from the message
and the ledger alone. Nothing of OpenTelemetry is imported unless it is wanted.
"""

import os
import time
from importlib.util import find_spec
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

from domain.changes import Changes
from domain.ledger import Receipt
from worker.course import Course
from worker.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanContext

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "scrip-worker"
LINKS_MAX = 128
"""Links of one span; also what OpenTelemetry keeps of them by default."""

_INTAKE = "credits.in"
_SDK, _EXPORTER = "opentelemetry.sdk", "opentelemetry.exporter"


def traces(settings: Settings) -> "Traces | None":
    """Where to tell batches to; None when nobody wants traces. Raises SettingsError."""
    return Traces(_by_otlp()) if wanted(settings) else None


def wanted(settings: Settings) -> bool:
    """Whether traces are to be sent; raises SettingsError when they are and cannot be."""
    if settings.traces is False:
        return False
    if settings.traces is None and not any(os.environ.get(name) for name in ENDPOINTS):
        return False
    missing = [name for name in ("opentelemetry", _SDK, _EXPORTER) if find_spec(name) is None]
    if missing:
        raise SettingsError(f"traces are wanted, and {missing[0]} is missing: install scrip[otel]")
    return True


def _by_otlp() -> "TracerProvider":
    """Sent in the background, in portions; OTEL_* says where, how often, and under which name."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    name = os.environ.get("OTEL_SERVICE_NAME", SERVICE)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Traces:
    """Tells OpenTelemetry of committed batches."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace  # noqa: PLC0415 - only for those who want it
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
            TraceContextTextMapPropagator,
        )

        self._trace = trace
        self._extract = TraceContextTextMapPropagator().extract
        self._tracer = provider.get_tracer("scrip")

    def batch(self, course: Course, changes: Changes) -> None:
        """One span for the batch, and one for each message whose publisher's trace is sampled."""
        came_from = [
            (receipt, context)
            for receipt in changes.receipts.values()
            if receipt.attributes is not None and (context := self._context(receipt)) is not None
        ]
        at = _unix(course)
        link, root = self._trace.Link, self._trace.INVALID_SPAN
        span = self._tracer.start_span(
            f"process {_INTAKE}",
            context=self._trace.set_span_in_context(root),
            kind=self._trace.SpanKind.CONSUMER,
            attributes={
                "messaging.operation.type": "process",
                "messaging.destination.name": _INTAKE,
                "messaging.batch.message_count": len(changes.receipts) + len(changes.seen_again),
                "scrip.quarantined": len(course.aside),
            },
            links=[link(context) for _, context in islice(came_from, LINKS_MAX)],
            start_time=at["began"],
        )
        for name in ("gathered", "decided", "saved"):
            span.add_event(name, timestamp=at[name])
        for receipt, context in came_from:
            if context.trace_flags.sampled:
                self._message(receipt, context, span.get_span_context(), at)
        span.end(at["committed"])

    def _message(
        self, receipt: Receipt, parent: "SpanContext", batch: "SpanContext", at: dict[str, int]
    ) -> None:
        outcome = {"scrip.outcome": str(receipt.outcome)}
        if receipt.reason is not None:
            outcome["scrip.reason"] = str(receipt.reason)
        span = self._tracer.start_span(
            f"process {receipt.cause.type}",
            context=self._trace.set_span_in_context(self._trace.NonRecordingSpan(parent)),
            kind=self._trace.SpanKind.CONSUMER,
            attributes={
                "messaging.operation.type": "process",
                "messaging.destination.name": _INTAKE,
                "cloudevents.event_source": receipt.cause.source,
                "cloudevents.event_id": receipt.cause.id,
                "cloudevents.event_type": receipt.cause.type,
                "scrip.account_id": receipt.account_id,
                **outcome,
            },
            links=[self._trace.Link(batch)],
            start_time=at["began"],
        )
        span.end(at["committed"])

    def _context(self, receipt: Receipt) -> "SpanContext | None":
        """What CloudEvents' distributed tracing extension says of the publisher's span."""
        attributes = receipt.attributes or {}
        names = ("traceparent", "tracestate")
        carrier = {name: told for name in names if isinstance(told := attributes.get(name), str)}
        if "traceparent" not in carrier:
            return None
        context = self._trace.get_current_span(self._extract(carrier)).get_span_context()
        return context if context.is_valid else None


def _unix(course: Course) -> dict[str, int]:
    """The course's instants in nanoseconds of Unix time."""
    now, zero = perf_counter(), time.time_ns()
    names = ("began", "gathered", "decided", "saved", "committed")
    return {name: zero - int((now - getattr(course, name)) * 1e9) for name in names}
