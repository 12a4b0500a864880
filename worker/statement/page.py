"""The whole page: a head, a section for each currency, and what the words mean."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from worker.statement import sections
from worker.statement.account import AccountStatement
from worker.statement.markup import Html, element, joined, time
from worker.statement.picture import picture

_STYLE = Path(__file__).with_name("style.css")
# Whatever a text may smuggle in, nothing is loaded and nothing runs.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_WORDS = (
    ("Available", "what an invoice could use: not expired, already effective, not held."),
    ("Held", "reserved for later; it counts in the balance and is not available."),
    ("Balance", "the sum of the ledger, less what has expired."),
    ("Write-off", "a small shortfall that was let off; it is no credit that could be spent."),
)


def page(accounts: Sequence[AccountStatement], at: datetime | None) -> str:
    """A customer's accounts as an HTML document; the same accounts give the same bytes.

    Args:
        accounts: at least one, all of one customer.
        at: the instant that the statement is of, where somebody asked for one; it is shown.
    """
    key = accounts[0].key
    names = [f"account-{number}" for number in range(1, len(accounts) + 1)]
    shown = [_account(account, name, at) for account, name in zip(accounts, names, strict=True)]
    body = joined(
        (
            element("a", "Skip to the statement", href="#statement", class_="skip"),
            _header(accounts, names, at),
            element("main", *shown, id="statement", tabindex="-1"),
            _footer(),
        ),
        "\n",
    )
    head = _head(f"Credit statement of {key.customer}")
    return f"<!DOCTYPE html>\n{element('html', head, element('body', body), lang='en')}\n"


def _head(title: str) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", title),
        element("style", Html("\n" + _STYLE.read_text(encoding="utf-8"))),
    )


def _header(
    accounts: Sequence[AccountStatement], names: Sequence[str], at: datetime | None
) -> Html:
    tenant, customer, _ = accounts[0].key
    about = [element("span", "Tenant ", element("b", tenant))]
    if (since := accounts[0].since) is not None:
        about.append(element("span", "From ", element("b", time(since), " UTC")))
    if at is not None:
        about.append(element("span", "As of ", element("b", time(at), " UTC")))
    links = (_links(account, name) for account, name in zip(accounts, names, strict=True))
    return element(
        "header",
        element("p", "Credit statement", class_="kind"),
        element("h1", element("bdi", customer)),
        element("p", *about, class_="about"),
        element("nav", *links, aria_label="Parts of the statement"),
    )


def _links(account: AccountStatement, name: str) -> Html:
    parts = (
        element("li", element("a", title, href=f"#{name}-{part}"))
        for part, title, _ in _parts(account)
    )
    first = element("li", element("a", account.key.currency, href=f"#{name}"))
    return element("ul", first, *parts)


Part = tuple[str, str, Callable[[AccountStatement], Html]]


def _parts(account: AccountStatement) -> Iterator[Part]:
    """Those that there is something to say in."""
    if not account.ledger and not account.left_out:
        return
    yield "grants", "Grants", sections.grants
    yield "ledger", "Ledger", sections.ledger
    if account.invoices:
        yield "invoices", "Invoices", sections.invoices
    if account.writeoffs:
        yield "writeoffs", "Written off", sections.writeoffs


def _account(account: AccountStatement, name: str, at: datetime | None) -> Html:
    parts = [_section(f"{name}-{part}", title, of(account)) for part, title, of in _parts(account)]
    if account.ledger:
        drawn = picture(account, f"{name}-picture", at)
        parts.insert(0, _section(f"{name}-over-time", "Balance over time", drawn))
    elif not account.left_out:
        parts.append(element("p", "The ledger is empty.", class_="nothing"))
    heading = element("h2", account.key.currency, id=name)
    return element(
        "section",
        joined((heading, sections.summary(account), *parts), "\n"),
        aria_labelledby=name,
        class_="account",
    )


def _section(name: str, title: str, content: Html) -> Html:
    heading = element("h3", title, id=name)
    return element("section", heading, content, aria_labelledby=name)


def _footer() -> Html:
    words = (joined((element("dt", word), element("dd", meant))) for word, meant in _WORDS)
    heading = element("h2", "What the words mean", id="words")
    return element("footer", heading, element("dl", *words))
