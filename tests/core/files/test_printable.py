from __future__ import annotations

import pytest

from bridgebench.files.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 縦 ±", "plain ä 縦 ±"),
        ("a\u200bb", r"a\u200bb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\ufeff\u00ad\u2028", r"\ufeff\xad\u2028"),
        ("\ud800", r"\ud800"),
        ("a\u3164\u115f\u2800", r"a\u3164\u115f\u2800"),
        ("a\u034f\ufe0f\U000e0100", r"a\u034f\ufe0f\U000e0100"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_written_as_its_escape_sequence(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()
