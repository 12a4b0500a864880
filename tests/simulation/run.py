"""One seed from beginning to end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.simulation.checks import check
from tests.simulation.faults import AT_COMMITS
from tests.simulation.ports import READER_LEASE, RELAY_LEASE, Violation
from tests.simulation.world import World


@dataclass(frozen=True)
class Result:
    """What a simulation came to."""

    seed: int
    steps: int
    violations: list[str]
    counts: Counter[str]


def simulate(seed: int, messages: int, poisoned: bool = False) -> Result:
    """Run the world of a seed and check every promise on what it leaves."""
    world = World(seed, messages, poisoned)
    try:
        world.run()
    except Violation as violation:
        violations = [str(violation)]
    except Exception as error:  # whatever the shell lets out would have ended a real process
        violations = [f"I18: {error!r} has come out of a loop"]
    else:
        violations = check(world)
    counts = Counter(world.faults.counts)
    counts["messages"] = messages
    counts["steps"] = world.scheduler.steps
    counts["seconds"] = int(world.scheduler.seconds)
    counts["unknown commits"] = sum(counts[name] for name in AT_COMMITS)
    takings = (counts[f"taken {lease}"] for lease in (READER_LEASE, RELAY_LEASE))
    counts["takeovers"] = sum(max(0, number - 1) for number in takings)
    return Result(seed, world.scheduler.steps, violations, counts)
