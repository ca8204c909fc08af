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

    group    its number in the plan
    sets     the identities of the cells, of those that are translated together in one tuple
    parts    above 1: the shared stages come first, then the sets in so many parts
    deaths   how many workers have died of it
    alone    each cell is translated by itself
    """

    group: int
    sets: tuple[tuple[str, ...], ...]
    parts: int = 1
    deaths: int = 0
    alone: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The identities of the cells."""
        return tuple(cell for each in self.sets for cell in each)

    def slices(self) -> tuple[Unit, ...]:
        """The parts, of equal size to one set."""
        size, longer = divmod(len(self.sets), self.parts)
        ends = [part * size + min(part, longer) for part in range(self.parts + 1)]
        return tuple(
            replace(self, sets=self.sets[start:end], parts=1, deaths=0)
            for start, end in pairwise(ends)
        )

    def without(self, finished: Collection[str]) -> Unit:
        """What is left of it when some cells have ended."""
        left = (tuple(cell for cell in each if cell not in finished) for each in self.sets)
        return replace(self, sets=tuple(each for each in left if each))


def units_of(plan: Plan, missing: Collection[str], workers: int) -> tuple[Unit, ...]:
    """The cells that are missing, in units: seed by seed, in each the most work first.

    Args:
        plan: all cells.
        missing: identities of the cells to run.
        workers: how many share the work.
    """
    work = [_work(group, missing) for group in plan.groups]
    share = sum(work) / (workers * SLICES_A_WORKER)
    seeds = {seed: place for place, seed in enumerate(plan.seeds)}
    units = []
    for index, group in enumerate(plan.groups):
        names = tuple((cell.identity,) for cell in group.cells)
        whole = Unit(index, names, alone=True)
        left = whole.without({cell.identity for cell in group.cells} - set(missing))
        if left.sets:
            units.append(replace(left, parts=_parts(group, left, work[index], share, workers)))
    units.sort(key=lambda unit: (seeds[plan.groups[unit.group].seed], -work[unit.group]))
    return tuple(units)


def after_death(
    unit: Unit, finished: Collection[str], retries: int
) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """What to do again after a worker died of a unit, and which of its cells are lost.

    Cells are tried again as they were `retries` times. After that each is tried alone, because it
    is not known which of them kills; one that kills when it is alone is lost, and so are all that
    wait for shared stages that kill.

    >>> after_death(Unit(0, (("a", "b"),)), ["a"], retries=1)
    ((Unit(group=0, sets=(('b',),), parts=1, deaths=1, alone=False),), ())
    >>> after_death(Unit(0, (("b",),), deaths=1, alone=True), [], retries=1)
    ((), ('b',))
    """
    left = unit.without(finished)
    deaths = unit.deaths + 1
    if deaths <= retries:
        return ((replace(left, deaths=deaths),) if left.sets else ()), ()
    if unit.parts > 1 or (unit.alone and len(left.cells) <= 1):
        return (), left.cells
    return tuple(Unit(unit.group, ((cell,),), 1, retries, alone=True) for cell in left.cells), ()


def _work(group: Group, missing: Collection[str]) -> int:
    """Evaluations an image, and one more a cell for its scoring."""
    return evaluations(group, missing) + sum(cell.identity in missing for cell in group.cells)


def _parts(group: Group, unit: Unit, work: int, share: float, workers: int) -> int:
    if workers == 1 or not group.shared or len(unit.sets) < 2 or share <= 0:
        return 1
    return min(len(unit.sets), -(-work // max(1, int(share))))
