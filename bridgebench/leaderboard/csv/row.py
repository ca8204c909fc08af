"""A row of the board as the ranking sees it, wherever it came from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bridgebench.errors import PluginError
from bridgebench.execute.records import Record, Status, Value
from bridgebench.files.canonical_json import digest
from bridgebench.leaderboard.csv.columns import AXES

if TYPE_CHECKING:
    from torch import Tensor

Shares = npt.NDArray[np.bool_]
Items = npt.NDArray[np.float64] | Shares
ReadItems = Callable[[Record], Mapping[str, "Tensor"]]
Section = tuple[str, str, str, int, int]
AxisValue = str | int | None

FINGERPRINT_LENGTH = 12


def short_fingerprint(parts: Mapping[str, object]) -> str:
    """The hash that stands for a fingerprint in the table; "" where nothing was measured.

    >>> short_fingerprint({"metrics": {"fid": 1}})
    '5f90858deaf7'
    """
    return digest(dict(parts))[:FINGERPRINT_LENGTH] if parts else ""


@dataclass(frozen=True)
class Row:
    """A finished cell.

    axes         what names it; None on an axis that the method does not use
    values       metric column -> its number
    fingerprint  the short hash of what decides the meaning of the numbers
    items        metric column -> the statistic of each image, (n,); bool where all are 0 or 1
    """

    axes: Mapping[str, AxisValue]
    status: Status
    baseline: bool
    values: Mapping[str, Value]
    fingerprint: str
    items: Mapping[str, Items] = field(default_factory=dict)

    @property
    def section(self) -> Section:
        """Rows of one section saw the same images and mean the same by their numbers."""
        task, protocol = str(self.axes["task"]), str(self.axes["protocol"])
        return (task, protocol, self.fingerprint, int(self.axes["n"] or 0), seed_of(self))

    @property
    def competes(self) -> bool:
        """Whether it takes part in the ranking."""
        return self.status == "ok" and not self.baseline

    def value(self, column: str) -> float | None:
        """The number in a metric column, None where the row does not have it."""
        return self.values[column].value if column in self.values else None

    @property
    def order(self) -> tuple[tuple[int, int, str], ...]:
        """A key that puts rows in the order of their axes, an unused axis first."""
        return tuple(_axis_key(self.axes[axis]) for axis in AXES)

    def __str__(self) -> str:
        """What the row is, in words: the axes on which a person tells rows apart."""
        used = [str(self.axes[a]) for a in ("method", "solver", "transform") if self.axes[a]]
        return f"{' '.join(used)} (seed {self.axes['seed']})"


def seed_of(row: Row) -> int:
    """The seed of a row."""
    return int(row.axes["seed"] or 0)


def row_of(record: Record, items: ReadItems, wanted: Collection[str]) -> Row:
    """The row of a record, with the per-image statistics of the wanted columns.

    PluginError where a metric gave a statistic that is not one number an image.
    """
    kept = {}
    if record.status == "ok" and set(wanted) & set(record.items):
        found = items(record)
        kept = {name: _compact(found[name].double().numpy()) for name in wanted if name in found}
    for name, values in kept.items():
        if values.shape != (record.axes["n"],):
            raise PluginError(
                f"the metric of column '{name}' gave per-image statistics of shape "
                f"{values.shape} for {record.axes['n']} images; it must give one number an image"
            )
    return Row(
        axes={axis: record.axes[axis] for axis in AXES},
        status=record.status,
        baseline=record.baseline,
        values=record.values if record.status == "ok" else {},
        fingerprint=short_fingerprint(record.fingerprint),
        items=kept,
    )


def as_shares(values: npt.NDArray[np.generic]) -> Shares | None:
    """The values as bool, an eighth of their bytes, if all are 0 or 1."""
    if values.dtype == np.bool_:
        return values.astype(np.bool_, copy=False)
    if values.size and np.isin(values, (0.0, 1.0)).all():
        return values.astype(np.bool_)
    return None


def sections(rows: Sequence[Row]) -> dict[Section, list[int]]:
    """The indices of the rows of each section, sections in the order in which they are shown."""
    found: dict[Section, list[int]] = {}
    for index, row in enumerate(rows):
        found.setdefault(row.section, []).append(index)
    return dict(sorted(found.items(), key=lambda pair: section_order(pair[0])))


def section_order(section: Section) -> tuple[str, str, int, int, str]:
    """A key that puts sections in the order in which they are shown."""
    task, protocol, fingerprint, n, seed = section
    return (task, protocol, n, seed, fingerprint)


def _axis_key(value: AxisValue) -> tuple[int, int, str]:
    if value is None:
        return (0, 0, "")
    return (1, value, "") if isinstance(value, int) else (1, 0, value)


def _compact(values: npt.NDArray[np.float64]) -> Items:
    shares = as_shares(values)
    return values if shares is None else shares
