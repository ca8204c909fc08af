"""Several boards into one.

Rows are combined only where their numbers mean the same. Ranks, Pareto marks and flags follow from
the numbers and are computed again. **Tie groups** do not: the paired tests behind them need the
statistic of each image, which a CSV does not have, and their correction counts every comparison
made. So a seed whose competing rows all come from one board keeps the tie groups of that board, and
one whose rows come from several has none. To test all rows against each other, run them into one
folder with `out=`, where the statistics are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridgebench.errors import IntegrityError, UsageError
from bridgebench.leaderboard.csv.columns import AXES, ROW_HASH, MetricColumns, arrange
from bridgebench.leaderboard.csv.row import UNHASHED, Row, sections
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.differences import first_difference
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.ranks import rankable, ranked_rows
from bridgebench.tasks.task_file import TaskFile

NamedBoard = tuple[str, Board]
"""A board with the file that it is from."""


def merge_boards(boards: Sequence[NamedBoard]) -> Board:
    """One board of the rows of several; a cell that is in two of them is kept once.

    UsageError for boards of several tasks, IntegrityError where numbers mean different things or
    two rows of one cell differ in more than seconds and memory.
    """
    task = _one_task(boards)
    found = combined_rows(boards)
    _check_one_meaning(found)
    metrics = all_columns(boards)
    rows = rank_again(_distinct(found), task, metrics)
    return Board(task, metrics, rows, tuple(unmet(rows, task, metrics)))


def combined_rows(boards: Sequence[NamedBoard]) -> list[Row]:
    """The rows of all boards with their files, each with every column that any board has."""
    empty = dict.fromkeys(all_columns(boards).header)
    return [
        replace(row, cells=empty | dict(row.cells), file=file, number=number)
        for file, board in boards
        for number, row in enumerate(board.rows, start=1)
    ]


def all_columns(boards: Sequence[NamedBoard]) -> MetricColumns:
    """The metric columns that any of the boards has."""
    columns = {column.name: column for _, board in boards for column in board.metrics.all}
    return arrange(boards[0][1].task, tuple(columns.values()))


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """The first of equal rows; rows of one cell that are not equal are all kept."""
    kept: dict[str, Row] = {}
    for row in rows:
        kept.setdefault(row.cells[ROW_HASH], row)
    return list(kept.values())


def rank_again(rows: Sequence[Row], task: TaskFile, metrics: MetricColumns) -> tuple[Row, ...]:
    """The rows in the order of the board, with the standing that their numbers give them."""
    kept = list(rows)
    for members in sections(rows).values():
        if len({rows[index].file for index in rankable(rows, members, task)}) != 1:
            for index in members:
                kept[index] = replace(rows[index], cells={**rows[index].cells, "tie_group": None})
    return ranked_rows(kept, task, metrics)


def _one_task(boards: Sequence[NamedBoard]) -> TaskFile:
    (first, board), *others = boards
    for name, other in others:
        if other.task != board.task:
            raise UsageError(
                f"{first} is of task {board.task.name} and {name} of {other.task.name}; merge the "
                "boards of one task"
            )
    return board.task


def _check_one_meaning(rows: Sequence[Row]) -> None:
    """IntegrityError, naming the part that differs, where fingerprints are mixed."""
    measured = [row for row in rows if row.fingerprint]
    for row in measured[1:]:
        first = measured[0]
        if row.fingerprint == first.fingerprint:
            continue
        difference = first_difference(first.fingerprint_parts, row.fingerprint_parts)
        raise IntegrityError(
            f"{first.file} and {row.file} measure different things and are not merged: they differ "
            f"in {difference or 'their fingerprints'}"
        )


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Each cell once, the first of equal rows; IntegrityError for two that are not equal."""
    kept: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first = kept.setdefault(tuple(row.written(axis) for axis in AXES), row)
        for name, value in row.cells.items():
            if name in UNHASHED or value == first.cells[name]:
                continue
            raise IntegrityError(
                f"row {first.number} of {first.file} and row {row.number} of {row.file} are the "
                f"same cell, but differ in {name}: {_short(first, name)} and {_short(row, name)}; "
                "keep one of them"
            )
    return list(kept.values())


def _short(row: Row, column: str) -> str:
    return row.written(column)[:80] or "nothing"
