"""Paired tests of the rows of a board against a named row, metric by metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.board import Board
from bridgebench.leaderboard.table.pairs import ALPHA
from bridgebench.leaderboard.table.per_image import rows_with_items
from bridgebench.leaderboard.table.reference_rows import Referred, with_references
from bridgebench.toolkit.statistics.difference import PairedDifference, paired_difference
from bridgebench.toolkit.statistics.paired import holm


@dataclass(frozen=True)
class RowDifference:
    """A row and its reference in one column.

    found     row - reference over the images that both have, with its interval and p-value
    adjusted  the p-value after Holm's correction for all comparisons in the column
    verdict   "better", "worse" (or "higher", "lower" where the column says neither); "" where the
              difference is not significant at 5 %
    """

    row: Row
    reference: Row
    found: PairedDifference
    adjusted: float
    verdict: str


@dataclass(frozen=True)
class ColumnDifferences:
    """All comparisons in one column, in the order of the board."""

    column: Column
    differences: tuple[RowDifference, ...]

    def count(self, verdict: str) -> int:
        """How many differences have this verdict."""
        return sum(each.verdict == verdict for each in self.differences)


@dataclass(frozen=True)
class PairedRows:
    """The rows of a board against the one that `to` names.

    to        axis -> value, as asked for
    referred  which row was compared with which
    columns   the comparisons, a metric column each
    """

    to: Mapping[str, str]
    referred: Referred
    columns: tuple[ColumnDifferences, ...]


def compare_rows(
    path: Path,
    board: Board,
    to: Mapping[str, str],
    metrics: Sequence[str] = (),
    only: Mapping[str, Sequence[str]] | None = None,
) -> PairedRows:
    """Compare the rows of the board in `path` with a row of it, on the images that they share.

    Args:
        path: leaderboard.csv in the folder of its run, where the per-image statistics are.
        board: what is in it.
        to: axis -> value of the reference row; see `reference_rows`.
        metrics: names of columns; the task's primary ones that have per-image statistics if empty.
        only: axis -> values of the rows that are compared, as in `show`; the reference may be
            another one.

    Raises:
        IntegrityError: the statistics are not beside the file, or do not belong to it.
        InvalidOption, UnknownName, UsageError: a column without such statistics, or a reference
            that is not there or cannot be compared with.
    """
    names = [column.name for column in board.metrics.all]
    for name in metrics:
        if name not in names:
            raise UnknownName("metric column", name, names)
    wanted = list(metrics) or [column.name for column in board.metrics.primary]
    rows = rows_with_items(path, board, wanted)
    chosen = [row for row in rows if row.matches(only or {})]
    referred = with_references(rows, to, chosen)
    tested = [
        name
        for name in wanted
        if any(name in row.items and name in other.items for row, other in referred.pairs)
    ]
    missing = [name for name in metrics if name not in tested]
    if missing or not tested:
        raise InvalidOption(
            f"{', '.join(missing or wanted)} has no per-image statistics in these rows, which a "
            "paired test needs; give another metric="
        )
    columns = (_differences(referred, board.metrics.named(name)) for name in tested)
    return PairedRows(to, referred, tuple(columns))


def _differences(referred: Referred, column: Column) -> ColumnDifferences:
    pairs = [
        (row, other)
        for row, other in referred.pairs
        if column.name in row.items and column.name in other.items
    ]
    found = [paired_difference(row.items[column.name], o.items[column.name]) for row, o in pairs]
    adjusted = holm([each.p for each in found])
    return ColumnDifferences(
        column,
        tuple(
            RowDifference(row, other, each, p, _verdict(each, p, column))
            for (row, other), each, p in zip(pairs, found, adjusted, strict=True)
        ),
    )


def _verdict(found: PairedDifference, adjusted: float, column: Column) -> str:
    value = found.difference.value
    if adjusted >= ALPHA or not value:
        return ""
    direction = "higher" if value > 0 else "lower"
    if not column.better:
        return direction
    return "better" if direction == column.better else "worse"
