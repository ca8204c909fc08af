"""Cells that follow from other cells of their row: shares, speed, and evaluations in total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.leaderboard.csv.row import Row
from bridgebench.toolkit.statistics.intervals import exact_share

ROUNDING = 1e-7
"""How far, relative to its size, a cell may be from what follows from the others."""


@dataclass(frozen=True)
class Fault:
    """A cell that is not what it must be; rows count from 0, column "" is the whole row."""

    index: int
    column: str
    message: str


def derived_faults(rows: Sequence[Row], metrics: MetricColumns) -> Iterator[Fault]:
    """The cells that do not follow from the others of their row, in the order of the rows.

    A share is k of n outputs for an integer k, and its interval is the exact one of k and n;
    `images_per_s` is n over `seconds`; `nfe_total` is the sum of both directions.
    """
    shares = [column for column in metrics.all if column.share]
    for index, row in enumerate(rows):
        for column in shares:
            yield from _share(index, row, column)
        yield from _speed(index, row)
        yield from _evaluations(index, row)


def count_of(share: float, n: int) -> int | None:
    """How many of n a share is, None where it is no whole number of them.

    >>> count_of(0.75, 8), count_of(0.7, 8)
    (6, None)
    """
    count = round(share * n)
    return count if 0 <= count <= n and _close(share, count / n) else None


def _share(index: int, row: Row, column: Column) -> Iterator[Fault]:
    value, low, high = row.estimate(column)
    n = int(row.cells["n"])
    if value is None:
        return
    count = count_of(value, n)
    if count is None:
        yield Fault(index, column.name, f"{value!r} is no whole number of {n} images")
        return
    if not column.interval:
        return
    right = exact_share(count, n)
    for name, found, end in (("low", low, right.low), ("high", high, right.high)):
        if found is None or end is None or not _close(found, end):
            said = "nothing" if found is None else f"{found:.6g}"
            message = f"is {said}, but the interval of {count} of {n} has {end:.6g}"
            yield Fault(index, f"{column.name}_{name}", message)


def _speed(index: int, row: Row) -> Iterator[Fault]:
    seconds, speed, n = row.value("seconds"), row.value("images_per_s"), int(row.cells["n"])
    if seconds is not None and speed is not None and not _close(speed * seconds, n):
        yield Fault(index, "images_per_s", f"must be {n} images over {seconds:.6g} seconds")


def _evaluations(index: int, row: Row) -> Iterator[Fault]:
    encode, decode, total = (row.value(f"nfe_{part}") for part in ("encode", "decode", "total"))
    if encode is None or decode is None or total is None or _close(total, encode + decode):
        return
    yield Fault(index, "nfe_total", f"must be {encode + decode:g}, nfe_encode and nfe_decode")


def _close(value: float, right: float) -> bool:
    return abs(value - right) <= ROUNDING * max(1.0, abs(right))
