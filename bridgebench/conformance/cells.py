"""Cells to try a method with: one combination of its task, and its neighbors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from bridgebench.conformance.check import ConformanceError
from bridgebench.conformance.plugin import other_values
from bridgebench.errors import BudgetError
from bridgebench.interfaces.cell import Axis, Cell
from bridgebench.interfaces.method import Method
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.interfaces.solver import Solver
from bridgebench.interfaces.transform import Chain
from bridgebench.plugins.registry import Kind
from bridgebench.plugins.specs import build, build_chain

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.conformance.bench import Bench, Loan
    from bridgebench.execute.cell import Failure
    from bridgebench.interfaces.method import Batch, Translation

T = TypeVar("T")

SEED = 0
BUDGETS = range(4, 65)


@dataclass(frozen=True)
class Choice:
    """What the task offers on each axis; (None,) on one that the method does not use."""

    sources: Sequence[ScoreModel | None]
    targets: Sequence[ScoreModel | None]
    solvers: Sequence[Solver | None]
    chains: Sequence[Chain | None]


def cell_of(method: Method, bench: Bench) -> Cell:
    """The first combination of the task that the method can be run with, at a small budget."""
    choice = _choice(method, bench)
    reasons = []
    for source, target, solver, chain in product(
        choice.sources, choice.targets, choice.solvers, choice.chains
    ):
        budget = _budgets(solver)[0] if Axis.NFE in method.axes else None
        cell = Cell(method, source, target, solver, budget, chain, SEED)
        reason = method.skip_reason(cell, bench.setting)
        if not reason:
            return cell
        reasons.append(reason)
    raise ConformanceError(
        f"a combination of task {bench.task.name} that the method can be run with",
        f"'{reasons[0]}' for the first of {len(reasons)}; give another task",
    )


def neighbors(cell: Cell, bench: Bench) -> Iterator[Cell]:
    """Cells that differ from `cell` in one axis or one option, and can be run."""
    for other in _different(cell, bench):
        if not other.method.skip_reason(other, bench.setting):
            yield other


def shared_result(cell: Cell, batch: Batch, bench: Bench, context: Loan) -> Tensor | None:
    """What the shared stages of a cell give for a batch, one after the other."""
    result = None
    for stage in cell.method.stages(cell, bench.setting)[:-1]:
        result = cell.method.share(stage, cell, batch, result, context)
    return result


def translated(
    cells: Sequence[Cell], batch: Batch, bench: Bench, context: Loan
) -> Sequence[Translation | Failure]:
    """Translations of a batch, for cells that share their shared stages."""
    shared = shared_result(cells[0], batch, bench, context)
    variants = [Variant(cell, shared) for cell in cells]
    return cells[0].method.translate(batch, variants, context)


def _different(cell: Cell, bench: Bench) -> Iterator[Cell]:
    choice = _choice(cell.method, bench)
    yield from (replace(cell, source_score=other) for other in choice.sources)
    yield from (replace(cell, target_score=other) for other in choice.targets)
    yield from (replace(cell, transform=other) for other in _telling(choice.chains))
    for solver in choice.solvers:
        budget = _budgets(solver)[0] if cell.nfe is not None else None
        yield replace(cell, solver=solver, nfe=budget)
    if cell.nfe is not None:
        yield replace(cell, nfe=_budgets(cell.solver)[1])
    for other in other_values(cell.method):
        if isinstance(other, Method):
            yield replace(cell, method=other)
    for option in _other_scores(cell.source_score):
        yield replace(cell, source_score=option)
    for option in _other_scores(cell.target_score):
        yield replace(cell, target_score=option)


def _other_scores(score: ScoreModel | None) -> list[ScoreModel]:
    others = other_values(score) if score is not None else ()
    return [other for other in others if isinstance(other, ScoreModel)]


def _choice(method: Method, bench: Bench) -> Choice:
    task, registry = bench.task, bench.registry
    scores = task.scores_of(method.name)

    def model(spec: str) -> ScoreModel:
        return build(registry, Kind.SCORE, ScoreModel, spec)

    def solver(spec: str) -> Solver:
        return build(registry, Kind.SOLVER, Solver, spec)

    def chain(spec: str) -> Chain:
        return build_chain(registry, spec)

    return Choice(
        sources=_on(method, Axis.SOURCE_SCORE, model, scores.source, bench),
        targets=_on(method, Axis.TARGET_SCORE, model, scores.target, bench),
        solvers=_on(method, Axis.SOLVER, solver, task.axes.solver, bench),
        chains=_on(method, Axis.TRANSFORM, chain, task.axes.transform, bench),
    )


def _on(
    method: Method, axis: Axis, make: Callable[[str], T], specs: Sequence[str], bench: Bench
) -> Sequence[T | None]:
    """What the task names on an axis, made only where the method uses it."""
    if axis not in method.axes:
        return (None,)
    if not specs:
        raise ConformanceError(
            f"a task that names a {axis}, which the method uses",
            f"task {bench.task.name} with none; give another task",
        )
    return [make(spec) for spec in specs]


def _telling(chains: Sequence[Chain | None]) -> list[Chain]:
    """The first chain that acts on the image, and the first that does not."""
    there = [chain for chain in chains if chain is not None]
    on_image = [chain for chain in there if chain.image_stage.links]
    others = [chain for chain in there[1:] if not chain.image_stage.links]
    return [*on_image[:1], *others[:1]]


def _budgets(solver: Solver | None) -> list[int]:
    """Two small budgets that the solver meets."""
    met = []
    for nfe in BUDGETS:
        try:
            if solver is not None:
                solver.intervals(nfe)
        except BudgetError:
            continue
        met.append(nfe)
    if len(met) < 2:
        raise ConformanceError(
            f"budgets from {BUDGETS[0]} to {BUDGETS[-1]} that can be met", "none"
        )
    return met[:2]
