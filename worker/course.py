"""A batch on its way through one transaction, as those see it who tell of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from db.values import Quarantined
from domain.changes import Changes, Key


@dataclass(slots=True)
class Course:
    """A batch on its way through one transaction: what, and when each stage ended."""

    began: float
    gathered: float = 0.0
    decided: float = 0.0
    saved: float = 0.0
    committed: float = 0.0
    """`perf_counter`, all of them."""
    counted_before: dict[Key, tuple[int, int]] = field(default_factory=dict)
    """Repeats and conflicts of the receipts that were there already."""
    changes: Changes | None = None
    aside: Sequence[Quarantined] = ()

    def stages(self) -> Iterator[tuple[str, float]]:
        """The stages with their seconds."""
        yield "gather", self.gathered - self.began
        yield "decide", self.decided - self.gathered
        yield "save", self.saved - self.decided
        yield "commit", self.committed - self.saved
