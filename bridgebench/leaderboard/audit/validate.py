"""Whether a board is what it says: its schema, and what its columns say of each other.

What needs the images themselves is not checked here. The statistics of the images behind the tie
groups are not in the file, so that of the tie groups only what no such statistics can give is
refused; `verify` computes the others again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from bridgebench.errors import IntegrityError
from bridgebench.execute.records import Value
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.audit.derived import derived_faults
from bridgebench.leaderboard.audit.possible_ties import impossible_ties
from bridgebench.leaderboard.csv.columns import (
    AXES,
    HEAD,
    JSON_COLUMNS,
    TAIL,
    TEXT_AXES,
    MetricColumns,
    arrange,
)
from bridgebench.leaderboard.csv.json_cells import parsed
from bridgebench.leaderboard.csv.row import Row, sections, short_fingerprint
from bridgebench.leaderboard.csv.row_hash import SEAL, seal
from bridgebench.leaderboard.csv.text_cells import UNUSED, name_objection, objection
from bridgebench.leaderboard.table.build import dtype_of
from bridgebench.leaderboard.table.flags import flags_cell, is_rankable, raised
from bridgebench.leaderboard.table.ranks import pareto_front, rank
from bridgebench.tasks.task_file import TaskFile

if TYPE_CHECKING:
    from pandera.errors import SchemaErrors

NAMES = frozenset({*TEXT_AXES, "supervision", "torch", "bridgebench", "device", "precision"})
"""Text columns in which one word must not look like another."""

ROUNDING = 1e-9
"""How far, relative to its size, a number may lie outside its own interval."""


def validate_board(table: pd.DataFrame, task: TaskFile, columns: Sequence[Column]) -> None:
    """IntegrityError, one line that names row and column, for the first thing that is wrong.

    Rows count from 1, below the header.
    """
    metrics = arrange(task, columns)
    _check_columns(table, (*HEAD, *metrics.names, *TAIL), metrics)
    _check_text(table, metrics)
    _check_schema(table, task, columns)
    _check_intervals(table, metrics)
    _check_derived(table, metrics)
    _check_json(table)
    rows = rows_of_table(table, metrics)
    _check_fingerprints(rows)
    _check_flags(table, rows, task)
    _check_outsiders(table, rows, task)
    _check_ranks(rows, task, metrics)
    _check_tie_groups(table, rows, task, metrics)
    _check_pareto(table, rows, task, metrics)
    _check_seals(table)


def rows_of_table(table: pd.DataFrame, metrics: MetricColumns) -> list[Row]:
    """The rows of a board, without per-image statistics."""
    return [_row(cells, metrics) for cells in table.to_dict("records")]


def _row(cells: dict[Any, Any], metrics: MetricColumns) -> Row:
    axes = {axis: _present(cells[axis]) for axis in AXES}
    axes |= {axis: None for axis in TEXT_AXES if axes[axis] == UNUSED}
    values = {
        column.name: Value(
            value=_present(cells[column.name]),
            low=_present(cells[f"{column.name}_low"]) if column.interval else None,
            high=_present(cells[f"{column.name}_high"]) if column.interval else None,
        )
        for column in metrics.all
    }
    return Row(
        axes=axes,
        status=cells["status"],
        baseline=bool(cells["baseline"]),
        values=values,
        fingerprint=cells["fingerprint"],
    )


def _present(value: Any) -> Any:
    return None if pd.isna(value) else value


def _wrong(index: int, column: str, message: str) -> NoReturn:
    raise IntegrityError(f"row {index + 1}, column {column}: {message}")


def _check_columns(table: pd.DataFrame, names: Sequence[str], metrics: MetricColumns) -> None:
    for place, (found, right) in enumerate(zip_longest(table.columns, names), start=1):
        if found != right:
            raise IntegrityError(
                f"column {place}: it is {found or 'missing'}, but a board has "
                f"{right or 'no more columns'} there"
            )
        if str(table[found].dtype) != dtype_of(found, metrics):
            raise IntegrityError(
                f"column {found}: holds {table[found].dtype}, not {dtype_of(found, metrics)}"
            )


def _check_text(table: pd.DataFrame, metrics: MetricColumns) -> None:
    for name in table.columns:
        if dtype_of(name, metrics) != "string":
            continue
        for index, text in enumerate(table[name].tolist()):
            fault = "" if pd.isna(text) else objection(text)
            if not fault and name in NAMES and not pd.isna(text):
                fault = name_objection(text)
            if fault:
                _wrong(index, name, fault)


def _check_schema(table: pd.DataFrame, task: TaskFile, columns: Sequence[Column]) -> None:
    from pandera.errors import SchemaErrors

    from bridgebench.leaderboard.csv.schema import board_schema

    try:
        board_schema(task, columns).validate(table, lazy=True)
    except SchemaErrors as error:
        raise IntegrityError(_first_failure(error, table)) from error


def _first_failure(error: SchemaErrors, table: pd.DataFrame) -> str:
    """The first thing that pandera found, by rows."""
    failures = error.failure_cases
    # A check of the whole table fails in every column of a row; what fails in one says more.
    of_table = failures["schema_context"].ne("Column")
    first = failures.assign(of_table=of_table).sort_values(["index", "of_table"]).iloc[0]
    row, check = int(first["index"]), str(first["check"])
    if check == "multiple_fields_uniqueness":
        return f"row {row + 1} is the same cell as row {_twin(table, row) + 1}; keep one"
    if first["of_table"]:
        name, _, message = check.partition(": ")
        return f"row {row + 1}, column {name}: {message}"
    if check == "not_nullable":
        return f"row {row + 1}, column {first['column']}: must not be empty"
    return f"row {row + 1}, column {first['column']}: {check}, it is {first['failure_case']!s:.80}"


def _twin(table: pd.DataFrame, row: int) -> int:
    """The first row whose axes are those of `row`."""
    axes = table[list(AXES)].astype("string").fillna("")
    return int(axes.eq(axes.iloc[row]).all(axis=1).to_numpy().argmax())


def _check_intervals(table: pd.DataFrame, metrics: MetricColumns) -> None:
    for column in metrics.all:
        if not column.interval:
            continue
        names = (column.name, f"{column.name}_low", f"{column.name}_high")
        for index, (value, low, high) in enumerate(
            zip(*(table[name].tolist() for name in names), strict=True)
        ):
            if pd.isna(low) != pd.isna(high):
                _wrong(index, names[1], "an interval needs both ends or neither")
            if pd.isna(low):
                continue
            if pd.isna(value):
                _wrong(index, names[0], "is empty, but has an interval")
            slack = ROUNDING * max(1.0, abs(value))
            if not low - slack <= value <= high + slack:
                _wrong(index, names[0], f"{value!r} lies outside its interval {low!r} to {high!r}")


def _check_json(table: pd.DataFrame) -> None:
    for index, cells in enumerate(table[["fingerprint", *JSON_COLUMNS]].to_dict("records")):
        for name in JSON_COLUMNS:
            try:
                value = parsed(cells, name)
            except IntegrityError as error:
                raise IntegrityError(f"row {index + 1}, {error}") from error
            if name == "fingerprint_parts" and cells["fingerprint"] != short_fingerprint(value):
                right = short_fingerprint(value)
                _wrong(index, "fingerprint", f"must be '{right}', the hash of its parts")


def _check_derived(table: pd.DataFrame, metrics: MetricColumns) -> None:
    for fault in derived_faults(table, metrics):
        _wrong(fault.index, fault.column, fault.message)


def _check_fingerprints(rows: Sequence[Row]) -> None:
    first: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(rows):
        if row.status != "ok":
            continue
        if not row.fingerprint:
            _wrong(index, "fingerprint", "must not be empty where status is ok")
        task, protocol, _, n, seed = row.section
        other = first.setdefault((task, protocol, n, seed), index)
        if rows[other].fingerprint != row.fingerprint:
            _wrong(
                index,
                "fingerprint",
                f"'{row.fingerprint}' differs from '{rows[other].fingerprint}' of row {other + 1}; "
                "numbers that mean different things belong in different files",
            )


def _check_flags(table: pd.DataFrame, rows: Sequence[Row], task: TaskFile) -> None:
    for index, (row, found) in enumerate(zip(rows, table["flags"].tolist(), strict=True)):
        right = flags_cell(raised(row, task.flags))
        if found != right:
            _wrong(index, "flags", f"must be '{right}' by the row's own numbers, it is '{found}'")


def _check_outsiders(table: pd.DataFrame, rows: Sequence[Row], task: TaskFile) -> None:
    for name in ("tie_group", "pareto"):
        for index, value in enumerate(table[name].tolist()):
            if pd.isna(value):
                continue
            if not rows[index].competes:
                _wrong(index, name, "must be empty for a baseline and where status is not ok")
            if not is_rankable(rows[index], task.flags):
                _wrong(index, name, "must be empty for a row that is flagged for copying")
    for index, (row, reason) in enumerate(zip(rows, table["reason"].tolist(), strict=True)):
        if row.status != "ok" and not reason:
            _wrong(index, "reason", f"must say why the status is {row.status}")


def _check_ranks(rows: Sequence[Row], task: TaskFile, metrics: MetricColumns) -> None:
    column = metrics.named(task.ranked_by)
    for members in sections(rows).values():
        rankable = [index for index in members if is_rankable(rows[index], task.flags)]
        ranked = rank(rows, rankable, column)
        for right, index in zip(ranked, sorted(ranked), strict=True):
            if right != index:
                _wrong(
                    right,
                    task.ranked_by,
                    f"ranks before row {index + 1}, which stands above it; sort the board",
                )


def _check_tie_groups(
    table: pd.DataFrame, rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> None:
    groups = [_present(group) for group in table["tie_group"].tolist()]
    column = metrics.named(task.ranked_by)
    for members in sections(rows).values():
        highest = 0
        for index in members:
            group = groups[index]
            if group is None:
                continue
            if group > highest + 1:
                _wrong(index, "tie_group", f"opens group {group} before there is a {highest + 1}")
            highest = max(highest, group)
        for fault in impossible_ties(rows, members, groups, column):
            _wrong(fault.index, fault.column, fault.message)


def _check_pareto(
    table: pd.DataFrame, rows: Sequence[Row], task: TaskFile, metrics: MetricColumns
) -> None:
    front = [metrics.named(name) for name in task.pareto]
    marks = table["pareto"].tolist()
    for members in sections(rows).values():
        rankable = [index for index in members if is_rankable(rows[index], task.flags)]
        unflagged = [index for index in rankable if not raised(rows[index], task.flags)]
        marked = pareto_front(rows, unflagged, front) if front else frozenset[int]()
        for index in rankable:
            right = (index in marked) if front and index in unflagged else None
            if _present(marks[index]) != right:
                _wrong(index, "pareto", f"must be {_spelled(right)} by the row's own numbers")


def _check_seals(table: pd.DataFrame) -> None:
    for index, cells in enumerate(table.to_dict("records")):
        if cells[SEAL] != seal(cells):
            _wrong(
                index,
                SEAL,
                "does not fit the row: a cell was changed after it was measured; take the row from "
                "the run that made it",
            )


def _spelled(mark: bool | None) -> str:
    return "empty" if mark is None else str(mark).lower()
