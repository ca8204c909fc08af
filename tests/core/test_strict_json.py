from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, strategies as st

from bridgebench.strict_json import MAX_DEPTH, parse_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "NaN is not a finite number"),
        ('{"a": [Infinity]}', "Infinity is not a finite number"),
        ("-Infinity", "-Infinity is not"),
        ("[1e999]", "1e999 is not a finite number"),
        ("1" * 5000, "more than 18 digits"),
        ("[" * 100_000, f"nested more than {MAX_DEPTH} deep"),
        ('{"a":' * 100_000, f"nested more than {MAX_DEPTH} deep"),
        ('{"a": 1, "a": 2}', "has the key 'a' twice"),
        ("{", "Expecting"),
        ("", "Expecting"),
        ('"' + '\\"' * 100_000, "Unterminated"),
    ],
)
def test_what_is_no_plain_json_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_a_text_that_is_too_long_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="has 12 characters, more than 10"):
        parse_json('"1234567890"', most=10)


def test_brackets_in_words_are_no_depth() -> None:
    assert parse_json(json.dumps(["[" * 1000])) == ["[" * 1000]


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_json_reads_back(value: object) -> None:
    assert parse_json(json.dumps(value)) == value
