"""What cells of a row follow from its other cells: shares, speed and evaluations in total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import MetricColumns
from bridgebench.toolkit.statistics.intervals import exact_share

ROUNDING = 1e-7
"""How far, relative to its size, a cell may be from what follows from the others."""

Cells = Mapping[Any, Any]


@dataclass(frozen=True)
class Fault:
    """A cell that is not what it must be; rows count from 0."""

    index: int
    column: str
    message: str


def derived_faults(table: pd.DataFrame, metrics: MetricColumns) -> Iterator[Fault]:
    """The cells that do not follow from the others of their row, in the order of the rows.

    A share is a whole number of n outputs, and its interval is the exact one of that number;
    `images_per_s` is n over `seconds`; `nfe_total` is the sum of both directions.
    """
    shares = [column for column in metrics.all if column.share]
    for index, cells in enumerate(table.to_dict("records")):
        for column in shares:
            yield from _share(index, cells, column)
        yield from _speed(index, cells)
        yield from _evaluations(index, cells)


def count_of(share: float, n: int) -> int | None:
    """How many of n a share is, None where it is no whole number of them.

    >>> count_of(0.75, 8), count_of(0.7, 8)
    (6, None)
    """
    count = round(share * n)
    return count if 0 <= count <= n and _close(share, count / n) else None


def _share(index: int, cells: Cells, column: Column) -> Iterator[Fault]:
    value, n = cells[column.name], int(cells["n"])
    if pd.isna(value):
        return
    count = count_of(value, n)
    if count is None:
        yield Fault(index, column.name, f"{value!r} is no whole number of {n} images")
        return
    if not column.interval:
        return
    right = exact_share(count, n)
    for name, end in ((f"{column.name}_low", right.low), (f"{column.name}_high", right.high)):
        if pd.isna(cells[name]) or end is None or not _close(cells[name], end):
            said = "nothing" if pd.isna(cells[name]) else f"{cells[name]:.6g}"
            yield Fault(index, name, f"is {said}, but the interval of {count} of {n} has {end:.6g}")


def _speed(index: int, cells: Cells) -> Iterator[Fault]:
    seconds, speed = cells["seconds"], cells["images_per_s"]
    if pd.isna(seconds) or pd.isna(speed):
        return
    n = int(cells["n"])
    if not _close(speed * seconds, n):
        yield Fault(index, "images_per_s", f"must be {n} images over {seconds:.6g} seconds")


def _evaluations(index: int, cells: Cells) -> Iterator[Fault]:
    encode, decode, total = (cells[name] for name in ("nfe_encode", "nfe_decode", "nfe_total"))
    if not any(pd.isna(count) for count in (encode, decode, total)) and not _close(
        total, encode + decode
    ):
        yield Fault(index, "nfe_total", f"must be {encode + decode:g}, nfe_encode and nfe_decode")


def _close(value: float, right: float) -> bool:
    return abs(value - right) <= ROUNDING * max(1.0, abs(right))
