"""`./dev bench growth`: what a message costs when there is much already.

Each case is measured beside an installation that is empty but for opening grants, in turns, so that
both have the same machine. What is loaded is `history.py`'s; `--data` keeps it for another run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.growth_cases import Bench
from tests.benchmarks.growth_report import print_report
from tests.benchmarks.growth_shapes import SHAPES
from tests.benchmarks.result import PER_SECOND


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the books are sound; speed is for readers to judge."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="scrip-") as folder:
        data: Path = options.data or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        bench = Bench(options, data)
        for entries in options.sizes:
            with bench.pair(entries) as pair:
                bench.case(f"{entries:,} entries", *pair, bench.customers(entries))
                for shape in options.shapes if entries == max(options.sizes) else ():
                    SHAPES[shape](bench, *pair)
        verify = "not asked" if options.no_verify else bench.verify()
    cases = [case.as_json() for case in bench.cases]
    if options.json:
        print(json.dumps({"cases": cases, "verify": verify}))
    else:
        print_report(cases, verify)
    return 0 if verify in ("clean", "not asked") else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench growth",
        description="Messages per second beside an empty installation: behind millions of entries,"
        " and with accounts, invoices and backlogs of uncommon sizes.",
    )
    parser.add_argument("--quick", action="store_true", help="one short iteration, for CI")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--sizes", default="0,1m,10m", type=_sizes, help="entries, rising (0,1m,10m)"
    )
    parser.add_argument("--shapes", choices=SHAPES, help="all of them", nargs="*")
    parser.add_argument("--messages", default=20_000, help="a round", type=int)
    parser.add_argument("--rounds", default=4, help="of each, after one to warm up", type=int)
    parser.add_argument("--seconds", default=10, help=f"at {PER_SECOND} messages/s", type=int)
    add = parser.add_argument
    add("--hot-entries", default=1_000_000, help="of who has 10%% of all messages", type=int)
    add("--accounts", default=1_000_000, help="where there are many", type=int)
    add("--open-grants", default=100_000, help="of who has 1%% of all messages", type=int)
    add("--invoices", default=100, help="of many lines, a round", type=int)
    add("--lines", default=1_000, help="of each of these", type=int)
    add("--unread", default=1_000_000, help="messages in a backlog", type=int)
    add("--memory", default="256MB", help="of PostgreSQL's for its pages (4GB)")
    add("--data", type=Path, help="a folder that keeps what was loaded")
    add("--no-verify", action="store_true", help="do not prove the books sound")
    options = parser.parse_args(arguments)
    if options.quick:
        options.sizes, options.messages, options.rounds, options.seconds = [10_000], 1_000, 1, 0
        options.hot_entries, options.accounts, options.open_grants = 2_000, 2_000, 1_000
        options.invoices, options.lines, options.unread = 4, 100, 3_000
    if options.shapes is None:
        options.shapes = ["hoard", "lines", "unread"] if options.quick else list(SHAPES)
    return options


def _sizes(text: str) -> list[int]:
    return [int(size.strip().replace("m", "000000")) for size in text.split(",")]
