"""What a column can hold: text, JSON, integers, numbers or truth values, each with its limits.

A field parses the text of a cell for the reader, checks values for `validate`, and names the dtype
of the column in a table.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar, Protocol

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.csv.json_cells import parse_json
from bridgebench.leaderboard.csv.text_cells import name_objection, objection

_INTEGER = re.compile(r"(-?[0-9]{1,18})(\.0{1,18})?")
"""Programs without a type for missing integers write 20.0 for 20."""
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")
_BOOLEANS = {"": None, "true": True, "false": False}

EMPTY = "must not be empty"

Cell = str | int | float | bool | None
"""The value of a cell; None for an empty one."""


class Field(Protocol):
    """What a column holds."""

    dtype: ClassVar[str]

    def parse(self, text: str) -> Cell:
        """The value of a cell; ValueError, which says what was expected, for another type."""

    def fault(self, value: Cell) -> str:
        """Why the column must not hold this value, or ""."""


@dataclass(frozen=True)
class Text:
    """Text.

    words    the only values, if any are given
    pattern  a regular expression that the whole text must match
    rule     the pattern in words
    name     whether it names plugins, packages or devices, so that no letter may look like another
    """

    dtype: ClassVar[str] = "string"
    words: tuple[str, ...] = ()
    pattern: str = ""
    rule: str = ""
    name: bool = False

    def parse(self, text: str) -> Cell:
        """The text itself."""
        return text

    def fault(self, value: Cell) -> str:
        """A formula, a path, a control character, or another text than allowed."""
        if value is None:
            return EMPTY
        text = str(value)
        fault = objection(text) or (name_objection(text) if self.name else "")
        if fault:
            return fault
        rule = ""
        if self.words and text not in self.words:
            rule = f"must be one of {', '.join(word or 'empty' for word in self.words)}"
        elif self.pattern and not re.fullmatch(self.pattern, text):
            rule = self.rule
        return f"{rule}, it is {text:.80}" if rule and text else rule


@dataclass(frozen=True)
class Json:
    """A JSON object with the shape of its column."""

    dtype: ClassVar[str] = "string"
    column: str

    def parse(self, text: str) -> Cell:
        """The text itself."""
        return text

    def fault(self, value: Cell) -> str:
        """A text that a cell must not hold, or JSON of another shape."""
        fault = EMPTY if value is None else objection(str(value))
        if fault:
            return fault
        try:
            parse_json(str(value), self.column)
        except IntegrityError as error:
            return str(error).removeprefix(f"column {self.column}: ")
        return ""


@dataclass(frozen=True)
class Integer:
    """An integer of at least `low`; `needed` says that no row may lack it."""

    dtype: ClassVar[str] = "Int64"
    low: int
    needed: bool = False

    def parse(self, text: str) -> Cell:
        """The integer, None for an empty cell."""
        if not text:
            return None
        found = _INTEGER.fullmatch(text)
        if not found:
            raise ValueError("a whole number")
        return int(found[1])

    def fault(self, value: Cell) -> str:
        """A missing or a low number."""
        if value is None:
            return EMPTY if self.needed else ""
        return _out_of_range(value, self.low, None)


@dataclass(frozen=True)
class Float:
    """A finite number from `low` to `high`, None for no bound; a row may lack it."""

    dtype: ClassVar[str] = "float64"
    low: float | None = None
    high: float | None = None

    def parse(self, text: str) -> Cell:
        """The number, None for an empty cell."""
        if not text:
            return None
        if _DECIMAL_COMMA.fullmatch(text):
            raise ValueError("a number: it has a decimal comma; save it with points")
        if not _FLOAT.fullmatch(text):
            raise ValueError("a number, written like 0.5 or 1e-3")
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("a finite number")
        return number

    def fault(self, value: Cell) -> str:
        """A number out of range."""
        return "" if value is None else _out_of_range(value, self.low, self.high)


@dataclass(frozen=True)
class Boolean:
    """`true` or `false`; `needed` says that no row may lack it."""

    dtype: ClassVar[str] = "boolean"
    needed: bool = False

    def parse(self, text: str) -> Cell:
        """The value, None for an empty cell."""
        if text.lower() not in _BOOLEANS:
            raise ValueError("true, false or empty")
        return _BOOLEANS[text.lower()]

    def fault(self, value: Cell) -> str:
        """A missing value."""
        return EMPTY if self.needed and value is None else ""


def _out_of_range(value: Cell, low: float | None, high: float | None) -> str:
    number = float(value or 0)
    if low is not None and number < low:
        return f"must be at least {low:g}, it is {value}"
    if high is not None and number > high:
        return f"must be at most {high:g}, it is {value}"
    return ""
