"""What Prometheus reads of a process."""

from __future__ import annotations

from http.client import HTTPConnection

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

OK, TEXT = 200, "text/plain; version=0.0.4; charset=utf-8"


class Scraped:
    """One answer, parsed as Prometheus does."""

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float:
        """A sample; 0 for one that is not there, as in a sum."""
        samples = (sample for family in self.families for sample in family.samples)
        found = [s.value for s in samples if s.name == name and s.labels == labels]
        return found[0] if found else 0.0

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Samples that are not 0, by the values of their labels."""
        samples = (sample for family in self.families for sample in family.samples)
        return {
            tuple(s.labels[label] for label in labels): s.value
            for s in samples
            if s.name == name and s.value
        }


def scraped(port: int) -> Scraped:
    """All metrics of a process that is running."""
    asked = HTTPConnection("127.0.0.1", port, timeout=30)
    asked.request("GET", "/metrics")
    answer = asked.getresponse()
    text = answer.read().decode()
    asked.close()
    assert (answer.status, answer.headers["Content-Type"]) == (OK, TEXT), text
    return Scraped(text)
