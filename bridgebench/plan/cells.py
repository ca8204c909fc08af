"""Task and choices to cells: which combinations there are, and whether the choices fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.cell import Axis, Cell, Parts
from bridgebench.interfaces.method import Method
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.interfaces.solver import Solver
from bridgebench.interfaces.transform import Chain
from bridgebench.isolation.calls import querying
from bridgebench.plan.answers import checked_method
from bridgebench.plan.choices import Choices
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build, build_chain, expand_all
from bridgebench.tasks.task_file import Combination, Protocol, TaskFile

T = TypeVar("T")

_KINDS = {
    Axis.SOURCE_SCORE: Kind.SCORE,
    Axis.TARGET_SCORE: Kind.SCORE,
    Axis.SOLVER: Kind.SOLVER,
    Axis.TRANSFORM: Kind.TRANSFORM,
}


@dataclass(frozen=True)
class _Use:
    """A combination that a method is used in, the first of its own or a further one."""

    method: Method
    part: Combination
    further: bool


@dataclass(frozen=True)
class Combiner:
    """Makes the cells that the choices ask of a task."""

    registry: Registry
    task: TaskFile
    protocol: Protocol
    choices: Choices

    def methods(self) -> tuple[Method, ...]:
        """The methods, each once, in the order asked for."""
        return self._methods(self._specs(Kind.METHOD, self.choices.method, self.task.methods))

    def cells(self) -> Iterator[Cell]:
        """All cells, each once: seeds outermost, then methods, then the order of the task."""
        methods = self.methods()
        self._check_used(methods)
        for index, part in enumerate(self.task.also):
            self._check_own(index, part)
        cells = (
            cell
            for seed, method in product(self.seeds(), methods)
            for cell in self.cells_of(method, seed)
        )
        yield from dict.fromkeys(cells)

    def cells_of(self, method: Method, seed: int) -> Iterator[Cell]:
        """The cells of a method at a seed, as the task combines it or one of its name."""
        for use in self._uses_of(method):
            yield from self._combined(seed, use)

    def seeds(self) -> tuple[int, ...]:
        """The seeds, each once."""
        return tuple(dict.fromkeys(self.choices.seed or self.protocol.seeds))

    def _methods(self, specs: Sequence[str]) -> tuple[Method, ...]:
        return _distinct(
            checked_method(build(self.registry, Kind.METHOD, Method, spec)) for spec in specs
        )

    def _uses_of(self, method: Method) -> tuple[_Use, ...]:
        """The combinations that name this very method, or else the first with one of its name.

        A method of other options than the task's is so combined as the task combines its own.
        """
        named = [(part, self._methods(part.method)) for part in self.task.combinations]
        same = tuple(part for part, its in named if method in its)
        alike = tuple(part for part, its in named if method.name in {one.name for one in its})
        parts = same or alike[:1] or self.task.combinations[:1]
        return tuple(_Use(method, part, further=part is not parts[0]) for part in parts)

    def _combined(self, seed: int, use: _Use) -> Iterator[Cell]:
        """The cells of a method in a combination."""
        axes, scores = self.task.axes, self.task.scores_of(use.method.name)
        for source, target, solver, budget, chain in product(
            self._on(use, Axis.SOURCE_SCORE, self._score_model, scores.source),
            self._on(use, Axis.TARGET_SCORE, self._score_model, scores.target),
            self._on(use, Axis.SOLVER, self._solver, axes.solver),
            self._budgets(use.method),
            self._on(use, Axis.TRANSFORM, self._chain, axes.transform),
        ):
            if solver is not None and budget is not None:
                with querying(f"solver '{solver.name}'"):
                    solver.intervals(budget)
            yield Cell(use.method, Parts(source, target, solver, budget, chain), seed)

    def _on(
        self, use: _Use, axis: Axis, make: Callable[[str], T], rest: Sequence[str]
    ) -> tuple[T | None, ...]:
        """The values on an axis: what was chosen, or what the combination names, or else `rest`.

        A further combination keeps what it names as far as that was chosen, and has no cells where
        it was not: it is a few rows beside those of the first, which no choice makes as many.
        """
        if axis not in use.method.axes:
            return (None,)
        named: Sequence[str] | None = getattr(use.part, axis)
        values = _distinct(make(spec) for spec in self._chosen(axis, named or rest))
        if named and use.further:
            return tuple(value for value in _distinct(map(make, named)) if value in values)
        if not values:
            raise InvalidOption(
                f"method '{use.method.name}' needs a {axis}, and the task names none; "
                f"give {axis}=NAME"
            )
        return values

    def _budgets(self, method: Method) -> tuple[int | None, ...]:
        if Axis.NFE not in method.axes:
            return (None,)
        return tuple(dict.fromkeys(self.choices.nfe or self.protocol.nfe))

    def _chosen(self, axis: Axis, own: Sequence[str]) -> tuple[str, ...]:
        kind = _KINDS[axis]
        both_sides = self.choices.score if kind is Kind.SCORE else None
        return self._specs(kind, getattr(self.choices, axis) or both_sides, own)

    def _specs(
        self, kind: Kind, chosen: Sequence[str] | None, own: Sequence[str]
    ) -> tuple[str, ...]:
        if chosen is None:
            return tuple(own)
        out: list[str] = []
        for spec in chosen:
            out += expand_all(self.registry, kind, own) if spec == "all" else (spec,)
        return tuple(out)

    def _score_model(self, spec: str) -> ScoreModel:
        return build(self.registry, Kind.SCORE, ScoreModel, spec)

    def _solver(self, spec: str) -> Solver:
        return build(self.registry, Kind.SOLVER, Solver, spec)

    def _chain(self, spec: str) -> Chain:
        return build_chain(self.registry, spec)

    def _check_own(self, index: int, part: Combination) -> None:
        methods = self._methods(part.method)
        used = frozenset(axis for method in methods for axis in method.axes)
        named = {axis: getattr(part, axis) for axis in Axis if axis is not Axis.NFE}
        for axis, values in named.items():
            if values is not None and axis not in used:
                raise InvalidOption(
                    f"task {self.task.name}: also.{index} names a {axis}, but none of its methods "
                    f"uses one: {', '.join(part.method)}; leave it out"
                )

    def _check_used(self, methods: Sequence[Method]) -> None:
        used = frozenset(axis for method in methods for axis in method.axes)
        names = ", ".join(method.name for method in methods)
        for axis in Axis:
            if axis not in used and getattr(self.choices, axis) is not None:
                raise InvalidOption(
                    f"{axis}= was given, but none of the chosen methods uses it: {names}; "
                    "leave it out or choose another method"
                )
        if self.choices.score is not None and not used & {Axis.SOURCE_SCORE, Axis.TARGET_SCORE}:
            raise InvalidOption(
                f"score= was given, but none of the chosen methods uses a score model: {names}"
            )


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
