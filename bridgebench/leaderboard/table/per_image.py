"""The per-image statistics that a run keeps beside its leaderboard.csv."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from bridgebench.errors import IntegrityError
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.records import RecordStore
from bridgebench.leaderboard.csv.columns import MetricColumns, spread
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.build import row_of
from bridgebench.leaderboard.table.ranks import pair_counts
from bridgebench.plan.model import identity_of


def rows_with_items(path: Path, board: Board, wanted: Collection[str]) -> list[Row]:
    """The rows of the board in `path`, with the per-image statistics of the wanted columns.

    Raises:
        IntegrityError: the file has no records beside it, or other ones than its rows were made
            of, or they are damaged.
    """
    store = RunFolder(path.parent).records
    return [
        _with_items(path, store, row, wanted, board.metrics) if row.ok else row
        for row in board.rows
    ]


def with_pairs(board: Board, path: Path) -> Board:
    """The board in `path` with the counts of pairs that differ, where its records are beside it."""
    try:
        rows = rows_with_items(path, board, {board.task.ranked_by})
    except IntegrityError:
        # Such as a published file: all that it says by itself can be shown without the records.
        return board
    return replace(board, pairs=pair_counts(rows, board.task, board.metrics))


def _with_items(
    path: Path, store: RecordStore, row: Row, wanted: Collection[str], metrics: MetricColumns
) -> Row:
    record = store.read(identity_of(row.axes))
    if record is None:
        task, protocol = row.axes["task"], row.axes["protocol"]
        raise IntegrityError(
            f"{path} has no per-image statistics of {row} beside it, which paired tests need; make "
            f"them with: bridgebench run task={task} protocol={protocol} out=FOLDER, then name "
            "FOLDER/leaderboard.csv"
        )
    found = row_of(record, store.items, wanted, metrics)
    measured = [column for column in metrics.all if column.name in record.values]
    names = ["fingerprint", *(name for column in measured for name in spread(column))]
    if any(row.cells[name] != found.cells[name] for name in names):
        raise IntegrityError(
            f"{path} and the records beside it have other numbers for {row}; run the same command "
            "again, which writes the file again"
        )
    return replace(row, items=found.items)
