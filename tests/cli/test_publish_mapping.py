"""`scrip publish --mapping`: from another system's lines to credit that is there."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from tests.cli.test_publish import on_the_intake

VAYU = [
    b'{"creditAmount": 500, "customerId": "customer_123"}',
    b"",
    b'{"creditAmount": 12.5, "customerId": "customer_123", "note": "sorry", "created_by": "eve"}',
]


def configure(run: Run, drain: Drain, write: Write, tenant: str = "default") -> None:
    settings = {"default_currency": "EUR", "tenant": tenant}
    run("publish", str(write([line("tenant.configure", "c", **settings)])))
    drain()


def test_vayus_two_fields_become_credit(run: Run, drain: Drain, write: Write) -> None:
    """In the tenant's default currency; the same file again changes nothing."""
    configure(run, drain, write)
    for _ in range(2):
        result = run("publish", "--mapping", "vayu", str(write(VAYU)))
        assert result.exit_code == 0, result.output
        assert "2 lines without an `id`, named by content: the same again" in result.stderr
        drain()
    (account,) = json.loads(run("balance", "customer_123", "--json").stdout)
    assert (account["currency"], account["available"]) == ("EUR", 51_250)
    (found,) = json.loads(run("ledger", "customer_123", "--json").stdout)
    said = found["ledger"][0]["context"]
    assert (said["note"], said["created_by"]["id"]) == ("sorry", "eve")
    assert len(found["ledger"]) == 2


def test_a_tenants_currency_is_its_own(
    run: Run, drain: Drain, write: Write, broker_url: str
) -> None:
    configure(run, drain, write, "acme")
    result = run("publish", "--mapping", "vayu", str(write(VAYU)))
    assert "tenant default has no default" in str(result.exception)
    run("publish", "--mapping", "vayu", "--tenant", "acme", str(write(VAYU)))
    sent = [json.loads(body)["data"] for body in on_the_intake(broker_url)]
    assert [(data["tenant"], data["currency"]) for data in sent] == [("acme", "EUR")] * 2


def test_a_bad_line_is_named_and_its_portion_stays_out(
    run: Run, drain: Drain, write: Write, broker_url: str
) -> None:
    configure(run, drain, write)
    result = run("publish", "--mapping", "vayu", str(write([*VAYU, b'{"creditAmount": 5}'])))
    assert str(result.exception) == "line 4: customerId: required. Nothing was published"
    assert on_the_intake(broker_url) == []


def test_what_came_through_before_a_bad_line_is_told(
    run: Run, drain: Drain, tmp_path: Path, broker_url: str, write: Write
) -> None:
    configure(run, drain, write)
    good = [b'{"creditAmount": %d, "customerId": "c"}' % (at + 1) for at in range(1_000)]
    file = tmp_path / "many.jsonl"
    file.write_bytes(b"\n".join([*good, b"[]"]))
    result = run("publish", "--mapping", "vayu", str(file))
    assert str(result.exception) == (
        "line 1001: the line must be a JSON object. 1,000 messages before it were published; mend "
        "the line and publish the file again, they count as repeats"
    )
    assert len(on_the_intake(broker_url)) == 1_000


def test_what_a_person_can_mend(run: Run, write: Write) -> None:
    unknown = run("publish", "--mapping", "stripe", str(write(VAYU)))
    assert unknown.exit_code == 2
    assert "vayu" in unknown.stderr
    alone = run("publish", "--tenant", "acme", str(write(VAYU)))
    assert alone.exit_code == 2
    assert "goes with --mapping" in alone.stderr
