"""JSON from elsewhere: sound, or one line that says what is wrong."""

import json

import pytest

from bridgebench import IntegrityError
from bridgebench.files.strict_json import loads


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "ä"]}, [], 3, "x", True, [[[[1]]]]])
def test_what_was_written_is_read(value):
    assert loads(json.dumps(value).encode(), "here") == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "NaN is no JSON"),
        ('{"a": -Infinity}', "-Infinity is no JSON"),
        ("1e999", "1e999 is out of range"),
        ('{"a": 1, "a": 2}', "a key is there twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ('{"a":' * 50 + "1" + "}" * 50, "nested too deeply"),
        ("", "Expecting value"),
        ("1" * 5000, "digits"),
        (b"\xff\xfe", "utf-8"),
        ("{} {}", "Extra data"),
    ],
)
def test_anything_else_is_one_line(text, said):
    with pytest.raises(IntegrityError) as caught:
        loads(text, "here")
    assert str(caught.value).startswith("here: not sound JSON (")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
