"""R13: credit goes back where it came from, in exactly the reverse order of use."""

from collections.abc import Callable, Iterable

from domain.bill import Use
from domain.credit import Allocation


def newest_first(
    uses: list[Use], amount: int, wanted: Callable[[Use], bool] = lambda _: True
) -> list[Use]:
    """Take an amount out of a list of uses, from its end on; returns what was taken of each.

    Only the uses that are `wanted` are touched. Less than the amount comes out when less is there.
    """
    taken: list[Use] = []
    for place in reversed(range(len(uses))):
        if amount <= 0:
            break
        use = uses[place]
        if not wanted(use):
            continue
        part = min(use.amount, amount)
        taken.append(use._replace(amount=part))
        amount -= part
        if part == use.amount:
            del uses[place]
        else:
            uses[place] = use._replace(amount=use.amount - part)
    return taken


def as_allocations(uses: Iterable[Use]) -> tuple[Allocation, ...]:
    """One allocation for each grant and line, in the order in which they first appear."""
    sums: dict[tuple[str, str | None], int] = {}
    for use in uses:
        sums[use[:2]] = sums.get(use[:2], 0) + use.amount
    return tuple(Allocation(*of, amount) for of, amount in sums.items())
