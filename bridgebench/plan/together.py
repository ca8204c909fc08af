"""Which cells of a group go through the network together: those that differ in the latent alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby

from bridgebench.plan.model import Group, Plan, PlannedCell, evaluations


def most_together(batch: int, images: int, limit: float | None) -> int:
    """How many cells are translated by one call, at most.

    A batch holds images of several cells only where those of one do not fill it. A cell with a
    limit is translated alone, so that one that hangs costs no other.

    >>> most_together(batch=128, images=16, limit=None), most_together(128, 128, None)
    (8, 1)
    """
    return 1 if limit is not None else max(1, batch // images)


def sets_of(group: Group, most: int) -> tuple[tuple[PlannedCell, ...], ...]:
    """The cells of a group in sets of at most `most` to translate together.

    The cells of a set follow each other in the plan and differ in their transform alone, and each
    is expected to cost as much as the others. Sets follow from the plan and not from what is left
    to do: a batch of another size is added up in another order.
    """
    return tuple(
        tuple(alike[start : start + most])
        for alike in (list(run) for _, run in groupby(group.cells, key=_but_transform))
        for start in range(0, len(alike), most)
    )


def touched(group: Group, missing: Collection[str], most: int) -> Group:
    """The part of a group that has to be computed for the cells of some identities: whole sets."""
    sets = [each for each in sets_of(group, most) if any(c.identity in missing for c in each)]
    return Group(group.seed, group.shared, tuple(cell for each in sets for cell in each))


def evaluations_for(plan: Plan, missing: Collection[str]) -> int:
    """Network evaluations that the cells of some identities are expected to need."""
    groups = [touched(group, missing, plan.together) for group in plan.groups]
    return sum(evaluations(group) for group in groups if group.cells) * plan.padded_n


def _but_transform(planned: PlannedCell) -> Sequence[object]:
    cell = planned.cell
    networks = (cell.source_score, cell.target_score, cell.solver, cell.nfe)
    return (cell.method, *networks, planned.own.evaluations)
