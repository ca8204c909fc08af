"""The comparison of rows with a named row, as tables for people and as a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import AXES, PART_AXES
from bridgebench.leaderboard.csv.files import csv_text
from bridgebench.leaderboard.render.console import figure, new_table, print_whole, say, varying_axes
from bridgebench.leaderboard.table.paired_rows import ColumnDifferences, PairedRows, RowDifference
from bridgebench.toolkit.statistics.intervals import Estimate


def print_paired_rows(found: PairedRows, console: Console) -> None:
    """Print a table for each column, then a sentence for each."""
    axes = varying_axes([row for row, _ in found.referred.pairs], PART_AXES)
    for each in found.columns:
        unit = f", {each.column.unit}" if each.column.unit else ""
        say(console, f"{each.column.name}{unit}{_direction(each.column)}", "bold")
        print_whole(console, _table(each, axes))
    for sentence in sentences(found):
        say(console, sentence)


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
        others = [axis for axis in PART_AXES if axis not in found.to]
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
    header = [
        *AXES,
        *(f"reference_{axis}" for axis in PART_AXES),
        *("fingerprint", "metric", "value", "reference_value"),
        *("difference", "difference_low", "difference_high", "images"),
        *("p", "p_adjusted", "comparisons", "verdict"),
    ]
    lines = [_line(one, each) for each in found.columns for one in each.differences]
    return csv_text([header, *lines])


def _line(one: RowDifference, each: ColumnDifferences) -> list[object]:
    name = each.column.name
    return [
        *(one.row.axis(axis) for axis in AXES),
        *(one.reference.axis(axis) for axis in PART_AXES),
        *(one.row.fingerprint, name, one.row.value(name), one.reference.value(name)),
        *(*one.found.difference, one.found.images),
        *(one.found.p, one.adjusted, len(each.differences), one.verdict),
    ]


def _table(each: ColumnDifferences, axes: Sequence[str]) -> Table:
    numbers = ("value", "reference", "difference", "95 % interval", "adjusted p")
    table = new_table(axes, numbers)
    table.add_column("", no_wrap=True)
    for one in each.differences:
        name, difference = each.column.name, one.found.difference
        texts = (
            figure(one.row.value(name)),
            figure(one.reference.value(name)),
            "-" if difference.value is None else f"{difference.value:+.3g}",
            _interval(difference),
            "<0.001" if one.adjusted < 0.001 else f"{one.adjusted:.3f}",
            f"* {one.verdict}" if one.verdict else "",
        )
        table.add_row(*(Text(one.row.axis(axis)) for axis in axes), *map(Text, texts))
    return table


def _interval(difference: Estimate) -> str:
    if difference.low is None or difference.high is None:
        return "-"
    return f"[{difference.low:+.3g}, {difference.high:+.3g}]"


def _direction(column: Column) -> str:
    return f" ({column.better} is better)" if column.better else ""
