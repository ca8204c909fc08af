"""What a row says beside what its recomputation gives, cell by cell.

Every tolerance comes from the recomputation. One that came from the row would be chosen by whoever
wrote the row: an interval from 0 to 1,000 would make any number in it right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridgebench.execute.records import Record
from bridgebench.files.printable import printable
from bridgebench.leaderboard.csv.columns import COUNTS, MetricColumns

RELATIVE = 1e-3
OF_HALF_WIDTH = 0.25
"""A number is the same within 1e-3 of it, or a quarter of its interval's half-width."""

SECONDS_FACTOR = 10.0
SECONDS_SLACK = 1.0
"""Seconds are the same within a factor of 10 or within a second, on one type of device."""

Cells = Mapping[Any, Any]
Cell = float | str | bool | None


@dataclass(frozen=True)
class Deviation:
    """A cell as published and as recomputed, None where there is none.

    tolerance  how far the two may be apart, on the scale of the column
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
    cells: Cells, record: Record, metrics: MetricColumns, same_device: bool
) -> tuple[Deviation, ...]:
    """Every cell of a row that was measured, as published and as a record has it.

    A chance value is as certain as the number it belongs to, whose interval says how much that is.

    Numbers and the ends of their intervals are compared within the tolerance of the recomputed
    number. Evaluations, supervision and the mark of a baseline must be equal.

    Args:
        cells: the row.
        record: its recomputation.
        metrics: the columns of the board.
        same_device: whether both were computed on one type of device, so that seconds compare.
    """
    return (
        *_numbers(cells, record, metrics),
        *_facts(cells, record),
        *(_seconds(cells, record) if same_device else ()),
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


def present(value: Any) -> float | None:
    """The number in a cell of a table, None where it is empty."""
    return None if value is None or value != value else float(value)


def _numbers(cells: Cells, record: Record, metrics: MetricColumns) -> Iterator[Deviation]:
    for column, own in metrics.measured:
        value, known = record.values.get(column.name), record.values.get(own.name)
        here, low, high = (value.value, value.low, value.high) if value else (None, None, None)
        within = tolerance(here, *((known.low, known.high) if known else (None, None)))
        yield Deviation(column.name, present(cells[column.name]), here, within)
        if column.interval:
            for end, found in ((f"{column.name}_low", low), (f"{column.name}_high", high)):
                yield Deviation(end, present(cells[end]), found, within)


def _facts(cells: Cells, record: Record) -> Iterator[Deviation]:
    for name in COUNTS:
        yield Deviation(name, present(cells[name]), present(record.cost.get(name)))
    spread = present(record.facts.get("latent_std"))
    yield Deviation(
        "latent_std", present(cells["latent_std"]), spread, tolerance(spread, None, None)
    )
    supervision = str(record.facts.get("supervision") or "")
    yield Deviation("supervision", str(cells["supervision"]), supervision)
    yield Deviation("baseline", bool(cells["baseline"]), record.baseline)


def _seconds(cells: Cells, record: Record) -> Iterator[Deviation]:
    """The time, whose tolerance is the way to a tenth or the tenfold of it."""
    published, here = present(cells["seconds"]), present(record.cost.get("seconds"))
    if published is None or here is None:
        yield Deviation("seconds", published, here)
        return
    to_end = here / SECONDS_FACTOR if published < here else here * SECONDS_FACTOR
    yield Deviation("seconds", published, here, max(SECONDS_SLACK, abs(to_end - here)))


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(value: Cell) -> str:
    if value is None or value == "":
        return "nothing"
    return f"{float(value):.6g}" if _is_number(value) else printable(str(value).lower())
