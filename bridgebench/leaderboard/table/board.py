"""A board: its rows, with all that is needed to show and to check them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench.execute.records import Record
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns, arrange
from bridgebench.leaderboard.csv.files import metrics_in, parse_rows, to_csv
from bridgebench.leaderboard.csv.known_columns import known_columns
from bridgebench.leaderboard.csv.raw import read_raw
from bridgebench.leaderboard.csv.row import Row, Section
from bridgebench.leaderboard.table.build import ReadItems, row_of
from bridgebench.leaderboard.table.expectations import unmet
from bridgebench.leaderboard.table.pairs import PairCount
from bridgebench.leaderboard.table.ranks import pair_counts, ranked_rows
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.tasks.lookup import task_of
from bridgebench.tasks.task_file import TaskFile, read_task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    rows      in the order of leaderboard.csv
    warnings  what the task expects and the rows do not show, a sentence each
    records   the records that the rows were made of; none for a board from a file
    pairs     how many pairs of ranked rows differ, where the per-image statistics are available
    """

    task: TaskFile
    metrics: MetricColumns
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    records: tuple[Record, ...] = ()
    pairs: tuple[PairCount, ...] = ()

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows as in leaderboard.csv.

        Text columns have the dtype `string`, integers `Int64`, truth values `boolean`, other
        numbers `float64`. A number that a row does not have is missing.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                name: pd.Series([row.cells[name] for row in self.rows], dtype=field.dtype)
                for name, field in self.metrics.fields(self.task).items()
            }
        )

    @property
    def csv(self) -> str:
        """The text of leaderboard.csv."""
        return to_csv(self.rows, self.metrics)

    def pairs_of(self, section: Section) -> PairCount | None:
        """The count of one section; None where it is not known."""
        return next((count for count in self.pairs if count.section == section), None)


def board_from(
    records: Iterable[Record], items: ReadItems, task: TaskFile, columns: Sequence[Column]
) -> Board:
    """The board of some records.

    Args:
        records: finished cells of one task.
        items: gives the per-image statistics of a record.
        task: the task.
        columns: those of the metrics that were measured.

    Raises:
        IntegrityError: a damaged record.
        UsageError, PluginError: columns that do not fit.
    """
    records = tuple(records)
    metrics = arrange(task, columns)
    wanted = {task.ranked_by, *(rule.column for rule in task.expect if rule.better_than)}
    rows = [row_of(record, items, wanted, metrics) for record in records]
    return Board(
        task,
        metrics,
        tuple(replace(row, items={}) for row in ranked_rows(rows, task, metrics)),
        tuple(unmet(rows, task, metrics)),
        records,
        pair_counts(rows, task, metrics),
    )


def board_in(path: Path, registry: Registry, task_file: Path | None = None) -> Board:
    """The board in a CSV file, whose form and types are checked but not what its numbers say.

    The task is the installed one that the rows name, or the one in `task_file`.
    """
    raw = read_raw(path)
    name = raw.only("task")
    task = read_task(task_file) if task_file else task_of(registry.entry(Kind.TASK, name))
    metrics = metrics_in(raw, task, known_columns(registry, task, raw))
    rows = parse_rows(raw, task, metrics)
    return Board(task, metrics, rows, tuple(unmet(rows, task, metrics)))
