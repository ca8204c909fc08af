"""A board: the table of a run or of a file, with all that is needed to show and to check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Record, RecordStore
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.validate import rows_of_table, validate_board
from bridgebench.leaderboard.csv.columns import MetricColumns, arrange
from bridgebench.leaderboard.csv.files import metrics_in, parse_sheet
from bridgebench.leaderboard.csv.known_columns import known_columns
from bridgebench.leaderboard.csv.raw import read_sheet
from bridgebench.leaderboard.csv.row import ReadItems, Section, row_of
from bridgebench.leaderboard.table.build import build_table
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.leaderboard.table.ranks import pair_counts
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.tasks.lookup import task_of
from bridgebench.tasks.task_file import TaskFile, read_task


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    table     the rows, as in leaderboard.csv
    warnings  what the task expects and the rows do not show, a sentence each
    records   the records that the rows were made of; none for a board from a file
    pairs     how many pairs of ranked rows differ, where the per-image statistics are at hand
    """

    task: TaskFile
    metrics: MetricColumns
    table: pd.DataFrame
    warnings: tuple[str, ...]
    records: tuple[Record, ...] = ()
    pairs: tuple[PairCount, ...] = ()

    def pairs_of(self, section: Section) -> PairCount | None:
        """The count of one section; None where it is not known."""
        return next((count for count in self.pairs if count.section == section), None)


def board_of(store: RecordStore, task: TaskFile, columns: Sequence[Column]) -> Board:
    """The board of all records in a store; `columns` are those of the metrics that were measured.

    IntegrityError for a damaged record, UsageError or PluginError for columns that do not fit.
    """
    return board_from(tuple(store.all()), store.items, task, columns)


def board_from(
    records: Sequence[Record], items: ReadItems, task: TaskFile, columns: Sequence[Column]
) -> Board:
    """The board of some records; `items` gives the per-image statistics of one."""
    metrics = arrange(task, columns)
    wanted = {task.ranked_by, *(rule.column for rule in task.expect if rule.better_than)}
    rows = [row_of(record, items, wanted) for record in records]
    return Board(
        task,
        metrics,
        build_table(records, rows, task, metrics),
        tuple(unmet(rows, task, metrics)),
        tuple(records),
        pair_counts(rows, task, metrics),
    )


def board_in(path: Path, registry: Registry, task_file: Path | None = None) -> Board:
    """The board in a CSV file, whose form and types are checked but not what its numbers say.

    The task is the installed one that the rows name, or the one in `task_file`.
    """
    sheet = read_sheet(path)
    name = sheet.only("task")
    task = read_task(task_file) if task_file else task_of(registry.entry(Kind.TASK, name))
    known = known_columns(registry, task, sheet)
    metrics = metrics_in(sheet, task, known)
    table = parse_sheet(sheet, task, known)
    return Board(task, metrics, table, tuple(unmet(rows_of_table(table, metrics), task, metrics)))


def checked_board(path: Path, registry: Registry, task_file: Path | None = None) -> Board:
    """The board in a CSV file that is what it says: form, types, ranges, standing, hashes.

    IntegrityError, one line that names the file, the row and the column, where it is not.
    """
    board = board_in(path, registry, task_file)
    try:
        validate_board(board.table, board.task, board.metrics.all)
    except IntegrityError as error:
        raise IntegrityError(f"{path}, {error}") from error
    return board
