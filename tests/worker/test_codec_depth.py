"""Deep nesting is counted before the parser sees it, because that calls itself for each level."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Message
from tests.worker.codec_cases import encoded, event
from worker import stack
from worker.codec import Codec, Malformed
from worker.codec_json import LEVELS_MAX, UnreadableError, parse, salvage

TOO_DEEP = "nested too deeply to be read"
THREAD = """
import sys, threading
from worker.codec import Codec
raws = [bytes.fromhex(line) for line in sys.stdin]
threading.stack_size(131_072)
said = []
decode = Codec(bytes_max=10_000_000).decode
thread = threading.Thread(target=lambda: said.extend(map(decode, raws)))
thread.start()
thread.join()
for found in said:
    print(getattr(found, "reason", "a message"))
"""


def nested(levels: int, inner: Any = 0) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


DEEPEST = event(line_items=[{"id": "1", "amount": 1250, "metadata": {"k": nested(31)}}])
"""36 levels: event, data, array, item, and 32 of metadata."""


def test_a_small_stack_survives_any_depth() -> None:
    """128 KiB is what a thread gets from some C libraries; without the count this is a SIGSEGV."""
    most = nested(LEVELS_MAX, "\\u0041")
    deep = [b"[" * 100_000, b'{"a":' * 100_000, b'{"a":[' * 50_000, rb'["\u0041",' * 100_000]
    raws = [*deep, encoded(DEEPEST), json.dumps(most).encode()]
    done = subprocess.run(
        [sys.executable, "-c", THREAD],
        cwd=stack.ROOT,
        input="\n".join(raw.hex() for raw in raws),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    array = "must be a JSON object, a CloudEvent"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [*[TOO_DEEP] * len(deep), "a message", array]


def test_the_deepest_message_is_taken() -> None:
    assert isinstance(Codec().decode(encoded(DEEPEST)), Message)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        (32, "data.metadata: must be at most 32 levels deep"),
        (LEVELS_MAX - 3, "data.metadata: must be at most 32 levels deep"),
        (LEVELS_MAX - 2, TOO_DEEP),
        (900, TOO_DEEP),
    ],
)
def test_deeper_ones_are_not(levels: int, reason: str) -> None:
    found = Codec().decode(encoded(event(metadata={"k": nested(levels)})))
    message_id = None if reason == TOO_DEEP else "m-1"
    assert found == Malformed(reason, message_id)


FLAT = [
    json.dumps([{}] * 1_000),
    json.dumps("[{" * 1_000),
    json.dumps({"[" * 1_000: '"[' * 1_000}),
    json.dumps(['\\"[', "\\", "[" * 100, '\\\\"', "{" * 100]),
    json.dumps(["{" * 100, {"]" * 100: "[" * 100}]),
]


@pytest.mark.parametrize("text", FLAT, ids=range(len(FLAT)))
def test_brackets_in_texts_and_beside_each_other_are_not_levels(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize("before", [rb'["\"",', rb'["\\",', b'["]]]]",', b'{"]":', b"[[],[],"])
def test_no_text_hides_a_level(before: bytes) -> None:
    with pytest.raises(UnreadableError, match=TOO_DEEP):
        parse(before * 100)
    assert salvage(b'{"id":"m","a":' + before * 100, "id") is None


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0


_TEXT = st.text(st.sampled_from('[]{}"\\,: aé'), max_size=40)
_JSON = st.recursive(
    st.integers() | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=10,
)


@given(_JSON, st.integers(0, LEVELS_MAX + 5), st.booleans())
def test_the_count_is_that_of_the_parser(value: Any, levels: int, ascii_only: bool) -> None:
    whole = nested(levels, [value, "]" * 80, {"[" * 80: []}])
    raw = json.dumps(whole, ensure_ascii=ascii_only).encode()
    if depth(whole) <= LEVELS_MAX:
        assert parse(raw) == whole
    else:
        with pytest.raises(UnreadableError, match=TOO_DEEP):
            parse(raw)
