"""Two boards beside each other, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.errors import UsageError
from bridgebench.files.printable import printable
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.row_hash import written
from bridgebench.leaderboard.csv.text_cells import MAX_CELL
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.differences import first_difference, parts_of
from bridgebench.leaderboard.table.flags import legend, letters
from bridgebench.tasks.task_file import FlagRule

NAMED_BY = ("method", "source_score", "target_score", "solver", "nfe", "transform", "seed")
"""What makes two rows the same combination; how many images they saw may differ."""

APART = "*"

Cells = Mapping[Any, Any]


@dataclass(frozen=True)
class Pair:
    """A combination that both boards have."""

    left: Cells
    right: Cells


@dataclass(frozen=True)
class Comparison:
    """What two boards have in common.

    pairs       combinations of both, in the order of the first
    only_left   combinations of the first alone
    only_right  combinations of the second alone
    rules       the flags of the task
    meaning     the first part in which the meaning of the numbers differs, or ""
    """

    columns: tuple[Column, ...]
    pairs: tuple[Pair, ...]
    only_left: tuple[Cells, ...]
    only_right: tuple[Cells, ...]
    rules: tuple[FlagRule, ...]
    meaning: str


def compare(left: Board, right: Board) -> Comparison:
    """Pair the rows of two boards of one task; UsageError for boards of two."""
    if left.task.name != right.task.name:
        raise UsageError(
            f"the boards are of the tasks {left.task.name} and {right.task.name}; compare two "
            "boards of one task"
        )
    ours = {_key(cells): cells for cells in left.table.to_dict("records")}
    theirs = {_key(cells): cells for cells in right.table.to_dict("records")}
    shared = {column.name for column in right.metrics.all}
    return Comparison(
        tuple(column for column in left.metrics.primary if column.name in shared),
        tuple(Pair(cells, theirs[key]) for key, cells in ours.items() if key in theirs),
        tuple(cells for key, cells in ours.items() if key not in theirs),
        tuple(cells for key, cells in theirs.items() if key not in ours),
        left.task.flags,
        _other_meaning(ours.values(), theirs.values()),
    )


def print_comparison(comparison: Comparison, console: Console, names: tuple[str, str]) -> None:
    """Print the pairs with the change of each leading number, and what only one board has."""
    left, right = names
    _say(console, f"{left} against {right}: {len(comparison.pairs)} rows in both", "bold")
    if comparison.meaning:
        _say(
            console,
            "Warning: the numbers do not mean the same, the fingerprints differ in "
            f"{comparison.meaning}.",
            "yellow",
        )
    if comparison.pairs:
        table = _table(comparison)
        width = console.width
        unlimited = console.options.update(max_width=MAX_CELL)
        console.width = max(width, console.measure(table, options=unlimited).maximum)
        console.print(table)
        console.width = width
        _say(console, f"{APART} the intervals of the two numbers do not overlap.")
        cells = [row["flags"] for pair in comparison.pairs for row in (pair.left, pair.right)]
        said = legend(cells, comparison.rules)
        if said:
            _say(console, f"Flags: {said}.")
    for name, alone in ((left, comparison.only_left), (right, comparison.only_right)):
        if alone:
            shown = ", ".join(_title(cells) for cells in alone[:3])
            more = ", ..." if len(alone) > 3 else ""
            _say(console, f"{len(alone)} rows in {name} alone: {shown}{more}")


def apart(column: Column, pair: Pair) -> bool:
    """Whether the intervals of a pair's numbers do not overlap."""
    if not column.interval:
        return False
    names = (f"{column.name}_low", f"{column.name}_high")
    ends = [cells[name] for cells in (pair.left, pair.right) for name in names]
    if any(pd.isna(end) for end in ends):
        return False
    left_low, left_high, right_low, right_high = ends
    return bool(left_high < right_low or right_high < left_low)


def _table(comparison: Comparison) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    axes = list(_telling(comparison.pairs))
    for axis in axes:
        table.add_column(axis, no_wrap=True)
    for column in comparison.columns:
        table.add_column(column.name, justify="right", no_wrap=True)
        table.add_column("change", justify="right", no_wrap=True)
    flagged = any(_flags(pair, comparison.rules) for pair in comparison.pairs)
    if flagged:
        table.add_column("flags", no_wrap=True)
    for pair in comparison.pairs:
        words = [Text(printable(written(pair.left[axis], axis))) for axis in axes]
        for column in comparison.columns:
            words += [Text(text) for text in _numbers(column, pair)]
        words += [Text(_flags(pair, comparison.rules))] if flagged else []
        table.add_row(*words, style="dim" if pair.left["baseline"] else None)
    return table


def _numbers(column: Column, pair: Pair) -> tuple[str, str]:
    left, right = pair.left[column.name], pair.right[column.name]
    both = " → ".join("-" if pd.isna(value) else f"{value:.4g}" for value in (left, right))
    if pd.isna(left) or pd.isna(right):
        return both, ""
    mark = APART if apart(column, pair) else ""
    return both, f"{mark}{right - left:+.3g}"


def _flags(pair: Pair, rules: Sequence[FlagRule]) -> str:
    left, right = (letters(cells["flags"], rules) for cells in (pair.left, pair.right))
    return left if left == right else f"{left or '-'} → {right or '-'}"


def _telling(pairs: Sequence[Pair]) -> Iterator[str]:
    for axis in NAMED_BY:
        if axis in ("method", "transform") or len({str(p.left[axis]) for p in pairs}) > 1:
            yield axis


def _other_meaning(left: Any, right: Any) -> str:
    ours = [parts_of(cells) for cells in left if cells["fingerprint"]]
    theirs = [parts_of(cells) for cells in right if cells["fingerprint"]]
    if not ours or not theirs:
        return ""
    difference = first_difference(ours[0], theirs[0])
    return str(difference) if difference else ""


def _key(cells: Cells) -> tuple[str, ...]:
    return tuple(written(cells[axis], axis) for axis in NAMED_BY)


def _title(cells: Cells) -> str:
    return " ".join(str(cells[axis]) for axis in ("method", "solver", "transform"))


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(Text(printable(text)), style=style, soft_wrap=True, highlight=False)
