"""What a worker is given at once: a group of cells, or parts of a large one after its encode."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bridgebench.plan.model import Group, PlannedCell

SLICES_A_WORKER = 4
"""A group larger than this fraction of a worker's share of the work is cut: all end together."""


@dataclass(frozen=True)
class Unit:
    """Cells of one group.

    group    its number in the plan
    cells    the identities of the cells
    parts    above 1: the shared stages come first, then the cells in so many parts
    deaths   how many workers have died of it
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


def units_of(groups: Sequence[Group], missing: Collection[str], workers: int) -> tuple[Unit, ...]:
    """The cells that are missing, in units: seed by seed, in each the most work first.

    Args:
        groups: of the plan.
        missing: identities of the cells to run.
        workers: how many share the work.
    """
    todo = [
        (index, group, tuple(cell for cell in group.cells if cell.identity in missing))
        for index, group in enumerate(groups)
    ]
    todo = [(index, group, cells) for index, group, cells in todo if cells]
    total = sum(_work(group, cells) for _, group, cells in todo)
    share = total / (workers * SLICES_A_WORKER)
    todo.sort(key=lambda entry: (groups_seed(groups, entry[1]), -_work(entry[1], entry[2])))
    return tuple(
        Unit(index, tuple(cell.identity for cell in cells), _parts(group, cells, share, workers))
        for index, group, cells in todo
    )


def groups_seed(groups: Sequence[Group], group: Group) -> int:
    """The place of a group's seed among the seeds of the plan."""
    return list(dict.fromkeys(each.seed for each in groups)).index(group.seed)


def after_death(
    unit: Unit, finished: Collection[str], retries: int
) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """What to do again after a worker died of a unit, and which of its cells are lost.

    Cells are tried together again `retries` times. After that each is tried alone, because it is
    not known which of them kills; one that kills when it is alone is lost, and so are all that
    wait for shared stages that kill.

    >>> after_death(Unit(0, ("a", "b")), ["a"], retries=1)
    ((Unit(group=0, cells=('b',), parts=1, deaths=1),), ())
    >>> after_death(Unit(0, ("b",), deaths=1), [], retries=1)
    ((), ('b',))
    """
    left = tuple(cell for cell in unit.cells if cell not in finished)
    deaths = unit.deaths + 1
    if deaths <= retries:
        again = (replace(unit, cells=left, deaths=deaths),) if left else ()
        return again, ()
    if unit.parts > 1 or len(left) <= 1:
        return (), left
    return tuple(Unit(unit.group, (cell,), deaths=retries) for cell in left), ()


def _work(group: Group, cells: Sequence[PlannedCell]) -> int:
    """Evaluations an image, and one more a cell for its scoring."""
    own = sum(cell.own.evaluations + 1 for cell in cells if not cell.skip)
    return own + sum(stage.evaluations for stage, _ in group.shared)


def _parts(group: Group, cells: Sequence[PlannedCell], share: float, workers: int) -> int:
    runnable = sum(not cell.skip for cell in cells)
    if workers == 1 or not group.shared or runnable < 2 or share <= 0:
        return 1
    return min(runnable, -(-_work(group, cells) // max(1, int(share))))
