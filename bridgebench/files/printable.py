"""Text from files as a terminal or a page may show it."""

from __future__ import annotations

_BLANK = frozenset(
    chr(code)
    for code in (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)
"""Letters and marks that show nothing, though Unicode does not count them as format characters."""


def hidden(letter: str) -> bool:
    """Whether a character cannot be seen, or changes how others are shown.

    >>> hidden("a"), hidden("ä"), hidden("\u200b"), hidden("\u3164"), hidden("\ufe0f")
    (False, False, True, True, True)
    """
    return not letter.isprintable() or letter in _BLANK


def printable(text: str) -> str:
    r"""The text with every character that cannot be seen written as its escape sequence.

    That are control characters, zero-width characters, and those that turn the direction of
    writing: a name with one of them looks like another name, or moves the cursor.

    >>> printable("ddib\u200b \u202ebbid \x1b[2J")
    'ddib\\u200b \\u202ebbid \\x1b[2J'
    >>> printable("ä 縦 ±")
    'ä 縦 ±'
    """
    return "".join(
        letter.encode("unicode_escape").decode("ascii") if hidden(letter) else letter
        for letter in text
    )
