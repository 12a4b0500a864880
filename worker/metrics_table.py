"""Writes `worker/METRICS.md` from the metrics themselves: python -m worker.metrics_table."""

import sys
from pathlib import Path
from typing import NamedTuple

from prometheus_client.metrics import MetricWrapperBase

from worker.metrics import REGISTRIES, SHARED, declared

PAGE = Path(__file__).with_name("METRICS.md")

_HEAD = """\
<!-- Written by `python -m worker.metrics_table` from worker/metrics.py. Do not edit. -->
# Metrics

Worker and relay answer `/metrics` for Prometheus where they answer `/live` and `/ready`
(`SCRIP_HEALTH_PORT`). The usual `process_*` metrics are there too.

| metric | type | labels | told by | meaning |
|---|---|---|---|---|
"""


class Row(NamedTuple):
    """One row of the table."""

    name: str
    type: str
    labels: tuple[str, ...]
    told_by: tuple[str, ...]
    meaning: str


def rows() -> list[Row]:
    """Every metric, in the order of the file."""
    return [_row(metric) for metric in declared()]


def page() -> str:
    """The whole page, as it should stand in the repository."""
    lines = (
        f"| `{row.name}` | {row.type} | {', '.join(row.labels)} | {', '.join(row.told_by)} "
        f"| {row.meaning} |"
        for row in rows()
    )
    return _HEAD + "\n".join(lines) + "\n"


def _row(metric: MetricWrapperBase) -> Row:
    (family,) = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    told_by = tuple(REGISTRIES) if metric in SHARED else (_owner(family.name),)
    return Row(name, family.type, tuple(metric._labelnames), told_by, family.documentation)


def _owner(name: str) -> str:
    (owner,) = (
        process
        for process, registry in REGISTRIES.items()
        if any(family.name == name for family in registry.collect())
    )
    return owner


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.name} is written\n")
