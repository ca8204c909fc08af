"""The first difference of two JSON descriptions, such as two fingerprints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bridgebench.files.printable import printable

SHOWN = 80


@dataclass(frozen=True)
class Difference:
    """A part, as keys joined by dots, that two descriptions have with other values."""

    part: str
    left: object
    right: object

    def __str__(self) -> str:
        """The part and both values, in words."""
        return printable(f"{self.part}: {_shown(self.left)} and {_shown(self.right)}")


def first_difference(left: object, right: object, part: str = "") -> Difference | None:
    """The first part, in the order of the keys, in which two JSON values differ.

    >>> str(first_difference({"fid": {"n": 128}}, {"fid": {"n": 512}}))
    'fid.n: 128 and 512'
    """
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in sorted({*left, *right}, key=str):
            inner = f"{part}.{key}" if part else str(key)
            found = first_difference(left.get(key), right.get(key), inner)
            if found:
                return found
        return None
    return None if left == right else Difference(part or "the whole", left, right)


def _shown(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
