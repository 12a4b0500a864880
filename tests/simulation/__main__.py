"""`python -m tests.simulation --seed S --messages N [--seeds K]`: crash everything, check all."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

from tests.simulation.run import Result, simulate


def main(argv: list[str]) -> int:
    """Run seeds until one breaks a promise; the same seed and messages replay it exactly."""
    parser = argparse.ArgumentParser(prog="./dev sim", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--messages", type=int, default=10_000, help="messages per seed (10000)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after another")
    options = parser.parse_args(argv)
    logging.getLogger("scrip").setLevel(logging.CRITICAL)
    total, started = Counter[str](), time.monotonic()
    for seed in range(options.seed, options.seed + options.seeds):
        result = simulate(seed, options.messages)
        total += result.counts
        print(_line(result))
        if result.violations:
            print(f"replay: ./dev sim --seed {seed} --messages {options.messages}")
            return 1
    if options.seeds > 1:
        print(_summary(f"{options.seeds} seeds", total))
    rate = total["messages"] / (time.monotonic() - started)
    print(f"no violation; {rate:,.0f} messages/s")
    return 0


def _line(result: Result) -> str:
    found = [f"  step {result.steps}: {violation}" for violation in result.violations[:10]]
    return "\n".join([_summary(f"seed {result.seed}", result.counts), *found])


def _summary(what: str, counts: Counter[str]) -> str:
    return (
        f"{what}: {counts['messages']:,} messages, {counts['steps']:,} steps, "
        f"{counts['crash']:,} crashes, {counts['lost_reply']:,} lost replies, "
        f"{counts['unknown commits']:,} unknown commits, {counts['takeovers']:,} takeovers, "
        f"{counts['broker crash']:,} broker crashes, {counts['stop']:,} stopped processes, "
        f"{counts['seconds']:,} simulated seconds"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
