"""How boards are printed: lines as they are, tables that are never cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.files.printable import printable
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.csv.text_cells import MAX_CELL, UNUSED

ALWAYS_SHOWN = ("method", "transform")


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line without wrapping it or reading markup in it."""
    console.print(Text(printable(text)), style=style, soft_wrap=True, highlight=False)


def figure(value: float | None) -> str:
    """A number to four digits, `-` where there is none."""
    return "-" if value is None else f"{value:.4g}"


def new_table(left: Iterable[str] = (), right: Iterable[str] = ()) -> Table:
    """A table in the style of boards, with the headings of its left- and right-aligned columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def width_of(table: Table, console: Console) -> int:
    """The width at which no cell of a table is cut."""
    return console.measure(table, options=console.options.update(max_width=MAX_CELL)).maximum


def print_at(console: Console, table: Table, least: int) -> None:
    """Print a table at the width of the console, or at `least` where that is wider."""
    width, console.width = console.width, max(console.width, least)
    console.print(table)
    console.width = width


def print_whole(console: Console, table: Table) -> None:
    """Print a table so wide that no cell is cut."""
    print_at(console, table, width_of(table, console))


def varying_axes(rows: Sequence[Row], axes: Sequence[str]) -> list[str]:
    """The columns in which rows that use them differ, and those that are always shown."""
    used = {axis: {row.cells[axis] for row in rows} - {None, "", UNUSED} for axis in axes}
    return [axis for axis in axes if axis in ALWAYS_SHOWN or len(used[axis]) > 1]
