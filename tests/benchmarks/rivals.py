"""What scrip is measured against on the same servers: no-op, ORM worker, the floor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from tests.benchmarks.celery_worker import POOLS, tasks_per_second
from tests.benchmarks.floor import Floor
from tests.benchmarks.installation import Installation
from tests.benchmarks.orm.books import complaints, engine_on, open_books
from tests.servers import database

NOOP, ORM = "tests.benchmarks.noop", "tests.benchmarks.orm.worker"


class Sizes(NamedTuple):
    """Messages for each pool in each round."""

    noop: int
    orm: int


class Rivals:
    """Each with a database of its own that begins with the same opening grants."""

    def __init__(
        self, on: Installation, setup: list[bytes], sizes: Sizes, orm_url: str | None, floor: Floor
    ) -> None:
        self._on, self._setup, self._sizes = on, setup, sizes
        self._orm_url, self._floor = orm_url, floor
        self._taken: list[bytes] = []
        floor.open_books(setup)
        if orm_url:
            engine = engine_on(orm_url)
            open_books(engine, setup)
            engine.dispose()

    def noop(self, messages: list[bytes]) -> dict[int, float]:
        """Tasks a second, by the pool's processes."""
        tasks = [json.loads(message) for message in messages[: self._sizes.noop]]
        on = self._on
        return {pool: tasks_per_second(NOOP, pool, tasks, on.client, on.urls) for pool in POOLS}

    def orm(self, messages: list[bytes]) -> dict[int, float]:
        """The same, each with messages that are new to it; nothing where there is none."""
        if not self._orm_url:
            return {}
        urls = {**self._on.urls, "DATABASE_URL": self._orm_url}
        size, rates = min(self._sizes.orm, len(messages) // len(POOLS)), {}
        for turn, pool in enumerate(POOLS):
            taken = messages[turn * size : (turn + 1) * size]
            self._taken += taken
            tasks = [json.loads(message) for message in taken]
            rates[pool] = tasks_per_second(ORM, pool, tasks, self._on.client, urls)
        return rates

    def floor(self, messages: list[bytes]) -> float:
        """Messages a second."""
        return self._floor.per_second(messages)

    def complaints(self) -> list[str]:
        """What the ORM worker has done otherwise than the model."""
        if not self._orm_url:
            return []
        engine = engine_on(self._orm_url)
        try:
            return complaints(engine, self._setup, self._taken)
        finally:
            engine.dispose()


@contextmanager
def rivals(on: Installation, setup: list[bytes], sizes: Sizes) -> Iterator[Rivals]:
    """On an installation; the ORM worker only where the broker is Redis."""
    with ExitStack() as opened:
        floor = Floor(opened.enter_context(database(on.servers, "bench_floor")))
        opened.callback(floor.close)
        with_orm = on.kind.name == "redis"
        orm_url = opened.enter_context(database(on.servers, "bench_orm")) if with_orm else None
        yield Rivals(on, setup, sizes, orm_url, floor)
