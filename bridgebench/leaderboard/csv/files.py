"""leaderboard.csv: the table as a file that reads back to the same bits.

UTF-8 without BOM, lines end in LF, commas, no index column. A float is written with the fewest
digits that read back to it, yes and no as `true` and `false`, what a row does not have as an empty
cell. A file from elsewhere is checked letter by letter before anything is made of it; `sheet` says
which other forms are read.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.execute.records import write_atomically
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns, arrange, board_columns
from bridgebench.leaderboard.csv.raw import Sheet, read_sheet
from bridgebench.leaderboard.csv.row_hash import written
from bridgebench.leaderboard.table.build import dtype_of, to_frame
from bridgebench.tasks.task_file import TaskFile

_INTEGER = re.compile(r"(-?[0-9]{1,18})(\.0{1,18})?")
"""Programs without whole numbers that may be missing write 20.0 for 20."""
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"-?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a board, whole or not at all; OutputError where that cannot be done."""
    write_text(to_csv(table), path)


def write_text(text: str, path: Path) -> None:
    """Write a file, whole or not at all; OutputError where that cannot be done."""
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}; give another place"
        ) from error


def to_csv(table: pd.DataFrame) -> str:
    """The text of the file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns)
    columns = [[written(value, name) for value in table[name].tolist()] for name in table.columns]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def read_csv(path: Path, task: TaskFile, known: Sequence[Column]) -> pd.DataFrame:
    """The board in a file, with the dtypes of `build_table`.

    Args:
        path: the file; `read_sheet` says what must hold of its form.
        task: the task of the board.
        known: every metric column that may stand in it. Those of `task.primary` must.

    Raises:
        IntegrityError: one line, for missing, unknown or reordered columns and for cells of the
            wrong type, naming row and column.
    """
    return parse_sheet(read_sheet(path), task, known)


def parse_sheet(sheet: Sheet, task: TaskFile, known: Sequence[Column]) -> pd.DataFrame:
    """The board in a sheet; see `read_csv`."""
    metrics = metrics_in(sheet, task, known)
    parsers = [_PARSERS[dtype_of(name, metrics)] for name in sheet.header]
    cells: list[dict[str, Any]] = []
    for number, row in enumerate(sheet.rows, start=1):
        values = {}
        for name, parse, text in zip(sheet.header, parsers, row, strict=True):
            try:
                values[name] = parse(text)
            except ValueError as error:
                raise IntegrityError(
                    f"{sheet.path}, row {number}, column {name}: {text[:80]!r} is not {error}"
                ) from error
        cells.append(values)
    return to_frame(cells, metrics)


def metrics_in(sheet: Sheet, task: TaskFile, known: Sequence[Column]) -> MetricColumns:
    """The metric columns of a sheet; IntegrityError where its header is not that of a board."""
    header = sheet.header
    repeated = [name for index, name in enumerate(header) if name in header[:index]]
    if repeated:
        raise IntegrityError(f"{sheet.path} has the column '{repeated[0]}' twice")
    needed = [column for column in known if column.name in task.primary]
    found = [column for column in known if column.name in header and column not in needed]
    found.sort(key=lambda column: header.index(column.name))
    columns = [*needed, *found]
    expected = board_columns(task, columns)
    missing = [name for name in expected if name not in header]
    unknown = [name for name in header if name not in expected]
    if missing:
        raise IntegrityError(f"{sheet.path} lacks the column '{missing[0]}'")
    if unknown:
        raise IntegrityError(
            f"{sheet.path} has the column {unknown[0][:80]!r}, which no metric of task "
            f"{task.name} gives; install the plugin that does, or remove the column"
        )
    for place, (name, right) in enumerate(zip(header, expected, strict=True), start=1):
        if name != right:
            raise IntegrityError(
                f"{sheet.path} has its columns in another order: column {place} is '{name}', "
                f"'{right}' was expected"
            )
    return arrange(task, columns)


def _integer(text: str) -> int | None:
    if not text:
        return None
    found = _INTEGER.fullmatch(text)
    if not found:
        raise ValueError("a whole number")
    return int(found[1])


def _float(text: str) -> float | None:
    if not text:
        return None
    if _COMMA.fullmatch(text):
        raise ValueError("a number: it has a decimal comma; save it with points")
    if not _FLOAT.fullmatch(text):
        raise ValueError("a number, written like 0.5 or 1e-3")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


def _boolean(text: str) -> bool | None:
    if text and text.lower() not in _BOOLEANS:
        raise ValueError("true, false or empty")
    return _BOOLEANS.get(text.lower())


_PARSERS: dict[str, Callable[[str], object]] = {
    "string": str,
    "Int64": _integer,
    "float64": _float,
    "boolean": _boolean,
}
