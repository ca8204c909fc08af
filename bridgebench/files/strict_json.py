"""JSON that is not trusted: what other readers take in silence is an error of one line."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, NoReturn

from bridgebench.errors import IntegrityError

MAX_DEPTH = 40
"""Lists and objects in each other; what bridgebench writes has less than ten."""


def loads(text: str | bytes, where: str) -> Any:
    """The value of a JSON text.

    Raises:
        IntegrityError: it is no JSON in UTF-8, has NaN, Infinity, a number out of range, a key
            twice, or lists in lists more than 40 deep. The message begins with `where`.

    >>> loads('{"a": [1, 2.5, null]}', "a file")
    {'a': [1, 2.5, None]}
    >>> loads('{"a": 1e999}', "a file")
    Traceback (most recent call last):
    bridgebench.errors.IntegrityError: a file: not sound JSON (1e999 is out of range)
    """
    try:
        plain = text if isinstance(text, str) else text.decode()
        value = json.loads(
            plain,
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_object,
        )
        _check_depth(value)
    except RecursionError as error:
        raise IntegrityError(f"{where}: not sound JSON (nested too deeply)") from error
    except ValueError as error:
        raise IntegrityError(f"{where}: not sound JSON ({error})") from error
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text:.40} is out of range")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is there twice")
    return value


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for each in level
            if isinstance(each, dict | list)
            for part in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")
