"""apply_to_open_invoices: a grant that comes pays the invoices that were open before it."""

from domain.settings import TenantSettings
from tests.builders import deduct, grant, invoice, void
from tests.verbs import configure, configure_tenant, hold, paid, release, update
from tests.world import World


def sweeping() -> World:
    """A tenant that wants its open invoices paid by what comes later."""
    return World(TenantSettings(apply_to_open_invoices=True))


def test_it_is_off_by_default() -> None:
    """R11: as long as nobody asks for it, a grant pays what comes after it."""
    assert World().given(invoice(300)).when(grant(500)).rows == ["grant +500: g 500"]


def test_a_grant_pays_what_is_open() -> None:
    """R11: the grant's entry, an application, and how the invoice stands."""
    world = sweeping().given(invoice(300))
    seen = world.when(grant(500))
    assert seen.rows == ["grant +500: g 500", "application -300: g 300"]
    assert (seen.why, world.invoice().due, world.balance()) == (["credited"], 0, 200)
    (data,) = seen.told("credit.balance_changed")
    assert (data["balance_before"], data["balance"]) == (0, 200)


def test_the_oldest_issued_invoice_is_paid_first() -> None:
    """R11: by issued_at and not by arrival; each with an application of its own."""
    world = sweeping().given(
        invoice(100, "second", issued="2026-01-10"),
        invoice(100, "third", issued="2026-01-12"),
        invoice(100, "first", issued="2026-01-02"),
    )
    seen = world.when(grant(250))
    assert [(e.invoice, e.amount) for e in seen.entries[1:]] == [
        ("first", -100),
        ("second", -100),
        ("third", -50),
    ]


def test_an_invoice_without_issued_at_is_as_old_as_its_message() -> None:
    """R11, R3: issued_at, else time."""
    world = sweeping().given(
        invoice(100, "later", at="2026-01-15T11:50"), invoice(100, "sooner", at="2026-01-15T11:40")
    )
    assert world.when(grant(100)).entries[1].invoice == "sooner"


def test_no_other_grant_pays() -> None:
    """R11: what was there before and could not pay then does not pay now."""
    world = World().given(invoice(300), grant(200, "there before"))
    world.given(configure_tenant({"apply_to_open_invoices": True}))
    assert world.when(grant(50)).rows == ["grant +50: g 50", "application -50: g 50"]
    assert world.left("there before") == [200]


def test_switching_it_on_pays_nothing_by_itself() -> None:
    """R11: it is the grant's arrival that counts."""
    world = World().given(invoice(300), grant(500))
    assert world.when(configure_tenant({"apply_to_open_invoices": True})).rows == []
    assert world.when(configure(apply_to_open_invoices=True)).rows == []


def test_the_account_counts_before_the_tenant() -> None:
    """R5, R11: on for one account, off for another."""
    world = World().given(configure(apply_to_open_invoices=True), invoice(100))
    assert len(world.when(grant(100)).rows) == 2
    other = sweeping().given(configure(apply_to_open_invoices=False), invoice(100))
    assert len(other.when(grant(100)).rows) == 1


def test_an_invoice_whose_auto_apply_is_off_is_left_alone() -> None:
    """R5, R11: its own setting, or the one it follows."""
    world = sweeping().given(invoice(100, "off", auto_apply=False), invoice(100, "on"))
    assert [entry.invoice for entry in world.when(grant(100)).entries] == [None, "on"]
    world.given(configure(auto_apply=False), invoice(100, "own", auto_apply=True))
    world.given(invoice(100, "follows"))
    assert [e.invoice for e in world.when(grant(500, "g2")).entries] == [None, "own"]


def test_only_open_invoices_are_paid() -> None:
    """R8, R11: no draft, none under payment, none that is paid or void."""
    world = sweeping().given(
        invoice(100, "draft", status="draft"),
        invoice(100, "pending", status="payment_pending"),
        invoice(100, "paid"),
        paid("paid"),
        invoice(100, "void"),
        void("void"),
        paid("early"),
    )
    assert world.when(grant(500)).rows == ["grant +500: g 500"]


def test_a_partly_paid_invoice_takes_the_rest() -> None:
    """R6, R11: never more than is due."""
    world = sweeping().given(grant(200), invoice(300))
    assert world.when(grant(500, "more")).rows[1:] == ["application -100: more 100"]


def test_the_grants_scope_counts() -> None:
    """R4, R11: on the lines it may pay, in line order."""
    world = sweeping().given(
        invoice(100, "no lines", issued="2026-01-01"),
        invoice(lines=[("l1", "web", 100), ("l2", "api", 100)]),
    )
    assert world.when(grant(500, scope=["api"])).rows[1:] == ["application -100: g/l2 100"]


def test_a_grant_that_is_not_usable_yet_pays_nothing() -> None:
    """R2, R11: neither when it comes, nor when it begins."""
    world = sweeping().given(invoice(300))
    assert world.when(grant(500, effective="2026-02-01")).rows == ["grant +500: g 500"]
    assert world.at("2026-02-01").expire().rows == []
    assert world.when(grant(10, "next")).rows[1:] == ["application -10: next 10"]


def test_only_a_grants_coming_pays() -> None:
    """R11: not what comes back, and not what a hold lets go of."""
    world = sweeping().given(grant(500), hold(500), invoice(300))
    assert world.when(release()).rows == []
    world.given(deduct(500, "g"), grant(100, "other"), invoice(50, "big", auto_apply=False))
    assert (world.invoice().applied, world.invoice("big").applied) == (100, 0)


def test_a_grant_that_came_before_pays_nothing_when_it_comes_again() -> None:
    """R7, R11: already brought in."""
    world = sweeping().given(grant(500), deduct(100), invoice(50, auto_apply=False))
    world.given(update(60))
    assert world.when(grant(500, id="again")).rows == []


def test_where_the_batch_ends_changes_nothing() -> None:
    """R23: invoice and grant, in one batch or in two."""
    messages = [invoice(100, "i1"), configure(apply_to_open_invoices=True), grant(150)]
    together = World().when(*messages)
    assert together.rows == ["grant +150: g 150", "application -100: g 100"]
    for cuts in ([1], [2], [1, 2]):
        assert World().when(*messages, cuts=cuts).rows == together.rows


def test_a_void_gives_back_what_a_later_grant_paid() -> None:
    """R10, R13: to that grant; and no other invoice takes it by itself."""
    world = sweeping().given(invoice(100, "i1"), invoice(100, "i2"), grant(100))
    assert world.when(void("i1")).rows == ["reversal +100: g 100"]
    assert world.invoice("i2").applied == 0
