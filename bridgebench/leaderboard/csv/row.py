"""A row of a board: one type from the record of a finished cell to the CSV and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import (
    AXES,
    COST,
    COUNTS,
    FINGERPRINT_LENGTH,
    ROW_HASH,
)
from bridgebench.leaderboard.csv.fields import Cell
from bridgebench.leaderboard.csv.json_cells import parse_json
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.toolkit.statistics.intervals import Estimate

Shares = npt.NDArray[np.bool_]
Items = npt.NDArray[np.float64] | Shares
Section = tuple[str, str, str, int, int]
AxisValue = str | int | None

STANDING = frozenset({"tie_group", "pareto", "flags"})
"""Columns that follow from the numbers, the task and the other rows."""

UNHASHED = STANDING | (set(COST) - set(COUNTS)) | {ROW_HASH}
"""Columns in which two runs of one cell may differ: standing, seconds and memory."""


@dataclass(frozen=True)
class Row:
    """A row of a board.

    cells  column -> its value, None for an empty cell; every column of the board
    items  metric column -> the statistic of each image, (n,); bool where all are 0 or 1. Only rows
           that were made from records have them.
    file   where the row is from, if rows of several files are combined
    number of the row in that file, from 1
    """

    cells: Mapping[str, Any]
    items: Mapping[str, Items] = field(default_factory=dict)
    file: str = ""
    number: int = 0

    @cached_property
    def axes(self) -> dict[str, AxisValue]:
        """What names the row; None on an axis that the method does not use."""
        values = {axis: self.cells.get(axis) for axis in AXES}
        return {axis: None if value == UNUSED else value for axis, value in values.items()}

    def axis(self, name: str) -> str:
        """The value on an axis as text, `-` on one that the method does not use."""
        value = self.axes[name]
        return UNUSED if value is None else str(value)

    @property
    def fingerprint(self) -> str:
        """The short hash of what decides the meaning of the numbers."""
        return str(self.cells["fingerprint"])

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.axes["seed"] or 0)

    @cached_property
    def section(self) -> Section:
        """Rows of one section saw the same images, and their numbers mean the same."""
        task, protocol = str(self.axes["task"]), str(self.axes["protocol"])
        return (task, protocol, self.fingerprint, int(self.axes["n"] or 0), self.seed)

    @property
    def ok(self) -> bool:
        """Whether it has results."""
        return bool(self.cells["status"] == "ok")

    @property
    def competes(self) -> bool:
        """Whether it takes part in the ranking."""
        return self.ok and not self.cells["baseline"]

    def value(self, column: str) -> float | None:
        """The number in a metric column, None where the row does not have it."""
        found = self.cells.get(column)
        return None if found is None else float(found)

    def estimate(self, column: Column) -> Estimate:
        """The number in a metric column with its interval."""
        if not column.interval:
            return Estimate(self.value(column.name))
        ends = (self.value(f"{column.name}_{end}") for end in ("low", "high"))
        return Estimate(self.value(column.name), *ends)

    def parsed(self, column: str) -> dict[str, Any]:
        """The JSON object in a column; IntegrityError, one line, for another shape."""
        return parse_json(self.cells[column], column)

    @property
    def fingerprint_parts(self) -> dict[str, Any]:
        """What decides the meaning of the numbers; no metrics where nothing was measured."""
        return {"metrics": {}} | self.parsed("fingerprint_parts")

    @cached_property
    def order(self) -> tuple[tuple[int, int, str], ...]:
        """A key that sorts rows by their axes, an unused axis first."""
        return tuple(_axis_key(value) for value in self.axes.values())

    def written(self, column: str) -> str:
        """A cell as it is written in the file."""
        return written(self.cells[column], column)

    def matches(self, only: Mapping[str, Sequence[str]]) -> bool:
        """Whether each column has one of its values: a cell, or a plugin's name without options."""
        texts = ((self.written(column), values) for column, values in only.items())
        return all(text in values or text.partition(":")[0] in values for text, values in texts)

    def __str__(self) -> str:
        """The row in words: the axes by which a person distinguishes rows."""
        used = [str(self.axes[a]) for a in ("method", "solver", "transform") if self.axes[a]]
        return f"{' '.join(used)} (seed {self.axes['seed']})"


def row_hash(cells: Mapping[str, Cell]) -> str:
    """sha256 of what a row says, by which a number that was edited later is noticed.

    It is the same whenever, and beside whichever rows, the cell is computed. Standing, seconds and
    memory do not count. Empty cells do not either, so that a board may gain a column. The hash
    guards against damage and careless edits; it is no signature.

    >>> row_hash({"method": "ddib", "fid": 40.0}) == row_hash({"method": "ddib", "fid": 40.0,
    ...     "kid": None})
    True
    """
    texts = {name: written(value, name) for name, value in cells.items()}
    return digest({name: text for name, text in texts.items() if text and name not in UNHASHED})


def written(value: Cell, column: str) -> str:
    """A value as it is written in the file.

    >>> written(0.1, "fid"), written(20.0, "nfe_total"), written(True, "pareto"), written(None, "n")
    ('0.1', '20', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if column in COUNTS and value.is_integer() else repr(value)


def short_fingerprint(parts: Mapping[str, object]) -> str:
    """The hash that stands for a fingerprint in the table; "" where nothing was measured.

    >>> short_fingerprint({"metrics": {"fid": 1}})
    '5f90858deaf7'
    """
    return digest(dict(parts))[:FINGERPRINT_LENGTH] if parts else ""


def as_shares(values: npt.NDArray[np.generic]) -> Shares | None:
    """The values as bool, an eighth of their bytes, if all are 0 or 1."""
    if values.dtype == np.bool_:
        return values.astype(np.bool_, copy=False)
    if values.size and np.isin(values, (0.0, 1.0)).all():
        return values.astype(np.bool_)
    return None


def sections(rows: Sequence[Row]) -> dict[Section, list[int]]:
    """The indices of the rows of each section, sections in the order in which they are shown."""
    found: dict[Section, list[int]] = {}
    for index, row in enumerate(rows):
        found.setdefault(row.section, []).append(index)
    return dict(sorted(found.items(), key=lambda pair: section_order(pair[0])))


def section_order(section: Section) -> tuple[str, str, int, int, str]:
    """A key that puts sections in the order in which they are shown."""
    task, protocol, fingerprint, n, seed = section
    return (task, protocol, n, seed, fingerprint)


def _axis_key(value: AxisValue) -> tuple[int, int, str]:
    if value is None:
        return (0, 0, "")
    return (1, value, "") if isinstance(value, int) else (1, 0, value)
