"""Everything that is looked up for people, one function for each question and a typed answer.

The command line asks here and nowhere else. Nothing here takes a lock, decides or writes. A rule is
not written down a second time: what is usable, due or in which state is asked of the values of
`domain/` that come back, or of a view. The views are for those who ask in SQL; tests hold the two
to the same answers.
"""

from db.look_ups.account import open_parts, with_grants
from db.look_ups.arrivals import count_grants, grants_before
from db.look_ups.closings import Start, closing_by, went_by
from db.look_ups.credits import CREDITS, Credit, credits_of
from db.look_ups.customers import clock, holdings, names_like, settings_of, tenants_of
from db.look_ups.grants import (
    amended_at,
    details_of,
    entries_that_touch,
    grants_called,
    grants_with,
    uses_of,
)
from db.look_ups.invoices import Billed, invoices_called
from db.look_ups.ledger import (
    ROWS_AT_A_TIME,
    SCANNED_MAX,
    Page,
    Span,
    Wanted,
    entries_at,
    page,
    rows_of,
    span_of,
)
from db.look_ups.messages import (
    find_quarantined,
    find_receipt,
    receipts_called,
    set_aside_called,
)
from db.look_ups.periods import By, Period
from db.look_ups.portions import page_of
from db.look_ups.session import session
from db.look_ups.stretches import Opening, Stretch, stretch_to
from db.look_ups.sums import Balances, Moved, balances, decimals_of, moved, remaining
from db.look_ups.touched import entries_in, moved_since, touched_parts
from db.look_ups.writeoffs import ShortfallCredit, writeoffs_of
from db.look_ups.written import Written, count_written, written

__all__ = [
    "CREDITS",
    "ROWS_AT_A_TIME",
    "SCANNED_MAX",
    "Balances",
    "Billed",
    "By",
    "Credit",
    "Moved",
    "Opening",
    "Page",
    "Period",
    "ShortfallCredit",
    "Span",
    "Start",
    "Stretch",
    "Wanted",
    "Written",
    "amended_at",
    "balances",
    "clock",
    "closing_by",
    "count_grants",
    "count_written",
    "credits_of",
    "decimals_of",
    "details_of",
    "entries_at",
    "entries_in",
    "entries_that_touch",
    "find_quarantined",
    "find_receipt",
    "grants_before",
    "grants_called",
    "grants_with",
    "holdings",
    "invoices_called",
    "moved",
    "moved_since",
    "names_like",
    "open_parts",
    "page",
    "page_of",
    "receipts_called",
    "remaining",
    "rows_of",
    "session",
    "set_aside_called",
    "settings_of",
    "span_of",
    "stretch_to",
    "tenants_of",
    "touched_parts",
    "uses_of",
    "went_by",
    "with_grants",
    "writeoffs_of",
    "written",
]
