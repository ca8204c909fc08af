"""Means over seeds: rows that differ only in their seed, combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from bridgebench.files.printable import printable
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import AXES, MetricColumns
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.render.console import new_table
from bridgebench.leaderboard.table.flags import letters
from bridgebench.tasks.task_file import FlagRule
from bridgebench.toolkit.statistics.intervals import Estimate
from bridgebench.toolkit.statistics.seeds import across_seeds

OTHER_AXES = tuple(axis for axis in AXES if axis != "seed")


@dataclass(frozen=True)
class Combined:
    """A combination over its seeds.

    axes    its axes but the seed, as text
    seeds   in rising order, at least two
    found   primary column -> the mean over the seeds that have it, with its interval
    flags   the names of the flags that any of its seeds has, separated by spaces
    """

    axes: Mapping[str, str]
    seeds: tuple[int, ...]
    found: Mapping[str, Estimate]
    flags: str


def combined(rows: Sequence[Row], metrics: MetricColumns) -> tuple[Combined, ...]:
    """The combinations with rows of several seeds and one fingerprint, in the board's order."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.ok:
            key = (*(row.written(axis) for axis in OTHER_AXES), row.fingerprint)
            groups.setdefault(key, []).append(row)
    return tuple(
        Combined(
            dict(zip(OTHER_AXES, key, strict=False)),
            tuple(sorted(row.seed for row in members)),
            {column.name: _mean(members, column) for column in metrics.primary},
            " ".join(dict.fromkeys(name for row in members for name in row.cells["flags"].split())),
        )
        for key, members in groups.items()
        if len({row.seed for row in members}) > 1
    )


def seeds_table(
    rows: tuple[Combined, ...], metrics: MetricColumns, rules: Sequence[FlagRule]
) -> Table:
    """A table of the means with their intervals, and the flags where there are any."""
    flagged = any(row.flags for row in rows)
    table = new_table()
    axes = [
        axis for axis in OTHER_AXES if axis == "method" or len({row.axes[axis] for row in rows}) > 1
    ]
    for axis in axes:
        table.add_column(axis, no_wrap=True)
    table.add_column("seeds", justify="right", no_wrap=True)
    for column in metrics.primary:
        table.add_column(column.name, justify="right", no_wrap=True)
    if flagged:
        table.add_column("flags", no_wrap=True)
    for row in rows:
        named = (Text(printable(row.axes[axis])) for axis in axes)
        numbers = (Text(_written(row.found[column.name])) for column in metrics.primary)
        marks = [Text(letters(row.flags, rules))] if flagged else []
        table.add_row(*named, str(len(row.seeds)), *numbers, *marks)
    return table


def _mean(rows: Sequence[Row], column: Column) -> Estimate:
    estimates = [found for row in rows if (found := row.estimate(column)).value is not None]
    if not estimates:
        return Estimate(None)
    value, low, high = across_seeds(estimates)
    if low is not None and column.low is not None:
        low = max(low, column.low)
    if high is not None and column.high is not None:
        high = min(high, column.high)
    return Estimate(value, low, high)


def _written(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    ends = "" if estimate.low is None else f" [{estimate.low:.3g}, {estimate.high:.3g}]"
    return f"{estimate.value:.4g}{ends}"
