"""Text from elsewhere as it may be printed."""

from __future__ import annotations

import unicodedata

UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that move a terminal's cursor, reorder letters, or cannot be seen."""


def printable(text: str) -> str:
    r"""A text with each character escaped that a terminal would obey or a reader would not see.

    >>> printable("a\x1b[31mb\u202ec")
    'a\\x1b[31mb\\u202ec'
    """
    return "".join(
        letter.encode("unicode_escape").decode() if is_unprintable(letter) else letter
        for letter in text
    )


def is_unprintable(letter: str) -> bool:
    """Whether a character is a control, a format mark, a surrogate, private or not assigned."""
    return unicodedata.category(letter) in UNPRINTABLE
