"""Text from files as a terminal or a page may show it."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text with every character that cannot be seen written as its escape sequence.

    That are control characters, zero-width characters, and those that turn the direction of
    writing: a name with one of them looks like another name, or moves the cursor.

    >>> printable("ddib\u200b \u202ebbid \x1b[2J")
    'ddib\\u200b \\u202ebbid \\x1b[2J'
    >>> printable("ä 縦 ±")
    'ä 縦 ±'
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )
