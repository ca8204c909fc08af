"""What a worker is given at once: a group of cells, or parts of a large one after its encode."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise

from bridgebench.plan.model import Group, Plan, evaluations

SLICES_A_WORKER = 4
"""A group larger than this fraction of a worker's share of the work is cut: all end together."""


@dataclass(frozen=True)
class Unit:
    """Cells of one group.

    group   its number in the plan
    cells   the identities of the cells
    parts   above 1: the shared stages come first, then the cells in so many parts
    deaths  how many workers have died of it
    """

    group: int
    cells: tuple[str, ...]
    parts: int = 1
    deaths: int = 0

    def slices(self) -> tuple[Unit, ...]:
        """The parts, of equal size to one cell."""
        size, longer = divmod(len(self.cells), self.parts)
        ends = [part * size + min(part, longer) for part in range(self.parts + 1)]
        return tuple(Unit(self.group, self.cells[start:end]) for start, end in pairwise(ends))

    def without(self, cells: Collection[str]) -> Unit:
        """What is left of it when some cells have ended."""
        return replace(self, cells=tuple(cell for cell in self.cells if cell not in cells))


def units_of(plan: Plan, missing: Collection[str], workers: int) -> tuple[Unit, ...]:
    """The cells that are missing, in units.

    In the order of the plan for one worker; for several seed by seed, in each the most work first.

    Args:
        plan: all cells.
        missing: identities of the cells to run.
        workers: how many share the work.
    """
    units = [
        Unit(index, cells)
        for index, group in enumerate(plan.groups)
        if (cells := tuple(each.identity for each in group.cells if each.identity in missing))
    ]
    if workers == 1:
        return tuple(units)
    work = [_work(group, missing) for group in plan.groups]
    share = max(1, sum(work) // (workers * SLICES_A_WORKER))
    seeds = {seed: place for place, seed in enumerate(plan.seeds)}
    units.sort(key=lambda unit: (seeds[plan.groups[unit.group].seed], -work[unit.group]))
    return tuple(
        replace(unit, parts=min(len(unit.cells), -(-work[unit.group] // share)))
        if plan.groups[unit.group].shared
        else unit
        for unit in units
    )


def after_death(
    unit: Unit, finished: Collection[str], retries: int
) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """What to do again after a worker died of a unit, and which of its cells are lost.

    Cells are tried again as they were `retries` times. After that each is tried alone, because it
    is not known which of them kills; one that kills when it is alone is lost, and so are all that
    wait for shared stages that kill.

    >>> after_death(Unit(0, ("a", "b")), ["a"], retries=1)
    ((Unit(group=0, cells=('b',), parts=1, deaths=1),), ())
    >>> after_death(Unit(0, ("b",), deaths=1), [], retries=1)
    ((), ('b',))
    """
    left = unit.without(finished)
    deaths = unit.deaths + 1
    if deaths <= retries:
        return ((replace(left, deaths=deaths),) if left.cells else ()), ()
    if unit.parts > 1 or len(left.cells) <= 1:
        return (), left.cells
    return tuple(Unit(unit.group, (cell,), deaths=retries) for cell in left.cells), ()


def _work(group: Group, missing: Collection[str]) -> int:
    """Evaluations an image, and one more a cell for its scoring."""
    return evaluations(group, missing) + sum(cell.identity in missing for cell in group.cells)
