"""JSON from elsewhere: parsed as the standard has it, and no further than anybody needs.

Python's parser takes NaN and Infinity, turns 1e999 into infinity, keeps the last of two equal keys,
and ends in RecursionError where brackets are nested deeply. Each of these is refused here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

MAX_DEPTH = 32
MAX_DIGITS = 18
MAX_CHARACTERS = 8 * 2**20

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""One pass, also over a string that does not end."""


def parse_json(text: str, most: int = MAX_CHARACTERS) -> Any:
    """The value of a JSON text; ValueError, one line, for anything that is not plain JSON.

    Args:
        text: the JSON.
        most: how many characters it may have.

    >>> parse_json('{"a": [0.5, null]}')
    {'a': [0.5, None]}
    >>> parse_json('{"a": 1e999}')
    Traceback (most recent call last):
    ...
    ValueError: 1e999 is not a finite number
    """
    if len(text) > most:
        raise ValueError(f"has {len(text)} characters, more than {most}")
    _check_depth(text)
    return json.loads(
        text,
        parse_constant=_no_constant,
        parse_float=_finite,
        parse_int=_short,
        object_pairs_hook=_without_twins,
    )


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"is nested more than {MAX_DEPTH} deep")


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not a finite number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a finite number")
    return number


def _short(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"{text[:40]} has more than {MAX_DIGITS} digits")
    return int(text)


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key {twin[:40]!r} twice")
    return found
