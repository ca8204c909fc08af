"""leaderboard.csv: the rows of a board as a file that reads back to the same bits.

UTF-8 without BOM, lines end in LF, commas, no index column. A float is written with the fewest
digits that read back to it, a boolean as `true` or `false`, a missing value as an empty cell. A
file from elsewhere is checked letter by letter before it is parsed; `raw` says which other forms
are accepted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.files.atomic import write_atomically
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns, arrange
from bridgebench.leaderboard.csv.fields import Cell
from bridgebench.leaderboard.csv.raw import RawTable
from bridgebench.leaderboard.csv.row import Row
from bridgebench.tasks.task_file import TaskFile


def to_csv(rows: Sequence[Row], metrics: MetricColumns) -> str:
    """The text of the file."""
    header = metrics.header
    return csv_text([header, *([row.written(name) for name in header] for row in rows)])


def csv_text(lines: Sequence[Sequence[object]]) -> str:
    """Lines of cells as the text of a CSV."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue()


def write_text(text: str, path: Path) -> None:
    """Write a file, whole or not at all; OutputError where that cannot be done."""
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}; give another place"
        ) from error


def parse_rows(raw: RawTable, task: TaskFile, metrics: MetricColumns) -> tuple[Row, ...]:
    """The rows of a file; IntegrityError, one line, naming the first cell of a wrong type."""
    fields = metrics.fields(task)
    rows = []
    for number, line in enumerate(raw.rows, start=1):
        cells: dict[str, Cell] = {}
        for name, text in zip(raw.header, line, strict=True):
            try:
                cells[name] = fields[name].parse(text)
            except ValueError as error:
                raise IntegrityError(
                    f"{raw.path}, row {number}, column {name}: {text[:80]!r} is not {error}"
                ) from error
        rows.append(Row(cells))
    return tuple(rows)


def metrics_in(raw: RawTable, task: TaskFile, known: Sequence[Column]) -> MetricColumns:
    """The metric columns of a file.

    Args:
        raw: the file.
        task: the task of the board, whose primary columns the file must have.
        known: every metric column that the file may have.

    Raises:
        IntegrityError: one line, for missing, unknown, repeated or reordered columns.
    """
    header = raw.header
    repeated = [name for index, name in enumerate(header) if name in header[:index]]
    if repeated:
        raise IntegrityError(f"{raw.path} has the column '{repeated[0]}' twice")
    needed = [column for column in known if column.name in task.primary]
    found = [column for column in known if column.name in header and column not in needed]
    found.sort(key=lambda column: header.index(column.name))
    metrics = arrange(task, [*needed, *found])
    expected = metrics.header
    missing = [name for name in expected if name not in header]
    unknown = [name for name in header if name not in expected]
    if missing:
        raise IntegrityError(
            f"{raw.path} lacks the column '{missing[0]}': it was removed, or the file is of an "
            "older version; make it anew with bridgebench run"
        )
    if unknown:
        raise IntegrityError(
            f"{raw.path} has the column {unknown[0][:80]!r}, which no metric of task "
            f"{task.name} gives; install the plugin that does, or remove the column"
        )
    for place, (name, right) in enumerate(zip(header, expected, strict=True), start=1):
        if name != right:
            raise IntegrityError(
                f"{raw.path} has its columns in another order: column {place} is '{name}', "
                f"'{right}' was expected"
            )
    return metrics
