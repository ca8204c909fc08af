"""leaderboard.csv: the table as a file that reads back to the same bits.

UTF-8 without BOM, lines end in LF, commas, no index column. A float is written with the fewest
digits that read back to it, yes and no as `true` and `false`, what a row does not have as an empty
cell. A file from elsewhere is checked letter by letter before anything is made of it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.execute.records import write_atomically
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.cells import MAX_CELL
from bridgebench.leaderboard.columns import (
    HEAD,
    MetricColumns,
    arrange,
    board_columns,
)
from bridgebench.leaderboard.seal import written
from bridgebench.leaderboard.table import dtype_of, to_frame
from bridgebench.taskfile import TaskFile

MAX_FILE_BYTES = 50 * 2**20
MAX_ROWS = 100_000
MAX_HEADER = 1_000

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Sheet:
    """The cells of a file as text, every row as long as the header."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def only(self, column: str) -> str:
        """The value that every row has in a column; IntegrityError where there are several."""
        if column not in self.header:
            raise IntegrityError(
                f"{self.path} has no column '{column}'; a leaderboard starts with {', '.join(HEAD)}"
            )
        index = self.header.index(column)
        found = sorted({row[index] for row in self.rows})
        if len(found) != 1:
            raise IntegrityError(
                f"{self.path} needs one {column} in all rows, it has "
                f"{', '.join(found[:3]) or 'no rows'}; split it into a file for each"
            )
        return found[0]


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


def read_sheet(path: Path) -> Sheet:
    """The cells of a file; IntegrityError, one line, for what is not a clean CSV.

    Only its form is checked here: size, encoding, line ends, separators, equal rows.
    """
    text = _decode(path, _bytes(path))
    try:
        lines = list(_lines(path, text))
    except csv.Error as error:
        raise IntegrityError(f"{path} is not a CSV: {error}") from error
    if not lines:
        raise IntegrityError(f"{path} is empty; a leaderboard starts with a line of column names")
    header, *rows = lines
    return Sheet(path, header, tuple(rows))


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
    if missing and len(header) == 1 and ";" in header[0]:
        raise IntegrityError(f"{sheet.path} is separated by semicolons; save it with commas")
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


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise IntegrityError(
                f"{path} has {size} bytes, more than the {MAX_FILE_BYTES} of a leaderboard"
            )
        return path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}") from error


def _decode(path: Path, content: bytes) -> str:
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise IntegrityError(f"{path} starts with a byte order mark; save it as plain UTF-8")
    if b"\r" in content:
        raise IntegrityError(f"{path} has CR line ends; save it with LF alone")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path} is not UTF-8: byte {error.start} does not fit") from error
    control = _CONTROL.search(text)
    if control:
        raise IntegrityError(
            f"{path} holds the control character {control.group()!r}, which no leaderboard needs"
        )
    return text


def _lines(path: Path, text: str) -> Iterator[tuple[str, ...]]:
    width = 0
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
        width = width or len(cells)
        if width > MAX_HEADER or number > MAX_ROWS:
            raise IntegrityError(
                f"{path} has more than {MAX_HEADER} columns or {MAX_ROWS} rows; split it"
            )
        if len(cells) != width:
            raise IntegrityError(
                f"{path}, row {number} has {len(cells)} cells, the header has {width}"
            )
        if any(len(cell) > MAX_CELL for cell in cells):
            raise IntegrityError(f"{path}, row {number} has a cell of over {MAX_CELL} characters")
        yield tuple(cells)


def _integer(text: str) -> int | None:
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise ValueError("a whole number")
    return int(text)


def _float(text: str) -> float | None:
    if not text:
        return None
    if not _FLOAT.fullmatch(text):
        raise ValueError("a number, written like 0.5 or 1e-3")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


def _boolean(text: str) -> bool | None:
    if text and text not in _BOOLEANS:
        raise ValueError("true, false or empty")
    return _BOOLEANS.get(text)


_PARSERS: dict[str, Callable[[str], object]] = {
    "string": str,
    "Int64": _integer,
    "float64": _float,
    "boolean": _boolean,
}
