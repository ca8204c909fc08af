"""Option values that hold separators, in double quotes: `folder="out 10:30"`.

Inside quotes every character stands for itself, but a backslash makes the next one literal.
"""

from __future__ import annotations

import re

from bridgebench.errors import InvalidOption

_PLAIN = re.compile(r"""[^\s:,=+"'\\]+""")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]', re.DOTALL)


def quoted(value: str) -> str:
    r"""The value as it is written in a spec: in quotes where it holds a separator or nothing.

    >>> quoted("2s"), quoted("out 10:30"), quoted('5" disk')
    ('2s', '"out 10:30"', '"5\\" disk"')
    """
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def unquoted(text: str) -> str:
    """The value that `quoted` wrote; text without quotes is itself.

    >>> unquoted('"out 10:30"'), unquoted("2s")
    ('out 10:30', '2s')
    """
    found = _QUOTED.fullmatch(text)
    if found:
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)
    if '"' in text:
        raise InvalidOption(f'{text} has a quote in its middle; write option="value"')
    return text


def split_outside(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that are not in quotes.

    InvalidOption where a quote is not closed.

    >>> split_outside('outputs:folder="out 10:30"', ":")
    ['outputs', 'folder="out 10:30"']
    """
    pieces = _PIECE.findall(text)
    if sum(map(len, pieces)) != len(text):
        raise InvalidOption(f"{text} has a quote that is not closed; end it with a double quote")
    parts = [""]
    for piece in pieces:
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
