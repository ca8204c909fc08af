"""Two boards beside each other, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.errors import UsageError
from bridgebench.files.printable import printable
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import PART_AXES
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.render.console import ALWAYS_SHOWN, figure, new_table, print_whole, say
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.differences import first_difference
from bridgebench.leaderboard.table.flags import legend, letters
from bridgebench.tasks.task_file import FlagRule

DISJOINT = "*"
"""Marks two numbers whose intervals do not overlap."""


@dataclass(frozen=True)
class Pair:
    """A combination that both boards have; the number of images may differ."""

    left: Row
    right: Row


@dataclass(frozen=True)
class Comparison:
    """What two boards have in common.

    pairs       combinations of both, in the order of the first
    only_left   combinations of the first alone
    only_right  combinations of the second alone
    rules       the flags of the task
    difference  the first part in which the fingerprints differ, or ""
    """

    columns: tuple[Column, ...]
    pairs: tuple[Pair, ...]
    only_left: tuple[Row, ...]
    only_right: tuple[Row, ...]
    rules: tuple[FlagRule, ...]
    difference: str


def compare(left: Board, right: Board) -> Comparison:
    """Pair the rows of two boards of one task; UsageError for boards of two."""
    if left.task.name != right.task.name:
        raise UsageError(
            f"the boards are of the tasks {left.task.name} and {right.task.name}; compare two "
            "boards of one task"
        )
    ours = {_key(row): row for row in left.rows}
    theirs = {_key(row): row for row in right.rows}
    shared = {column.name for column in right.metrics.all}
    return Comparison(
        tuple(column for column in left.metrics.primary if column.name in shared),
        tuple(Pair(row, theirs[key]) for key, row in ours.items() if key in theirs),
        tuple(row for key, row in ours.items() if key not in theirs),
        tuple(row for key, row in theirs.items() if key not in ours),
        left.task.flags,
        _difference(left.rows, right.rows),
    )


def print_comparison(comparison: Comparison, console: Console, names: tuple[str, str]) -> None:
    """Print the pairs with the change of each primary number, and what only one board has."""
    left, right = names
    say(console, f"{left} against {right}: {len(comparison.pairs)} rows in both", "bold")
    if comparison.difference:
        say(
            console,
            "Warning: the numbers do not mean the same, the fingerprints differ in "
            f"{comparison.difference}.",
            "yellow",
        )
    if comparison.pairs:
        print_whole(console, _table(comparison))
        say(console, f"{DISJOINT} the intervals of the two numbers do not overlap.")
        cells = [row.cells["flags"] for pair in comparison.pairs for row in (pair.left, pair.right)]
        said = legend(cells, comparison.rules)
        if said:
            say(console, f"Flags: {said}.")
    for name, alone in ((left, comparison.only_left), (right, comparison.only_right)):
        if alone:
            shown = ", ".join(_title(row) for row in alone[:3])
            more = ", ..." if len(alone) > 3 else ""
            say(console, f"{len(alone)} rows in {name} alone: {shown}{more}")


def disjoint(column: Column, pair: Pair) -> bool:
    """Whether the intervals of a pair's numbers do not overlap."""
    left, right = pair.left.estimate(column), pair.right.estimate(column)
    if left.low is None or left.high is None or right.low is None or right.high is None:
        return False
    return left.high < right.low or right.high < left.low


def _table(comparison: Comparison) -> Table:
    axes = [
        axis
        for axis in PART_AXES
        if axis in ALWAYS_SHOWN or len({pair.left.cells[axis] for pair in comparison.pairs}) > 1
    ]
    numbers = (name for column in comparison.columns for name in (column.name, "change"))
    table = new_table(axes, numbers)
    flagged = any(_flags(pair, comparison.rules) for pair in comparison.pairs)
    if flagged:
        table.add_column("flags", no_wrap=True)
    for pair in comparison.pairs:
        words = [Text(printable(pair.left.written(axis))) for axis in axes]
        for column in comparison.columns:
            words += [Text(text) for text in _numbers(column, pair)]
        words += [Text(_flags(pair, comparison.rules))] if flagged else []
        table.add_row(*words, style="dim" if pair.left.cells["baseline"] else None)
    return table


def _numbers(column: Column, pair: Pair) -> tuple[str, str]:
    left, right = pair.left.value(column.name), pair.right.value(column.name)
    both = f"{figure(left)} → {figure(right)}"
    if left is None or right is None:
        return both, ""
    return both, f"{DISJOINT if disjoint(column, pair) else ''}{right - left:+.3g}"


def _flags(pair: Pair, rules: Sequence[FlagRule]) -> str:
    left, right = (letters(row.cells["flags"], rules) for row in (pair.left, pair.right))
    return left if left == right else f"{left or '-'} → {right or '-'}"


def _difference(left: Sequence[Row], right: Sequence[Row]) -> str:
    measured = [[row for row in rows if row.fingerprint] for rows in (left, right)]
    if not all(measured):
        return ""
    ours, theirs = (rows[0].fingerprint_parts for rows in measured)
    return str(first_difference(ours, theirs) or "")


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row.written(axis) for axis in PART_AXES)


def _title(row: Row) -> str:
    return " ".join(row.written(axis) for axis in ("method", "solver", "transform"))
