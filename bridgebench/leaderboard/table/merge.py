"""Several boards into one.

Rows are put together only where their numbers mean the same. Ranks, Pareto marks and flags follow
from the numbers and are made anew. **Tie groups** do not: the paired tests behind them need the
statistic of each image, which a CSV does not have, and their correction counts every comparison
made. So a seed whose competing rows all come from one of the boards keeps the tie groups of that
board, and one whose rows come from several has none. To test all rows against each other, run them
into one folder with `out=`, where the statistics are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bridgebench.errors import IntegrityError, OutputError, UsageError
from bridgebench.leaderboard.audit.validate import rows_of_table
from bridgebench.leaderboard.audit.verifications import read_verifications, write_verifications
from bridgebench.leaderboard.csv.columns import AXES, HEAD, TAIL, MetricColumns, arrange
from bridgebench.leaderboard.csv.files import write_csv
from bridgebench.leaderboard.csv.row import Row, sections
from bridgebench.leaderboard.csv.row_hash import SEAL, UNSEALED, written
from bridgebench.leaderboard.table.board import Board, checked_board
from bridgebench.leaderboard.table.build import place, to_frame
from bridgebench.leaderboard.table.differences import first_difference, parts_of
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.flags import flags_cell, is_rankable
from bridgebench.leaderboard.table.ranks import Standing, standings
from bridgebench.plugins.registry import Registry
from bridgebench.tasks.task_file import TaskFile

Cells = Mapping[Any, Any]
Key = tuple[str, ...]


@dataclass(frozen=True)
class NamedBoard:
    """A board and what to call it: the file that it came from."""

    name: str
    board: Board


@dataclass(frozen=True)
class PlacedRow:
    """The cells of a row with where they came from: a file and the row's number in it."""

    cells: Cells
    file: str
    number: int


def merge_files(
    paths: Sequence[Path], out: Path, registry: Registry, task_file: Path | None = None
) -> Board:
    """Merge checked files into a new one, and what was verified of them beside it.

    BridgebenchError, one line, where a file is not what it says, the boards do not fit each other,
    or `out` is there already; nothing is written then.
    """
    if out.exists():
        raise OutputError(f"out={out} is there already; give another name")
    boards = [NamedBoard(str(path), checked_board(path, registry, task_file)) for path in paths]
    merged = merge_boards(boards)
    verified = [read_verifications(path) for path in paths]
    write_csv(merged.table, out)
    write_verifications(out, merged.table["row_sha256"], verified)
    return merged


def merge_boards(boards: Sequence[NamedBoard]) -> Board:
    """One board of the rows of several; a cell that is in two of them is kept once.

    UsageError for boards of several tasks, IntegrityError where numbers mean different things or
    two rows of one cell differ in more than seconds and memory.
    """
    task = _one_task(boards)
    rows = placed_rows(boards)
    check_one_meaning(rows)
    metrics = all_columns(boards)
    table = to_frame([row.cells for row in rank_anew(distinct(rows), task, metrics)], metrics)
    warnings = tuple(unmet(rows_of_table(table, metrics), task, metrics))
    return Board(task, metrics, table, warnings)


def placed_rows(boards: Sequence[NamedBoard]) -> list[PlacedRow]:
    """The rows of all boards, each with every column that any of them has."""
    metrics = all_columns(boards)
    names = (*HEAD, *metrics.names, *TAIL)
    return [
        PlacedRow({name: _plain(cells.get(name)) for name in names}, named.name, number)
        for named in boards
        for number, cells in enumerate(named.board.table.to_dict("records"), start=1)
    ]


def all_columns(boards: Sequence[NamedBoard]) -> MetricColumns:
    """The metric columns that any of the boards has."""
    columns = {column.name: column for named in boards for column in named.board.metrics.all}
    return arrange(boards[0].board.task, tuple(columns.values()))


def check_one_meaning(rows: Sequence[PlacedRow]) -> None:
    """IntegrityError, naming the part that differs, where fingerprints are mixed."""
    measured = [row for row in rows if row.cells["fingerprint"]]
    for row in measured[1:]:
        first = measured[0]
        if row.cells["fingerprint"] == first.cells["fingerprint"]:
            continue
        difference = first_difference(parts_of(first.cells), parts_of(row.cells))
        raise IntegrityError(
            f"{first.file} and {row.file} measure different things and are not merged: they differ "
            f"in {difference or 'their fingerprints'}"
        )


def distinct(rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """Each cell once, the first of equal rows; IntegrityError for two that are not equal."""
    kept: dict[Key, PlacedRow] = {}
    for row in rows:
        first = kept.setdefault(key_of(row.cells), row)
        for name, value in row.cells.items():
            if name in UNSEALED or value == first.cells[name]:
                continue
            raise IntegrityError(
                f"row {first.number} of {first.file} and row {row.number} of {row.file} are the "
                f"same cell, but differ in {name}: {_short(first.cells, name)} and "
                f"{_short(row.cells, name)}; keep one of them"
            )
    return list(kept.values())


def without_repeats(rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """The first of equal rows; rows of one cell that are not equal are all kept."""
    kept: dict[str, PlacedRow] = {}
    for row in rows:
        kept.setdefault(row.cells[SEAL], row)
    return list(kept.values())


def rank_anew(rows: Sequence[PlacedRow], task: TaskFile, metrics: MetricColumns) -> list[PlacedRow]:
    """The rows in the order of the board, with the standing that their numbers give them."""
    seen = rows_of_table(to_frame([row.cells for row in rows], metrics), metrics)
    standing = standings(seen, task, metrics)
    tested: set[int] = set()
    for members in sections(seen).values():
        tested.update(_tested(rows, seen, members, task))
    order = sorted(range(len(rows)), key=lambda index: place(seen[index], standing[index]))
    return [_standing(rows[index], standing[index], index in tested) for index in order]


def key_of(cells: Cells) -> Key:
    """What names a row: no two rows of a board agree on it."""
    return tuple(written(cells[axis], axis) for axis in AXES)


def _one_task(boards: Sequence[NamedBoard]) -> TaskFile:
    first = boards[0]
    for named in boards[1:]:
        if named.board.task != first.board.task:
            raise UsageError(
                f"{first.name} is of task {first.board.task.name} and {named.name} of "
                f"{named.board.task.name}; merge the boards of one task"
            )
    return first.board.task


def _tested(
    rows: Sequence[PlacedRow], seen: Sequence[Row], members: Sequence[int], task: TaskFile
) -> Sequence[int]:
    """The members if one file has all that can be ranked, so that its tests cover all of them."""
    rankable = [index for index in members if is_rankable(seen[index], task.flags)]
    return members if len({rows[index].file for index in rankable}) == 1 else ()


def _standing(row: PlacedRow, stand: Standing, tested: bool) -> PlacedRow:
    cells = {**row.cells, "pareto": stand.pareto, "flags": flags_cell(stand.flags)}
    if not tested:
        cells["tie_group"] = None
    return PlacedRow(cells, row.file, row.number)


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value


def _short(cells: Cells, name: str) -> str:
    return written(cells[name], name)[:80] or "nothing"
