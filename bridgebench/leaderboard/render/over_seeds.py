"""Means over seeds: rows that differ only in their seed, combined."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bridgebench.files.printable import printable
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import AXES, MetricColumns
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.render.console import figure, new_table
from bridgebench.leaderboard.table.flags import letters
from bridgebench.tasks.task_file import FlagRule
from bridgebench.toolkit.statistics.intervals import Estimate
from bridgebench.toolkit.statistics.seeds import across_seeds

OTHER_AXES = tuple(axis for axis in AXES if axis != "seed")
SEEDS = "seeds"


def combined(rows: Sequence[Row], metrics: MetricColumns) -> tuple[Row, ...]:
    """The combinations with rows of several seeds and one fingerprint, in the board's order.

    A row of them has the axes but the seed, the number of seeds, the mean of each primary column
    over the seeds that have it, with its interval, and the flags that any of the seeds has.
    """
    groups: dict[tuple[str, ...], dict[int, Row]] = {}
    for row in rows:
        if row.ok:
            key = (*(row.written(axis) for axis in OTHER_AXES), row.fingerprint)
            groups.setdefault(key, {})[row.seed] = row
    return tuple(
        _mean_of(list(members.values()), metrics) for members in groups.values() if len(members) > 1
    )


def seeds_table(rows: Sequence[Row], metrics: MetricColumns, rules: Sequence[FlagRule]) -> Table:
    """A table of the means with their intervals, and the flags where there are any."""
    axes = [
        axis
        for axis in OTHER_AXES
        if axis == "method" or len({row.cells[axis] for row in rows}) > 1
    ]
    table = new_table(axes, (SEEDS, *(column.name for column in metrics.primary)))
    flagged = any(row.cells["flags"] for row in rows)
    if flagged:
        table.add_column("flags", no_wrap=True)
    for row in rows:
        named = (Text(printable(row.written(axis))) for axis in axes)
        numbers = (Text(_number(row, column)) for column in metrics.primary)
        marks = [Text(letters(row.cells["flags"], rules))] if flagged else []
        table.add_row(*named, str(row.cells[SEEDS]), *numbers, *marks)
    return table


def _mean_of(rows: Sequence[Row], metrics: MetricColumns) -> Row:
    cells = {axis: rows[0].cells[axis] for axis in OTHER_AXES}
    flags = dict.fromkeys(name for row in rows for name in row.cells["flags"].split())
    cells |= {SEEDS: len(rows), "flags": " ".join(flags)}
    for column in metrics.primary:
        mean = _mean([row.estimate(column) for row in rows], column)
        names = (column.name, f"{column.name}_low", f"{column.name}_high")
        cells |= dict(zip(names, mean, strict=True))
    return Row(cells)


def _mean(estimates: Sequence[Estimate], column: Column) -> Estimate:
    known = [each for each in estimates if each.value is not None]
    if not known:
        return Estimate(None)
    value, low, high = across_seeds(known)
    if low is not None and column.low is not None:
        low = max(low, column.low)
    if high is not None and column.high is not None:
        high = min(high, column.high)
    return Estimate(value, low, high)


def _number(row: Row, column: Column) -> str:
    low, high = row.value(f"{column.name}_low"), row.value(f"{column.name}_high")
    ends = "" if low is None or high is None else f" [{low:.3g}, {high:.3g}]"
    return f"{figure(row.value(column.name))}{ends}"
