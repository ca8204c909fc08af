"""Rows that differ in their seed alone, as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bridgebench.files.printable import printable
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import AXES, MetricColumns
from bridgebench.leaderboard.table.flags import letters
from bridgebench.tasks.task_file import FlagRule
from bridgebench.toolkit.statistics.intervals import Estimate
from bridgebench.toolkit.statistics.seeds import across_seeds

NAMED_BY = tuple(axis for axis in AXES if axis != "seed")


@dataclass(frozen=True)
class Combined:
    """A combination over its seeds.

    axes    its axes but the seed
    seeds   in rising order, at least two
    found   primary column -> the mean over the seeds that have it, with its interval
    flags   the names of the flags that any of its seeds has, separated by spaces
    """

    axes: Mapping[str, Any]
    seeds: tuple[int, ...]
    found: Mapping[str, Estimate]
    flags: str


def combined(table: pd.DataFrame, metrics: MetricColumns) -> tuple[Combined, ...]:
    """The combinations with rows of several seeds and one fingerprint, in the board's order."""
    groups: dict[tuple[str, ...], list[Mapping[Any, Any]]] = {}
    for cells in table[table["status"].eq("ok")].to_dict("records"):
        key = (*(str(cells[axis]) for axis in NAMED_BY), str(cells["fingerprint"]))
        groups.setdefault(key, []).append(cells)
    return tuple(
        Combined(
            {axis: rows[0][axis] for axis in NAMED_BY},
            tuple(sorted(int(row["seed"]) for row in rows)),
            {column.name: _mean(rows, column) for column in metrics.primary},
            " ".join(dict.fromkeys(name for row in rows for name in row["flags"].split())),
        )
        for rows in groups.values()
        if len({row["seed"] for row in rows}) > 1
    )


def seeds_table(
    rows: tuple[Combined, ...], metrics: MetricColumns, rules: Sequence[FlagRule]
) -> Table:
    """A table of the means with their intervals, and the flags where there are any."""
    flagged = any(row.flags for row in rows)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    axes = [
        axis
        for axis in NAMED_BY
        if axis == "method" or len({str(row.axes[axis]) for row in rows}) > 1
    ]
    for axis in axes:
        table.add_column(axis, no_wrap=True)
    table.add_column("seeds", justify="right", no_wrap=True)
    for column in metrics.primary:
        table.add_column(column.name, justify="right", no_wrap=True)
    if flagged:
        table.add_column("flags", no_wrap=True)
    for row in rows:
        named = (Text("" if pd.isna(row.axes[a]) else printable(str(row.axes[a]))) for a in axes)
        numbers = (Text(_written(row.found[column.name])) for column in metrics.primary)
        marks = [Text(letters(row.flags, rules))] if flagged else []
        table.add_row(*named, str(len(row.seeds)), *numbers, *marks)
    return table


def _mean(rows: list[Mapping[Any, Any]], column: Column) -> Estimate:
    estimates = list(_estimates(rows, column))
    if not estimates:
        return Estimate(None)
    value, low, high = across_seeds(estimates)
    if low is not None and column.low is not None:
        low = max(low, column.low)
    if high is not None and column.high is not None:
        high = min(high, column.high)
    return Estimate(value, low, high)


def _estimates(rows: list[Mapping[Any, Any]], column: Column) -> Iterator[Estimate]:
    for row in rows:
        if pd.isna(row[column.name]):
            continue
        ends = [row.get(f"{column.name}_{end}") for end in ("low", "high")]
        low, high = (None if end is None or pd.isna(end) else float(end) for end in ends)
        yield Estimate(float(row[column.name]), low, high)


def _written(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    ends = "" if estimate.low is None else f" [{estimate.low:.3g}, {estimate.high:.3g}]"
    return f"{estimate.value:.4g}{ends}"
