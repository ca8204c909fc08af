"""The comparison of rows with a named row, as tables for people and as a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import AXES
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.csv.text_cells import MAX_CELL, UNUSED
from bridgebench.leaderboard.table.paired_rows import ColumnDifferences, PairedRows, RowDifference
from bridgebench.leaderboard.table.reference_rows import NAMED_BY
from bridgebench.toolkit.statistics.intervals import Estimate

ALWAYS_SHOWN = ("method", "transform")


def print_paired_rows(found: PairedRows, console: Console) -> None:
    """Print a table for each column, then a sentence for each."""
    axes = _telling([row for row, _ in found.referred.pairs])
    for each in found.columns:
        unit = f", {each.column.unit}" if each.column.unit else ""
        _say(console, f"{each.column.name}{unit}{_direction(each.column)}", "bold")
        table = _table(each, axes)
        width = console.width
        unlimited = console.options.update(max_width=MAX_CELL)
        console.width = max(width, console.measure(table, options=unlimited).maximum)
        console.print(table)
        console.width = width
    for sentence in sentences(found):
        _say(console, sentence)


def sentences(found: PairedRows) -> Iterator[str]:
    """What came out, a sentence a column, then which rows were compared with what."""
    name = ",".join(f"{axis}={value}" for axis, value in found.to.items())
    for each in found.columns:
        total = len(each.differences)
        verdicts = ("better", "worse") if each.column.better else ("higher", "lower")
        counts = [each.count(verdict) for verdict in verdicts]
        split = ", ".join(f"{n} {verdict}" for n, verdict in zip(counts, verdicts, strict=True))
        yield (
            f"{sum(counts)} of {total} rows differ significantly from {name} in "
            f"{each.column.name}: {split} (paired tests at 5 %, Holm over {total} comparisons)."
        )
    if found.referred.one:
        yield "Every row was compared with that one row of its seed."
    else:
        others = [axis for axis in NAMED_BY if axis not in found.to]
        yield f"Each row was compared with the one of equal {', '.join(others)}."
    left_out = found.referred.left_out
    if left_out:
        yield (
            f"{len(left_out)} rows were not compared, as there is no such row beside them: "
            f"{', '.join(str(row) for row in left_out[:3])}{', ...' * (len(left_out) > 3)}."
        )


def to_csv(found: PairedRows) -> str:
    """The text of a file with a line a comparison, numbers with all their digits.

    The axes of the row, those of its reference as `reference_AXIS`, the fingerprint, the metric,
    both numbers, the difference with its interval, how many images both have, p, p_adjusted, the
    comparisons that it is adjusted for, and the verdict.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            *AXES,
            *(f"reference_{axis}" for axis in NAMED_BY),
            *("fingerprint", "metric", "value", "reference_value"),
            *("difference", "difference_low", "difference_high", "images"),
            *("p", "p_adjusted", "comparisons", "verdict"),
        ]
    )
    for each in found.columns:
        for one in each.differences:
            writer.writerow(_line(one, each))
    return stream.getvalue()


def _line(one: RowDifference, each: ColumnDifferences) -> list[object]:
    name = each.column.name
    return [
        *(_axis(one.row, axis) for axis in AXES),
        *(_axis(one.reference, axis) for axis in NAMED_BY),
        *(one.row.fingerprint, name, one.row.value(name), one.reference.value(name)),
        *(*one.found.difference, one.found.images),
        *(one.found.p, one.adjusted, len(each.differences), one.verdict),
    ]


def _table(each: ColumnDifferences, axes: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for axis in axes:
        table.add_column(axis, no_wrap=True)
    for heading in ("value", "reference", "difference", "95 % interval", "adjusted p"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in each.differences:
        name, difference = each.column.name, one.found.difference
        numbers = (
            _number(one.row.value(name)),
            _number(one.reference.value(name)),
            "-" if difference.value is None else f"{difference.value:+.3g}",
            _interval(difference),
            "<0.001" if one.adjusted < 0.001 else f"{one.adjusted:.3f}",
            f"* {one.verdict}" if one.verdict else "",
        )
        table.add_row(*(Text(_axis(one.row, axis)) for axis in axes), *(Text(t) for t in numbers))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(difference: Estimate) -> str:
    if difference.low is None or difference.high is None:
        return "-"
    return f"[{difference.low:+.3g}, {difference.high:+.3g}]"


def _direction(column: Column) -> str:
    return f" ({column.better} is better)" if column.better else ""


def _telling(rows: Sequence[Row]) -> list[str]:
    """The axes that tell the rows apart."""
    return [
        axis
        for axis in NAMED_BY
        if axis in ALWAYS_SHOWN or len({row.axes[axis] for row in rows} - {None}) > 1
    ]


def _axis(row: Row, axis: str) -> str:
    value = row.axes[axis]
    return UNUSED if value is None else str(value)


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(Text(text), style=style, soft_wrap=True, highlight=False)
