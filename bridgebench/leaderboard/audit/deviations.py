"""The cells of a published row compared with those of its recomputation.

Every tolerance comes from the recomputation. One that came from the row would be chosen by its
author: an interval from 0 to 1,000 would make any number in it right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridgebench.files.printable import printable
from bridgebench.leaderboard.csv.columns import COUNTS, MetricColumns, spread
from bridgebench.leaderboard.csv.fields import Cell
from bridgebench.leaderboard.csv.row import Row

RELATIVE = 1e-3
OF_HALF_WIDTH = 0.25
"""A number is the same within 1e-3 of it, or a quarter of its interval's half-width."""

SECONDS_FACTOR = 10.0
SECONDS_SLACK = 1.0
"""Seconds are the same within a factor of 10 or within a second, on one type of device."""


@dataclass(frozen=True)
class Deviation:
    """A cell as published and as recomputed, None where there is none.

    tolerance  how much the two may differ, on the scale of the column
    """

    column: str
    published: Cell
    found: Cell
    tolerance: float = 0.0

    @property
    def share(self) -> float:
        """How much of the tolerance is used; above 1 the cell differs."""
        if self.published == self.found:
            return 0.0
        if not (_is_number(self.published) and _is_number(self.found)):
            return float("inf")
        distance = abs(float(self.published or 0) - float(self.found or 0))
        return distance / self.tolerance if self.tolerance else float("inf")

    def __str__(self) -> str:
        """The figures."""
        found, published = _figure(self.found), _figure(self.published)
        return f"{self.column} {found}, published {published}, tolerance {self.tolerance:.3g}"


def deviations(
    published: Row, found: Row, metrics: MetricColumns, same_device: bool
) -> tuple[Deviation, ...]:
    """Every measured cell of a row, as published and as computed again.

    Numbers and the ends of their intervals are compared within the tolerance of the recomputed
    number. Evaluations, supervision and the mark of a baseline must be equal. A chance value has
    the tolerance of the number that it belongs to.

    Args:
        published: the row.
        found: its recomputation.
        metrics: the columns of the board.
        same_device: whether both were computed on one type of device, so that seconds compare.
    """
    return (
        *_numbers(published, found, metrics),
        *_facts(published, found),
        *(_seconds(published, found) if same_device else ()),
    )


def tolerance(found: float | None, low: float | None, high: float | None) -> float:
    """How far a published number may lie from the recomputed one, by the recomputed interval.

    >>> tolerance(40.0, 36.0, 44.0), tolerance(40.0, None, None)
    (1.0, 0.04)
    """
    relative = RELATIVE * abs(found or 0.0)
    if low is None or high is None:
        return relative
    return max(relative, OF_HALF_WIDTH * (high - low) / 2)


def _numbers(published: Row, found: Row, metrics: MetricColumns) -> Iterator[Deviation]:
    for column, own in metrics.measured:
        _, low, high = found.estimate(own)
        within = tolerance(found.value(column.name), low, high)
        for name in spread(column):
            yield Deviation(name, published.value(name), found.value(name), within)


def _facts(published: Row, found: Row) -> Iterator[Deviation]:
    for name in COUNTS:
        yield Deviation(name, published.value(name), found.value(name))
    latent_std = found.value("latent_std")
    within = tolerance(latent_std, None, None)
    yield Deviation("latent_std", published.value("latent_std"), latent_std, within)
    for name in ("supervision", "baseline"):
        yield Deviation(name, published.cells[name], found.cells[name])


def _seconds(published: Row, found: Row) -> Iterator[Deviation]:
    """The time, whose tolerance is the way to a tenth or the tenfold of it."""
    theirs, here = published.value("seconds"), found.value("seconds")
    if theirs is None or here is None:
        yield Deviation("seconds", theirs, here)
        return
    to_end = here / SECONDS_FACTOR if theirs < here else here * SECONDS_FACTOR
    yield Deviation("seconds", theirs, here, max(SECONDS_SLACK, abs(to_end - here)))


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(value: Cell) -> str:
    if value is None or value == "":
        return "nothing"
    return f"{float(value):.6g}" if _is_number(value) else printable(str(value).lower())
