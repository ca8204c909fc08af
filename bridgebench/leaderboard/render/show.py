"""A board as a table for people: ranked rows with their intervals, then the baselines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.files.printable import printable
from bridgebench.interfaces.method import Supervision
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import PART_AXES, MetricColumns
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.csv.text_cells import UNUSED
from bridgebench.leaderboard.render.console import (
    new_table,
    print_at,
    print_whole,
    say,
    varying_axes,
    width_of,
)
from bridgebench.leaderboard.render.notes import notes
from bridgebench.leaderboard.render.over_seeds import combined, seeds_table
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.differences import first_difference
from bridgebench.leaderboard.table.flags import is_copying, legend, letters
from bridgebench.leaderboard.table.ranks import signed
from bridgebench.tasks.task_file import FlagRule

FILTERS = (*PART_AXES, "supervision")
SHOWN_AXES = ("method", "source_score", "target_score", "solver", "nfe", "transform", "supervision")
TOP = 20
FOLDED = 14
"""The letters of a spec in a line where a terminal is too narrow for all of it."""


@dataclass(frozen=True)
class View:
    """What to show of a board.

    top   how many ranked rows of each seed
    sort  a metric column to order the rows by, best first; "" for the board's own order
    only  axis -> values to keep: a cell, or the name of its plugin without options
    wide  every metric column, chance columns included, not only the primary ones
    """

    top: int = TOP
    sort: str = ""
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wide: bool = False

    def columns(self, metrics: MetricColumns) -> tuple[Column, ...]:
        """The metric columns to show."""
        return metrics.all if self.wide else metrics.primary


@dataclass(frozen=True)
class _Line:
    """A row in the table: its rank, if it has one, and whether it is flagged for copying."""

    row: Row
    rank: int | None
    copying: bool


def print_board(board: Board, console: Console, view: View | None = None) -> None:
    """Print a board: a table for each seed, then what its task expects and it does not show.

    Text without control codes where the console is no terminal, and as wide as it has to be: no
    cell is cut. On a narrow terminal, cells continue in the next line.
    """
    view = view or View()
    _check(view, board.metrics)
    for members in sections(board.rows).values():
        rows = [board.rows[index] for index in members]
        _print_section(board, console, view, rows)
        pairs = board.pairs_of(rows[0].section)
        for note in notes(rows, board.task, board.metrics, pairs):
            say(console, note)
    _print_over_seeds(board, console, view)
    for sentence in _meanings(board.rows):
        say(console, sentence)
    for warning in board.warnings:
        say(console, f"Warning: {warning}.", style="yellow")


def _check(view: View, metrics: MetricColumns) -> None:
    if view.top < 1:
        raise InvalidOption(f"top={view.top} shows nothing; give 1 or more")
    sortable = {column.name: column for column in metrics.all}
    if view.sort and view.sort not in sortable:
        raise UnknownName("metric column", view.sort, sortable)
    for axis in view.only:
        if axis not in FILTERS:
            raise UnknownName("filter", axis, FILTERS)
    for level in view.only.get("supervision", ()):
        if level not in set(Supervision):
            raise UnknownName("level of supervision", level, Supervision)


def _meanings(rows: Sequence[Row]) -> Iterator[str]:
    """Why rows of several fingerprints are not ranked together."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.fingerprint:
            found.setdefault(row.fingerprint, row)
    for other in list(found.values())[1:]:
        first = next(iter(found.values()))
        difference = first_difference(first.fingerprint_parts, other.fingerprint_parts)
        yield (
            f"Rows of fingerprints {first.fingerprint} and {other.fingerprint} are not "
            f"ranked together: they differ in {difference or 'their fingerprints'}."
        )


def _print_section(board: Board, console: Console, view: View, rows: Sequence[Row]) -> None:
    kept = [line for line in _lines(board, rows) if line.row.matches(view.only)]
    methods = [line for line in kept if line.row.competes]
    if view.sort:
        methods = _sorted(methods, board.metrics.named(view.sort))
    competing = [line for line in methods if not line.copying]
    copies = [line for line in methods if line.copying]
    baselines = [line for line in kept if line.row.ok and line.row.cells["baseline"]]
    shown = [*competing[: view.top], *copies[: view.top], *baselines]
    axes = varying_axes([line.row for line in shown], SHOWN_AXES)
    title = [_title(board, rows[0]), *_common([line.row for line in shown], axes)]
    say(console, ", ".join(title), style="bold")
    _print_table(console, shown, axes, board, view.columns(board.metrics))
    _say_legend(console, [line.row.cells["flags"] for line in shown], board.task.flags)
    for lines, which in ((competing, "competing rows"), (copies, "rows flagged for copying")):
        if len(lines) > view.top:
            say(console, f"{view.top} of {len(lines)} {which} are shown.")


def _lines(board: Board, rows: Sequence[Row]) -> Iterator[_Line]:
    ranks = count(1)
    for row in rows:
        copying = is_copying(row, board.task.flags)
        ranked = row.competes and not copying and row.value(board.task.ranked_by) is not None
        yield _Line(row, next(ranks) if ranked else None, copying)


def _title(board: Board, row: Row) -> str:
    ranked_by = board.metrics.named(board.task.ranked_by)
    task, protocol, fingerprint, n, seed = row.section
    return (
        f"{task} {protocol}: n = {n}, seed {seed}, ranked by {ranked_by.name} "
        f"({ranked_by.better} is better), fingerprint {fingerprint or 'none'}"
    )


def _sorted(lines: Sequence[_Line], column: Column) -> list[_Line]:
    """Best first, a column that is neither good nor bad rising, rows without the number last."""

    def key(line: _Line) -> tuple[bool, float]:
        value = signed(line.row, column)
        return (value is None, -(value or 0.0))

    return sorted(lines, key=key)


def _print_over_seeds(board: Board, console: Console, view: View) -> None:
    rows = combined([row for row in board.rows if row.matches(view.only)], board.metrics)
    if not rows:
        return
    say(
        console,
        "Means over seeds, with what images and seeds add to the error, in the order above",
        style="bold",
    )
    shown = rows[: view.top]
    print_whole(console, seeds_table(shown, board.metrics, board.task.flags))
    _say_legend(console, [row.cells["flags"] for row in shown], board.task.flags)


def _say_legend(console: Console, cells: Iterable[str], rules: Sequence[FlagRule]) -> None:
    said = legend(cells, rules)
    if said:
        say(console, f"Flags: {said}.")


def _common(rows: Sequence[Row], axes: Sequence[str]) -> Iterator[str]:
    """In words, the axes on which all rows that use one agree."""
    for axis in SHOWN_AXES:
        values = {row.written(axis) for row in rows} - {"", UNUSED}
        if axis not in axes and values:
            yield f"{axis} {printable(values.pop())}"


def _print_table(
    console: Console,
    lines: Sequence[_Line],
    axes: Sequence[str],
    board: Board,
    columns: Sequence[Column],
) -> None:
    """Print at the width of the terminal, folding axes to no less than a few letters.

    Elsewhere, or where even that is too wide, at the width that it takes to cut nothing.
    """
    widest = FOLDED if console.is_terminal else None
    least = width_of(_table(lines, axes, board, columns, widest), console)
    print_at(console, _table(lines, axes, board, columns, None), least)


def _table(
    lines: Sequence[_Line],
    axes: Sequence[str],
    board: Board,
    columns: Sequence[Column],
    widest: int | None,
) -> Table:
    flagged = any(line.row.cells["flags"] for line in lines)
    table = new_table()
    table.add_column("#", justify="right", no_wrap=True)
    for axis in axes:
        right = axis == "nfe"
        table.add_column(
            axis, justify="right" if right else "left", overflow="fold", max_width=widest
        )
    for column in columns:
        table.add_column(_heading(column), justify="right", no_wrap=True)
    table.add_column("group", justify="right", no_wrap=True)
    table.add_column("pareto", justify="center", no_wrap=True)
    if flagged:
        table.add_column("flags", justify="left", no_wrap=True)
    for line in lines:
        row = line.row
        table.add_row(
            Text("" if line.rank is None else str(line.rank)),
            *(Text(printable(row.written(axis))) for axis in axes),
            *(Text(_number(row, column)) for column in columns),
            Text(row.written("tie_group")),
            Text("*" if row.cells["pareto"] else ""),
            *([Text(letters(row.cells["flags"], board.task.flags))] if flagged else []),
            style="dim" if row.cells["baseline"] or line.copying else None,
        )
    return table


def _heading(column: Column) -> str:
    return f"{column.name}\n({column.unit})" if column.unit else column.name


def _number(row: Row, column: Column) -> str:
    value, low, high = row.estimate(column)
    if value is None:
        return ""
    if low is None or high is None:
        return f"{value:.4g}"
    return with_half_width(value, (high - low) / 2)


def with_half_width(value: float, half: float) -> str:
    """A number and half the width of its interval, to two digits of the latter.

    >>> with_half_width(0.6523, 0.0412), with_half_width(108.37, 12.6), with_half_width(0.0, 0.0)
    ('0.652 ±0.041', '108 ±13', '0 ±0')
    """
    if half == 0:
        return f"{value:.4g} ±0"
    decimals = min(6, max(0, 1 - math.floor(math.log10(half))))
    return f"{value:.{decimals}f} ±{half:.{decimals}f}"
