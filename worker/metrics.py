"""Every metric, with what it means and when to worry; `worker/METRICS.md` is made from this.

Counters and histograms rise once a batch, after its COMMIT (`worker/observed.py`); gauges that take
a look at a server are filled when somebody asks (`worker/scrape.py`). No label has a value that a
customer or a sender could invent: types, outcomes and reasons are scrip's closed lists.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector

from domain.verbs import VERBS
from domain.vocabulary import Outcome, Refusal

WORKER, RELAY = CollectorRegistry(), CollectorRegistry()
REGISTRIES = {"worker": WORKER, "relay": RELAY}
"""What each process tells. Several workers tell the same of the servers: take the `max`."""

OUTCOMES = (*Outcome, "repeat", "conflict")
KINDS = ("malformed", "conflict", "signature", "impossible", "dead_letter")
STAGES = ("gather", "decide", "save", "commit", "acknowledge")
WHY = ("transient", "unknown", "lease_lost", "impossible")
SERVERS = ("database", "broker")

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)

# --- what became of messages ---

messages = Counter(
    "scrip_messages",
    f"Messages decided and committed, by type and by outcome: {', '.join(OUTCOMES)}. "
    "Worry when this stands still while scrip_intake_messages grows, and when conflicts rise: a "
    "sender uses an id for two things, and only the first counts.",
    ["type", "outcome"],
    registry=WORKER,
)
refusals = Counter(
    "scrip_refusals",
    "Refused messages by reason; they are the outcome refused of scrip_messages_total. Worry when "
    "a reason that was rare becomes common: a sender has changed.",
    ["reason"],
    registry=WORKER,
)
quarantined = Counter(
    "scrip_quarantined",
    f"Messages set aside, by kind: {', '.join(KINDS)}. Worry about each: its "
    "sender thinks that it counts. signature may be somebody who should not send, impossible is a "
    "bug of scrip.",
    ["kind"],
    registry=WORKER,
)
quarantine_held = Gauge(
    "scrip_quarantine_held",
    "Messages set aside that nobody has handled; asked at the scrape. Worry above 0: look with "
    "`scrip quarantine list`.",
    registry=WORKER,
)
acknowledged = Counter(
    "scrip_acknowledged",
    "Messages taken off the intake for good; it also counts those of SCRIP_IGNORE_TYPES.",
    registry=WORKER,
)

# --- how batches go ---

batch_messages = Histogram(
    "scrip_batch_messages",
    "Messages in a committed batch. Batches that are always full say that the worker is the "
    "bottleneck; small ones are what a quiet queue looks like.",
    buckets=_SIZES,
    registry=WORKER,
)
stage_seconds = Histogram(
    "scrip_stage_seconds",
    f"Time of a batch by stage: {', '.join(STAGES)}. Worry when gather grows "
    "(somebody holds the accounts' locks) or commit does (the database's disk).",
    ["stage"],
    buckets=_SECONDS,
    registry=WORKER,
)
batch_failures = Counter(
    "scrip_batch_failures",
    "Batches that were rolled back, or whose COMMIT went unanswered, by why: "
    f"{', '.join(WHY)}. They are tried again and nothing is lost; worry when it goes on.",
    ["why"],
    registry=WORKER,
)
last_commit = Gauge(
    "scrip_last_commit_timestamp_seconds",
    "When the newest batch was committed, in Unix time; 0 before the first. Worry when it is old "
    "and scrip_intake_messages is not 0.",
    registry=WORKER,
)

# --- the intake ---

intake_messages = Gauge(
    "scrip_intake_messages",
    "Messages that nobody has acknowledged; asked at the scrape. On RabbitMQ without the up to "
    "8,000 that a reader has in hand. Worry when it only grows.",
    registry=WORKER,
)
intake_oldest = Gauge(
    "scrip_intake_oldest_seconds",
    "How long the oldest of them has waited, by the broker's clock; 0 for an empty intake, NaN on "
    "RabbitMQ, which does not tell. This is the lag: worry above 10 s.",
    registry=WORKER,
)

# --- the scheduled runs ---

expiry_entries = Counter(
    "scrip_expiry_entries",
    "Ledger entries written by expiry runs of this process.",
    registry=WORKER,
)
expiry_last_run = Gauge(
    "scrip_expiry_last_run_timestamp_seconds",
    "When an expiry run of this process last ended well, in Unix time; 0 before the first.",
    registry=WORKER,
)
closings = Counter(
    "scrip_closings",
    "Closings made by runs of this process: sums of ledgers that have grown, for people's "
    "look-ups. No worry when it stands still; look-ups of long ledgers get slower, and stay right.",
    registry=WORKER,
)
expiry_overdue = Gauge(
    "scrip_expiry_overdue_seconds",
    "How long the oldest expiry has been due and is not written; asked at the scrape. Nothing is "
    "spent because of it; worry above ten times SCRIP_EXPIRY_SECONDS: does beat run?",
    registry=WORKER,
)

# --- events ---

events_published = Counter(
    "scrip_events_published",
    "Events that the broker has confirmed, those sent again included. Worry when it stands still "
    "while scrip_outbox_batches grows.",
    registry=RELAY,
)
publish_seconds = Histogram(
    "scrip_publish_seconds",
    "Time to publish the events of one turn, until the broker has confirmed them all.",
    buckets=_SECONDS,
    registry=RELAY,
)

# --- told by worker and relay ---

lease_held = Gauge(
    "scrip_lease_held",
    "1 while this process believes to hold the lease, 0 while it stands by. The database decides, "
    "in the money transaction. Worry when the sum over all processes is 0.",
    ["lease"],
    registry=None,
)
lease_epoch = Gauge(
    "scrip_lease_epoch",
    "Epoch of the lease when this process last held it. Every takeover raises it: worry when it "
    "rises without a deploy.",
    ["lease"],
    registry=None,
)
failures = Counter(
    "scrip_failures",
    "Calls that the server, database or broker, did not carry out or answer; all are tried again. "
    "Worry when it goes on for longer than a restart of that server takes.",
    ["server"],
    registry=None,
)
outbox_batches = Gauge(
    "scrip_outbox_batches",
    "Committed batches whose events the broker has not yet confirmed; asked at the scrape.",
    registry=None,
)
outbox_oldest = Gauge(
    "scrip_outbox_oldest_seconds",
    "How long the oldest of them has waited, by the database's clock. Worry above 30 s: is a relay "
    "running, and can it reach the broker?",
    registry=None,
)
scrape_ok = Gauge(
    "scrip_scrape_ok",
    "1 when the server, database or broker, has answered everything asked at this scrape; what it "
    "did not answer in time is NaN.",
    ["server"],
    registry=None,
)

SHARED = (
    *(lease_held, lease_epoch, failures),
    *(outbox_batches, outbox_oldest, scrape_ok),
)


def declared() -> list[MetricWrapperBase]:
    """All of them, in the order of this file."""
    return [metric for metric in globals().values() if isinstance(metric, MetricWrapperBase)]


def _begin_at_zero() -> None:
    """A counter that appears with its first event looks to Prometheus as if it had not risen."""
    for kind in VERBS:
        for outcome in OUTCOMES:
            messages.labels(kind, outcome)
    for metric, values in (
        (refusals, Refusal),
        (quarantined, KINDS),
        (stage_seconds, STAGES),
        (batch_failures, WHY),
        (failures, SERVERS),
    ):
        for value in values:
            metric.labels(value)


def _complete(registry: CollectorRegistry) -> None:
    ProcessCollector(registry=registry)
    for metric in SHARED:
        registry.register(metric)


disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, for nobody
_begin_at_zero()
_complete(WORKER)
_complete(RELAY)
