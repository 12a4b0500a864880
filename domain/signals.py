"""credit.balance_low: told when available falls below its level, once until it recovers."""

from domain.account import Account
from domain.changes import Changes
from domain.events import balance_low
from domain.ledger import Occasion
from domain.settings import TenantSettings


def signal(
    account: Account, occasion: Occasion, settings: TenantSettings, changes: Changes
) -> None:
    """Compare what is available now with the account's level, or else the tenant's."""
    level = account.settings.low_balance
    if level is None:
        level = settings.low_balance
    if level is None:
        return
    had_enough, account.has_enough = account.has_enough, account.available >= level
    if had_enough and not account.has_enough:
        changes.events.append(balance_low(account, occasion.cause, level, occasion.at.now))
