"""What other systems call things: the named mappings of `scrip publish --mapping`.

A mapping says of each field of a foreign object which field of ours it is, and how it is read.
Whatever stands in no mapping is refused and not dropped. `worker/mapped.py` carries them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum


class Named(StrEnum):
    """The mappings that there are."""

    VAYU = "vayu"
    VAYU_DEDUCT = "vayu-deduct"
    INVOICED = "invoiced"
    LAYER = "layer"


class Read(Enum):
    """How a foreign value becomes one of ours."""

    AS_IS = "as it is"
    MAJOR = "a number of major units, such as 12.5"
    NAME = "text, or an integer as text"
    CODE = "a currency code, in upper or lower case"
    UNIX = "an instant, in seconds since 1970"
    IDENTIFIER = "{type, id} or {type, stable_name}"
    EMPTY = "nothing"


@dataclass(frozen=True, slots=True)
class To:
    """Where a foreign field goes: a field of `data`, or `@id` and `@time` of the event around it.

    With `also` it goes there too; with `each` it is a list of objects with fields of their own.
    """

    field: str | None
    read: Read = Read.AS_IS
    required: bool = False
    also: str | None = None
    each: Mapping[str, "To"] | None = None
    why_empty: str = ""
    """For `Read.EMPTY`: what to do instead."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One call of another system, field by field."""

    stands_for: str
    type: str
    source: str
    fields: Mapping[str, To]
    one_of: tuple[str, ...] = ()
    """Fields of which an object has exactly one."""
    total_of: str | None = None
    """The list whose amounts add up to the message's."""

    @property
    def known(self) -> Mapping[str, To]:
        """Every field that an object may have."""
        return {**SHARED, **self.fields}


SHARED: Mapping[str, To] = {
    "id": To("@id", Read.NAME),
    "currency": To("currency", Read.CODE),
    "note": To("note"),
    "created_by": To("created_by"),
}
"""What an object of any mapping may say besides."""

_TAGS = {
    "key": To("key", required=True),
    "value": To("value", required=True),
    "dimension_display_name": To(None),
    "value_display_name": To(None),
}
_LAYER_ITEM = {
    "amount": To("amount", required=True),
    "revenue_account_identifier": To("ledger_account", Read.IDENTIFIER),
    "memo": To("memo"),
    "metadata": To("metadata"),
}
_VAYU = {
    "creditAmount": To("amount", Read.MAJOR, required=True),
    "customerId": To("customer", required=True),
}

MAPPINGS: Mapping[Named, Foreign] = {
    Named.VAYU: Foreign("POST /credits/grant", "credit.grant", "/vayu", _VAYU),
    Named.VAYU_DEDUCT: Foreign("POST /credits/deduct", "credit.deduct", "/vayu", _VAYU),
    Named.INVOICED: Foreign(
        "POST /credit_balance_adjustments",
        "credit.grant",
        "/invoiced",
        {
            "customer": To("customer", Read.NAME, required=True),
            "amount": To("amount", Read.MAJOR, required=True),
            "date": To("@time", Read.UNIX),
            "notes": To("note"),
        },
    ),
    Named.LAYER: Foreign(
        "POST /v1/businesses/ID/invoices/customer-credits",
        "credit.grant",
        "/layer",
        {
            "external_id": To("external_id", also="@id"),
            "customer_id": To("customer"),
            "customer_external_id": To("customer"),
            "sent_at": To("sent_at", also="@time"),
            "line_items": To("line_items", required=True, each=_LAYER_ITEM),
            "allocations": To(
                None, Read.EMPTY, why_empty="send a credit.apply for each, after the credit"
            ),
            "tags": To("tags", each=_TAGS),
            "memo": To("memo"),
            "metadata": To("metadata"),
            "reference_number": To("reference_number"),
        },
        one_of=("customer_id", "customer_external_id"),
        total_of="line_items",
    ),
}
