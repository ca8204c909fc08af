"""Whether a board is what it says: its schema, and what its columns say of each other.

What needs the images is not checked here. The per-image statistics behind the tie groups are not in
the file, so only tie groups that no such statistics can give are refused; `verify` computes the
others again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bridgebench.errors import IntegrityError
from bridgebench.leaderboard.audit.derived import Fault, derived_faults
from bridgebench.leaderboard.audit.possible_ties import impossible_ties
from bridgebench.leaderboard.csv.columns import AXES, ROW_HASH, MetricColumns, spread
from bridgebench.leaderboard.csv.row import Row, row_hash, sections, short_fingerprint, written
from bridgebench.leaderboard.table.board import Board, board_in
from bridgebench.leaderboard.table.flags import flags_cell, is_rankable
from bridgebench.leaderboard.table.ranks import standings
from bridgebench.plugins.registry import Registry
from bridgebench.tasks.task_file import TaskFile

ROUNDING = 1e-9
"""How far, relative to its size, a number may lie outside its own interval."""


def checked_board(path: Path, registry: Registry, task_file: Path | None = None) -> Board:
    """The board in a CSV file that is what it says: form, types, ranges, standing, hashes.

    IntegrityError, one line that names the file, the row and the column, where it is not.
    """
    board = board_in(path, registry, task_file)
    try:
        validate_board(board)
    except IntegrityError as error:
        raise IntegrityError(f"{path}, {error}") from error
    return board


def validate_board(board: Board) -> None:
    """IntegrityError, one line that names row and column, for the first thing that is wrong.

    Rows count from 1, below the header.
    """
    for fault in _faults(board):
        where = f", column {fault.column}:" if fault.column else ""
        raise IntegrityError(f"row {fault.index + 1}{where} {fault.message}")


def _faults(board: Board) -> Iterator[Fault]:
    rows, task, metrics = board.rows, board.task, board.metrics
    yield from _schema_faults(board)
    yield from _repeated(rows)
    for index, row in enumerate(rows):
        yield from _row_faults(index, row, metrics)
    yield from derived_faults(rows, metrics)
    yield from _fingerprint_faults(rows)
    yield from _standing_faults(rows, task, metrics)
    yield from _tie_faults(rows, task, metrics)
    for index, row in enumerate(rows):
        if row.cells[ROW_HASH] != row_hash(row.cells):
            message = (
                "does not fit the row: a cell was changed after it was measured; take the row from "
                "the run that made it"
            )
            yield Fault(index, ROW_HASH, message)


def _schema_faults(board: Board) -> Iterator[Fault]:
    fields = board.metrics.fields(board.task)
    for index, row in enumerate(board.rows):
        for name, field in fields.items():
            fault = field.fault(row.cells[name])
            if fault:
                yield Fault(index, name, fault)


def _repeated(rows: Sequence[Row]) -> Iterator[Fault]:
    first: dict[tuple[str, ...], int] = {}
    for index, row in enumerate(rows):
        other = first.setdefault(tuple(row.written(axis) for axis in AXES), index)
        if other != index:
            yield Fault(index, "", f"is the same cell as row {other + 1}; keep one")


def _row_faults(index: int, row: Row, metrics: MetricColumns) -> Iterator[Fault]:
    """What the cells of one row say of each other."""
    for column in metrics.all:
        for name in spread(column):
            if not row.ok and row.cells[name] is not None:
                yield Fault(index, name, "must be empty where status is not ok")
        if column.interval:
            yield from _interval_faults(index, column.name, *row.estimate(column))
    right = short_fingerprint(row.parsed("fingerprint_parts"))
    if row.fingerprint != right:
        yield Fault(index, "fingerprint", f"must be '{right}', the hash of its parts")
    yield from _option_faults(index, row)
    if not row.ok and not row.cells["reason"]:
        yield Fault(index, "reason", f"must say why the status is {row.cells['status']}")


def _option_faults(index: int, row: Row) -> Iterator[Fault]:
    """A row is computed again from its options, so they must be those that it shows."""
    for axis, part in row.parsed("options").items():
        if axis == "transform" or part is None:
            continue
        named = part["name"] if isinstance(part, dict) else part
        found = row.cells[axis].partition(":")[0] if isinstance(part, dict) else row.cells[axis]
        if named != found:
            message = f"has {axis} {named!s:.40}, but the row has {found}"
            yield Fault(index, "options", message)


def _interval_faults(
    index: int, name: str, value: float | None, low: float | None, high: float | None
) -> Iterator[Fault]:
    if low is None or high is None:
        if low != high:
            yield Fault(index, f"{name}_low", "an interval needs both ends or neither")
    elif value is None:
        yield Fault(index, name, "is empty, but has an interval")
    else:
        slack = ROUNDING * max(1.0, abs(value))
        if not low - slack <= value <= high + slack:
            yield Fault(index, name, f"{value!r} lies outside its interval {low!r} to {high!r}")


def _fingerprint_faults(rows: Sequence[Row]) -> Iterator[Fault]:
    first: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(rows):
        if not row.ok:
            continue
        if not row.fingerprint:
            yield Fault(index, "fingerprint", "must not be empty where status is ok")
        task, protocol, _, n, seed = row.section
        other = first.setdefault((task, protocol, n, seed), index)
        if rows[other].fingerprint != row.fingerprint:
            message = (
                f"'{row.fingerprint}' differs from '{rows[other].fingerprint}' of row {other + 1}; "
                "numbers that mean different things belong in different files"
            )
            yield Fault(index, "fingerprint", message)


def _standing_faults(
    rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> Iterator[Fault]:
    """Flags, marks and an order that do not follow from the numbers."""
    found = standings(rows, task, metrics)
    for index, (row, stand) in enumerate(zip(rows, found, strict=True)):
        right = flags_cell(stand.flags)
        if row.cells["flags"] != right:
            message = f"must be '{right}' by the row's own numbers, it is '{row.cells['flags']}'"
            yield Fault(index, "flags", message)
        for name in ("tie_group", "pareto"):
            if row.cells[name] is not None and not row.competes:
                yield Fault(index, name, "must be empty for a baseline and where status is not ok")
            if row.cells[name] is not None and not is_rankable(row, task.flags):
                yield Fault(index, name, "must be empty for a row that is flagged for copying")
        if row.cells["pareto"] != stand.pareto:
            said = written(stand.pareto, "pareto") or "empty"
            yield Fault(index, "pareto", f"must be {said} by the row's own numbers")
    for members in sections(rows).values():
        ranked = sorted(
            (index for index in members if found[index].rank),
            key=lambda index: found[index].rank or 0,
        )
        for better, index in zip(ranked, sorted(ranked), strict=True):
            if better != index:
                message = f"ranks before row {index + 1}, which is above it; sort the board"
                yield Fault(better, task.ranked_by, message)


def _tie_faults(rows: Sequence[Row], task: TaskFile, metrics: MetricColumns) -> Iterator[Fault]:
    for members in sections(rows).values():
        highest = 0
        for index in members:
            group = rows[index].cells["tie_group"]
            if group is None:
                continue
            if group > highest + 1:
                message = f"opens group {group} before there is a {highest + 1}"
                yield Fault(index, "tie_group", message)
            highest = max(highest, group)
        yield from impossible_ties(rows, members, metrics.named(task.ranked_by))
