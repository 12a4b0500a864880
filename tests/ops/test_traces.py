"""Traces: a publisher's trace goes on in scrip, and who wants none pays nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.end_to_end.messages import deduct, encoded, grant
from tests.end_to_end.outsider import Outsider, wait_for
from tests.ops.installation import run
from worker import stack
from worker.codec import Codec
from worker.deciding import OwnThread
from worker.embedded import Servers
from worker.intake import Reader
from worker.lease import Tenure
from worker.memory.broker import MemoryBroker
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.observed import observed
from worker.traces import Traces

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{'c' * 32}-{SPAN}-00"
LOADED = """
import sys
import worker.wiring, worker.step, worker.app
parts = ("opentelemetry.sdk.trace", "opentelemetry.exporter")
print(sorted(name for name in sys.modules if name.startswith(parts)))
"""


def traced(message: bytes, **attributes: Any) -> bytes:
    """A message with more attributes."""
    return encoded({**json.loads(message), **attributes})


def spans_of(*messages: bytes) -> dict[str, Any]:
    """The spans, by name, of messages that were worked off in memory, in one batch."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    clock = MemoryClock()
    broker, store = MemoryBroker(clock), MemoryStore(clock)
    broker.submit(messages)
    books = observed(store, 60.0, Traces(provider))
    tenure = Tenure(store, clock, "reader/0", "test", 3)
    Reader(broker, OwnThread(books, Codec().decode), clock, tenure).turn(1.0)
    assert broker.backlog() == 0
    spans = exporter.get_finished_spans()
    found = {span.name: span for span in spans}
    assert len(found) == len(spans)
    return found


def test_a_message_continues_its_publishers_trace() -> None:
    """As a child of the publisher's span, linked with its batch, and with no word of its body."""
    message = grant("ann", 500, message_id="g1", note="canary")
    spans = spans_of(traced(message, traceparent=SAMPLED, tracestate="v=1"), deduct("ann", 600))
    batch, span = spans.pop("process credits.in"), spans.pop("process credit.grant")
    assert not spans
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == SPAN
    assert span.context.trace_state["v"] == "1"
    assert [link.context for link in span.links] == [batch.context]
    attributes = dict(span.attributes)
    account_id = attributes.pop("scrip.account_id")
    assert len(account_id) == 32
    assert attributes == {
        "messaging.operation.type": "process",
        "messaging.destination.name": "credits.in",
        "cloudevents.event_source": "/billing",
        "cloudevents.event_id": "g1",
        "cloudevents.event_type": "credit.grant",
        "scrip.outcome": "applied",
    }


def test_a_batch_is_a_trace_of_its_own_with_links() -> None:
    """Also to traces that are not sampled, which get no span."""
    spans = spans_of(
        traced(grant("ann", 1), traceparent=SAMPLED),
        traced(deduct("ann", 2), traceparent=UNSAMPLED),
    )
    batch = spans["process credits.in"]
    assert set(spans) == {"process credits.in", "process credit.grant"}
    assert batch.parent is None
    links = [f"{link.context.trace_id:032x}" for link in batch.links]
    assert links == [TRACE, "c" * 32]
    assert batch.attributes["messaging.batch.message_count"] == 2
    instants = [batch.start_time, *(e.timestamp for e in batch.events), batch.end_time]
    assert [e.name for e in batch.events] == ["gathered", "decided", "saved"]
    assert instants == sorted(instants)
    child = spans["process credit.grant"]
    assert (child.start_time, child.end_time) == (batch.start_time, batch.end_time)


@pytest.mark.parametrize("wrong", ["", "00-xyz", f"00-{'0' * 32}-{SPAN}-01", 7])
def test_a_traceparent_that_says_nothing_is_left_alone(wrong: str | int) -> None:
    """It is the sender's business, and no reason to set a message aside."""
    spans = spans_of(traced(grant("ann", 1), traceparent=wrong))
    assert set(spans) == {"process credits.in"}
    assert not spans["process credits.in"].links


def test_a_refusal_says_why() -> None:
    spans = spans_of(traced(deduct("ann", 2), traceparent=SAMPLED))
    attributes = spans["process credit.deduct"].attributes
    assert attributes["scrip.outcome"] == "refused"
    assert attributes["scrip.reason"] == "insufficient_credit"


def test_who_wants_no_traces_imports_nothing() -> None:
    """The package is there. (redis-py looks at its part about metrics, wanted or not.)"""
    servers = {"DATABASE_URL": "postgresql://x", "BROKER_URL": "redis://x"}
    done = run("-c", LOADED, **servers)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def wanted(**environment: str) -> subprocess.CompletedProcess[str]:
    """Whether traces are wanted under these settings."""
    says = "from worker import settings, traces; print(traces.wanted(settings.load()))"
    servers = {"DATABASE_URL": "postgresql://x", "BROKER_URL": "redis://x"}
    return run("-c", says, **servers, **environment)


def test_traces_are_wanted_where_they_can_go() -> None:
    """One can also want them without naming an address, or name it and not want them."""
    somewhere = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    assert wanted().stdout == "False\n"
    assert wanted(**somewhere).stdout == "True\n"
    assert wanted(SCRIP_TRACES="1").stdout == "True\n"
    assert wanted(SCRIP_TRACES="0", **somewhere).stdout == "False\n"


class Collector(BaseHTTPRequestHandler):
    """An OTLP receiver that only keeps what it is sent."""

    sent: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        """Take a portion of spans, as protobuf."""
        size = int(self.headers["Content-Length"])
        self.sent.append((self.path, self.rfile.read(size)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody asked."""


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A receiver on this machine: its address, and what it has been sent."""
    sent: list[tuple[str, bytes]] = []
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Kept", (Collector,), {"sent": sent})
    ) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


def test_a_real_worker_sends_its_spans(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By OTLP over HTTP, under the worker's name; what is left goes out when it stops."""
    servers = Servers(database_url, broker_url)
    with collector() as (address, sent), Outsider(servers) as client:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        client.publish(traced(grant("ann", 1), traceparent=SAMPLED))
        with stack.processes(servers, tmp_path, ("worker",)):
            wait_for("the grant", lambda: client.backlog() == 0)
    resources = [
        resource
        for path, body in sent
        if path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
    ]
    told = {a.key: a.value.string_value for r in resources for a in r.resource.attributes}
    spans = {s.name: s for r in resources for scope in r.scope_spans for s in scope.spans}
    assert told["service.name"] == "scrip-worker"
    assert set(spans) == {"process credits.in", "process credit.grant"}
    assert spans["process credit.grant"].trace_id.hex() == TRACE
    assert spans["process credit.grant"].parent_span_id.hex() == SPAN
