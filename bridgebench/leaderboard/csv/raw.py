"""A board's file as cells of text, whatever program saved it last.

A spreadsheet may save a board with a byte order mark, CRLF, semicolons, tabs or blank last rows,
and pandas adds a column of row numbers. None of this changes a number, so it is accepted; the row
hash shows whether a number was changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import IntegrityError
from bridgebench.files.printable import hidden
from bridgebench.files.regular_files import read_untrusted
from bridgebench.leaderboard.csv.columns import HEAD
from bridgebench.leaderboard.csv.text_cells import MAX_CELL

MAX_FILE_BYTES = 50 * 2**20
MAX_ROWS = 10_000
MAX_HEADER = 1_000

SEPARATORS = (",", ";", "\t")
ROW_NUMBERS = ("", "Unnamed: 0")
"""Names of the column of row numbers that pandas writes before the others."""

Line = tuple[str, ...]


@dataclass(frozen=True)
class RawTable:
    """The cells of a file as text, every row as long as the header."""

    path: Path
    header: Line
    rows: tuple[Line, ...]

    def only(self, column: str) -> str:
        """The value that every row has in a column; IntegrityError where there are several."""
        if column not in self.header:
            raise IntegrityError(
                f"{self.path} has no column '{column}'; a leaderboard starts with {', '.join(HEAD)}"
            )
        index = self.header.index(column)
        found = sorted({row[index] for row in self.rows})
        if len(found) != 1:
            shown = ", ".join(text[:80] for text in found[:3])
            raise IntegrityError(
                f"{self.path} needs one {column} in all rows, it has {shown or 'no rows'}; "
                "split it into a file for each"
            )
        return found[0]


def read_raw(path: Path) -> RawTable:
    """The cells of a file; IntegrityError, one line, for what is not a clean CSV.

    Only its form is checked here: size, encoding, characters, equal rows.
    """
    text = _decode(path, read_untrusted(path, MAX_FILE_BYTES))
    try:
        lines = list(_lines(path, text))
    except csv.Error as error:
        raise IntegrityError(f"{path} is not a CSV: {error}") from error
    while len(lines) > 1 and not any(lines[-1]):
        lines.pop()
    if not lines:
        raise IntegrityError(f"{path} is empty; a leaderboard starts with a line of column names")
    header, *rows = _without_row_numbers(lines)
    _check_widths(path, header, rows)
    return RawTable(path, header, tuple(rows))


def _decode(path: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise IntegrityError(f"{path} is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path} is not UTF-8: byte {error.start} does not fit") from error
    for letter in sorted(set(text) - set("\n\t")):
        if hidden(letter):
            raise IntegrityError(
                f"{path} holds the control character {letter!a}, which no leaderboard needs"
            )
    return text


def _lines(path: Path, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    for number, cells in enumerate(reader):
        if len(cells) > MAX_HEADER or number > MAX_ROWS:
            raise IntegrityError(
                f"{path} has more than {MAX_HEADER} columns or {MAX_ROWS} rows; split it"
            )
        if any(len(cell) > MAX_CELL for cell in cells):
            raise IntegrityError(f"{path}, row {number} has a cell of over {MAX_CELL} characters")
        yield tuple(cells)


def _separator(text: str) -> str:
    """The separator that the header has most of; names of columns hold none of them."""
    header = text.partition("\n")[0]
    return max(SEPARATORS, key=header.count)


def _without_row_numbers(lines: list[Line]) -> list[Line]:
    header, *rows = lines
    numbered = all(row[:1] == (str(number),) for number, row in enumerate(rows))
    if header[:1] and header[0] in ROW_NUMBERS and len(header) > 1 and numbered:
        return [line[1:] for line in lines]
    return lines


def _check_widths(path: Path, header: Line, rows: list[Line]) -> None:
    for number, cells in enumerate(rows, start=1):
        if len(cells) != len(header):
            raise IntegrityError(
                f"{path}, row {number} has {len(cells)} cells, the header has {len(header)}"
            )
