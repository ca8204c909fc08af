"""A board: the table of a run or of a file, with all that is needed to show and to check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bridgebench.errors import BridgebenchError, IntegrityError
from bridgebench.execute.records import Record, RecordStore
from bridgebench.interfaces.metric import Column, Metric
from bridgebench.leaderboard.columns import MetricColumns, arrange, spread
from bridgebench.leaderboard.expectations import unmet
from bridgebench.leaderboard.files import metrics_in, parse_sheet
from bridgebench.leaderboard.rows import ReadItems, row_of
from bridgebench.leaderboard.sheet import read_sheet
from bridgebench.leaderboard.table import build_table
from bridgebench.leaderboard.validate import rows_of_table, validate_board
from bridgebench.plan.tasks import task_of
from bridgebench.registry import Kind, Registry
from bridgebench.specs import build
from bridgebench.taskfile import TaskFile, read_task


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    table     the rows, as in leaderboard.csv
    warnings  what the task expects and the rows do not show, a sentence each
    records   the records that the rows were made of; none for a board from a file
    """

    task: TaskFile
    metrics: MetricColumns
    table: pd.DataFrame
    warnings: tuple[str, ...]
    records: tuple[Record, ...] = ()


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
    )


def board_in(path: Path, registry: Registry, task_file: Path | None = None) -> Board:
    """The board in a CSV file, whose form and types are checked but not what its numbers say.

    The task is the installed one that the rows name, or the one in `task_file`.
    """
    sheet = read_sheet(path)
    name = sheet.only("task")
    task = read_task(task_file) if task_file else task_of(registry.entry(Kind.TASK, name))
    known = known_columns(registry, task, sheet.header)
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


def known_columns(registry: Registry, task: TaskFile, header: Sequence[str]) -> tuple[Column, ...]:
    """The columns of the task's metrics, and those of other metrics that stand in the header."""
    metrics = [build(registry, Kind.METRIC, Metric, spec) for spec in task.metrics]
    columns = [column for metric in metrics for column in metric.columns()]
    taken = {name for column in columns for name in spread(column)}
    used = {metric.name for metric in metrics}
    for name in registry.names(Kind.METRIC):
        if name in used or taken.issuperset(header):
            continue
        try:
            others = build(registry, Kind.METRIC, Metric, name).columns()
        except BridgebenchError:
            # A metric that is broken or needs an option gave no column to a board of this task;
            # if it did, the header has a column that nobody knows, and the reader says so.
            continue
        for column in others:
            if column.name in header and taken.isdisjoint(spread(column)):
                columns.append(column)
                taken |= set(spread(column))
    return tuple(columns)
