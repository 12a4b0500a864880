from __future__ import annotations
import json
from collections import Counter
import pytest
from tests.cli.test_verify_journal import *
from worker.redis_broker import EVENTS
import redis, time

@pytest.mark.parametrize("seed", range(10, 22))
def test_more(run, write, installation, seed, broker_url, store):
    journal = played(seed, 500, installation)
    with redis.Redis.from_url(broker_url) as c:
        kinds = Counter(json.loads(f[b"event"])["type"] for _, f in c.xrange(EVENTS))
    t = time.time()
    told = found(run, write(journal))
    print("SEED", seed, kinds, told["checked"], time.time() - t)
    with store.engine.connect() as c:
        print("SEED kinds", c.exec_driver_sql("select cause_type, count(*) from entries group by 1").all())
    for v in told["violations"][:12]: print("SEED V", v)
    assert told["violations"] == []
