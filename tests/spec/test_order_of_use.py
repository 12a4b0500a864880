"""R1: in which order grants are used, for every profile."""

import pytest

from domain.messages import Message
from domain.settings import TenantSettings
from tests.builders import deduct, grant
from tests.world import World

SOON, LATE = "2026-02-01", "2026-03-01"
BEFORE, EARLIER = "2026-01-10", "2026-01-05"

Case = tuple[str, list[Message]]
"""What decides, and grants that come in this order but are used from the last to the first."""

STANDARD: list[Case] = [
    ("priority", [grant(10, "a", priority=1), grant(10, "b", priority=0)]),
    ("priority before expiry", [grant(10, "a", expires=SOON), grant(10, "b", priority=49)]),
    ("soonest expiry", [grant(10, "a", expires=LATE), grant(10, "b", expires=SOON)]),
    ("never expires last", [grant(10, "a"), grant(10, "b", expires=LATE)]),
    (
        "expiry before category",
        [grant(10, "a", expires=LATE, category="promotional"), grant(10, "b", expires=SOON)],
    ),
    (
        "the whole instant of expiry",
        [
            grant(10, "a", expires="2026-02-01T00:00:00.000002"),
            grant(10, "b", expires="2026-02-01T00:00:00.000001"),
        ],
    ),
    ("promotional before paid", [grant(10, "a"), grant(10, "b", category="promotional")]),
    (
        "category before effective_at",
        [grant(10, "a"), grant(10, "b", category="promotional", effective=BEFORE)],
    ),
    (
        "soonest effective_at",
        [grant(10, "a", effective=BEFORE), grant(10, "b", effective=EARLIER)],
    ),
    ("no effective_at first", [grant(10, "a", effective=EARLIER), grant(10, "b")]),
]
OPENMETER: list[Case] = [
    *STANDARD[:4],
    ("expiry before category", STANDARD[4][1]),
]
LAGO: list[Case] = [
    STANDARD[0],
    ("promotional before paid", [grant(10, "a"), grant(10, "b", category="promotional")]),
    (
        "category whatever the expiry",
        [grant(10, "a", expires=SOON), grant(10, "b", category="promotional")],
    ),
    (
        "priority before category",
        [grant(10, "a", category="promotional"), grant(10, "b", priority=1)],
    ),
]
ORB: list[Case] = [
    ("scoped first", [grant(10, "a"), grant(10, "b", scope=["api"])]),
    (
        "scope before expiry",
        [grant(10, "a", expires=SOON), grant(10, "b", scope=["api"], expires=LATE)],
    ),
    (
        "expiry whatever the priority",
        [grant(10, "a", expires=LATE, priority=0), grant(10, "b", expires=SOON, priority=99)],
    ),
    ("promotional before paid", [grant(10, "a"), grant(10, "b", category="promotional")]),
]
METRONOME: list[Case] = [
    STANDARD[0],
    (
        "category before scope",
        [grant(10, "a", scope=["api"]), grant(10, "b", category="promotional")],
    ),
    (
        "fewest products",
        [grant(10, "a", scope=["api", "web"]), grant(10, "b", scope=["api"])],
    ),
    ("unscoped last", [grant(10, "a"), grant(10, "b", scope=["api", "web", "app"])]),
    (
        "scope before expiry",
        [grant(10, "a", expires=SOON), grant(10, "b", scope=["api"], expires=LATE)],
    ),
    ("soonest expiry", [grant(10, "a", expires=LATE), grant(10, "b", expires=SOON)]),
    ("no effective_at first", [grant(10, "a", effective=EARLIER), grant(10, "b")]),
]
FLEXPRICE: list[Case] = [
    *STANDARD[:4],
    ("larger amount", [grant(10, "a"), grant(11, "b")]),
    ("expiry before amount", [grant(11, "a", expires=LATE), grant(10, "b", expires=SOON)]),
]
CASES = {
    "standard": STANDARD,
    "openmeter": OPENMETER,
    "lago": LAGO,
    "orb": ORB,
    "metronome": METRONOME,
    "flexprice": FLEXPRICE,
    "fifo": [],
}

INDIFFERENT: dict[str, list[Case]] = {
    "standard": [("scope", [grant(10, "z"), grant(11, "a", scope=["api"])])],
    "openmeter": [
        ("category", [grant(10, "z"), grant(10, "a", category="promotional")]),
        ("effective_at", [grant(10, "z", effective=EARLIER), grant(10, "a")]),
    ],
    "lago": [
        ("expiry", [grant(10, "z", expires=LATE), grant(10, "a", expires=SOON)]),
        ("effective_at", [grant(10, "z", effective=EARLIER), grant(10, "a")]),
    ],
    "orb": [
        ("priority", [grant(10, "z", priority=9), grant(10, "a", priority=1)]),
        ("effective_at", [grant(10, "z", effective=EARLIER), grant(10, "a")]),
    ],
    "metronome": [("amount", [grant(10, "z"), grant(11, "a")])],
    "flexprice": [("category", [grant(10, "z"), grant(10, "a", category="promotional")])],
    "fifo": [
        ("priority", [grant(10, "z", priority=9), grant(10, "a", priority=1)]),
        ("expiry", [grant(10, "z", expires=LATE), grant(10, "a", expires=SOON)]),
        ("category", [grant(10, "z"), grant(10, "a", category="promotional")]),
        ("scope", [grant(10, "z"), grant(10, "a", scope=["api"])]),
    ],
}


def used_first(profile: str, grants: list[Message]) -> str:
    """Which of the grants pays for one unit of the product `api`."""
    world = World(TenantSettings(order=profile)).given(*grants)
    (entry,) = world.when(deduct(1, product="api")).entries
    assert entry.order == f"{profile}/1"
    return entry.allocations[0].grant


@pytest.mark.parametrize(
    ("profile", "case"),
    [(profile, case) for profile, cases in CASES.items() for case in cases],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_the_later_grant_goes_first(profile: str, case: Case) -> None:
    """R1: every key of a profile decides where those before it do not."""
    assert used_first(profile, case[1]) == "b"


@pytest.mark.parametrize(
    ("profile", "case"),
    [(profile, case) for profile, cases in INDIFFERENT.items() for case in cases],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_a_profile_does_not_name_leaves_the_first_come_first(profile: str, case: Case) -> None:
    """R1: grants alike to the profile are used in the order of their entries, not of their ids."""
    assert used_first(profile, case[1]) == "z"


def test_an_order_is_kept_across_many_grants() -> None:
    """R1: soonest expiry, then promotional, then the order of arrival."""
    world = World().given(
        grant(10, "never"),
        grant(10, "late", expires=LATE),
        grant(10, "soon-paid", expires=SOON),
        grant(10, "soon-free", expires=SOON, category="promotional"),
        grant(10, "never-too"),
        grant(10, "urgent", priority=0),
    )
    assert world.when(deduct(55)).rows == [
        "deduction -55: urgent 10, soon-free 10, soon-paid 10, late 10, never 10, never-too 5"
    ]
