"""A board as a table for people: ranked rows with their intervals, the baselines beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.files.printable import printable
from bridgebench.interfaces.method import Supervision
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.validate import rows_of_table
from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.row import section_order
from bridgebench.leaderboard.csv.text_cells import MAX_CELL, UNUSED
from bridgebench.leaderboard.render.notes import notes
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.differences import first_difference, parts_of
from bridgebench.leaderboard.table.flags import is_copying, legend, letters
from bridgebench.leaderboard.table.over_seeds import combined, seeds_table
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.tasks.task_file import FlagRule

FILTERS = (
    "method",
    "source_score",
    "target_score",
    "solver",
    "nfe",
    "transform",
    "seed",
    "supervision",
)
SHOWN_AXES = ("method", "source_score", "target_score", "solver", "nfe", "transform", "supervision")
ALWAYS_SHOWN = ("method", "transform")
TOP = 20
FOLDED = 14
"""The letters of a spec in a line where a terminal is too narrow for all of it."""


@dataclass(frozen=True)
class View:
    """What to show of a board.

    top   how many ranked rows of each seed
    sort  a metric column to order the rows by, best first; "" for the board's own order
    only  axis -> values to keep: a cell as it stands, or the name of its plugin without options
    wide  every metric column, chance columns among them, and not the leading ones alone
    """

    top: int = TOP
    sort: str = ""
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wide: bool = False

    def columns(self, metrics: MetricColumns) -> tuple[Column, ...]:
        """The metric columns to show."""
        return metrics.all if self.wide else metrics.primary


def print_board(board: Board, console: Console, view: View | None = None) -> None:
    """Print a board, a table for each seed, then what its task expects and it does not show.

    Text without control codes where the console is no terminal, and as wide as it has to be: no
    cell is cut. On a narrow terminal, cells go on in the next line.
    """
    view = view or View()
    _check(view, board.metrics)
    for title, section, pairs in _sections(board):
        _print_section(board, console, view, title, section)
        for note in notes(section, board.task, board.metrics, pairs):
            _say(console, note)
    _print_over_seeds(board, console, view)
    for sentence in _meanings(board.table):
        _say(console, sentence)
    for warning in board.warnings:
        _say(console, f"Warning: {warning}.", style="yellow")


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


def _sections(board: Board) -> Iterator[tuple[str, pd.DataFrame, PairCount | None]]:
    """Each section with its title and its pairs; the columns `rank` and `copying` are added."""
    rows = rows_of_table(board.table, board.metrics)
    copying = [is_copying(row, board.task.flags) for row in rows]
    keys = [section_order(row.section) for row in rows]
    ranked_by = board.metrics.named(board.task.ranked_by)
    for key in sorted(set(keys)):
        members = [index for index, other in enumerate(keys) if other == key]
        section = board.table.iloc[members].copy()
        ranked = [
            rows[index].competes
            and not copying[index]
            and rows[index].value(ranked_by.name) is not None
            for index in members
        ]
        own = [copying[index] for index in members]
        section["copying"] = pd.Series(own, index=section.index, dtype=bool)
        counter = count(1)
        section["rank"] = [next(counter) if is_ranked else None for is_ranked in ranked]
        task, protocol, n, seed, fingerprint = key
        yield (
            f"{task} {protocol}: n = {n}, seed {seed}, ranked by {ranked_by.name} "
            f"({ranked_by.better} is better), fingerprint {fingerprint or 'none'}",
            section,
            board.pairs_of(rows[members[0]].section),
        )


def _meanings(table: pd.DataFrame) -> Iterator[str]:
    """Why rows of several fingerprints are not ranked together."""
    measured = table[table["fingerprint"].fillna("").ne("")].drop_duplicates("fingerprint")
    rows = measured.to_dict("records")
    for other in rows[1:]:
        first = rows[0]
        difference = first_difference(parts_of(first), parts_of(other))
        yield (
            f"Rows of fingerprints {first['fingerprint']} and {other['fingerprint']} are not "
            f"ranked together: they differ in {difference or 'their fingerprints'}."
        )


def _print_section(
    board: Board, console: Console, view: View, title: str, section: pd.DataFrame
) -> None:
    kept = section[_mask(section, view)]
    methods = kept[kept["status"].eq("ok") & ~kept["baseline"]]
    if view.sort:
        rising = board.metrics.named(view.sort).better != "higher"
        methods = methods.sort_values(view.sort, ascending=rising, kind="stable")
    competing, copies = methods[~methods["copying"]], methods[methods["copying"]]
    baselines = kept[kept["status"].eq("ok") & kept["baseline"]]
    shown = pd.concat([competing.head(view.top), copies.head(view.top), baselines])
    axes, common = _telling_axes(shown)
    _say(console, ", ".join([title, *common]), style="bold")
    _print_table(console, shown, axes, board, view.columns(board.metrics))
    _say_legend(console, shown["flags"], board.task.flags)
    for rows, which in ((competing, "competing rows"), (copies, "rows flagged for copying")):
        if len(rows) > view.top:
            _say(console, f"{view.top} of {len(rows)} {which} are shown.")


def _print_over_seeds(board: Board, console: Console, view: View) -> None:
    rows = combined(board.table[_mask(board.table, view)], board.metrics)
    if not rows:
        return
    _say(
        console,
        "Means over seeds, with what images and seeds add to the error, in the order above",
        style="bold",
    )
    shown = rows[: view.top]
    table = seeds_table(shown, board.metrics, board.task.flags)
    width = console.width
    unlimited = console.options.update(max_width=MAX_CELL)
    console.width = max(width, console.measure(table, options=unlimited).maximum)
    console.print(table)
    console.width = width
    _say_legend(console, [row.flags for row in shown], board.task.flags)


def _say_legend(console: Console, cells: Iterable[str], rules: Sequence[FlagRule]) -> None:
    said = legend(cells, rules)
    if said:
        _say(console, f"Flags: {said}.")


def _mask(section: pd.DataFrame, view: View) -> pd.Series[bool]:
    keep = pd.Series(True, index=section.index)
    for axis, values in view.only.items():
        cells = section[axis].astype("string").fillna("")
        keep &= cells.isin(values) | cells.str.partition(":")[0].isin(values)
    return keep


def _telling_axes(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The axes that tell the rows apart, and in words those on which all that use one agree."""
    telling, common = [], []
    for axis in SHOWN_AXES:
        values = {_plain(value) for value in rows[axis]} - {"", UNUSED}
        if len(values) > 1 or axis in ALWAYS_SHOWN:
            telling.append(axis)
        elif values:
            common.append(f"{axis} {values.pop()}")
    return telling, common


def _print_table(
    console: Console,
    rows: pd.DataFrame,
    axes: Sequence[str],
    board: Board,
    columns: Sequence[Column],
) -> None:
    """Print at the width of the terminal, folding axes to no less than a few letters.

    Elsewhere, or where even that is too wide, at the width that it takes to cut nothing.
    """
    widest = FOLDED if console.is_terminal else None
    unlimited = console.options.update(max_width=MAX_CELL)
    least = console.measure(_table(rows, axes, board, columns, widest), options=unlimited).maximum
    width, console.width = console.width, max(console.width, least)
    console.print(_table(rows, axes, board, columns, None))
    console.width = width


def _table(
    rows: pd.DataFrame,
    axes: Sequence[str],
    board: Board,
    columns: Sequence[Column],
    widest: int | None,
) -> Table:
    flagged = rows["flags"].ne("").any()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
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
    for cells in rows.to_dict("records"):
        rank = cells["rank"]
        table.add_row(
            Text("" if pd.isna(rank) else str(int(rank))),
            *(Text(_plain(cells[axis])) for axis in axes),
            *(Text(_number(column, cells)) for column in columns),
            Text(_plain(cells["tie_group"])),
            Text("*" if cells["pareto"] is True else ""),
            *([Text(letters(cells["flags"], board.task.flags))] if flagged else []),
            style="dim" if cells["baseline"] or cells["copying"] else None,
        )
    return table


def _heading(column: Column) -> str:
    return f"{column.name}\n({column.unit})" if column.unit else column.name


def _plain(value: Any) -> str:
    return "" if pd.isna(value) else printable(str(value))


def _number(column: Column, cells: Mapping[Any, Any]) -> str:
    value = cells[column.name]
    if pd.isna(value):
        return ""
    if not column.interval or pd.isna(cells[f"{column.name}_low"]):
        return f"{value:.4g}"
    low, high = cells[f"{column.name}_low"], cells[f"{column.name}_high"]
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


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(Text(printable(text)), style=style, soft_wrap=True, highlight=False)
