"""Task and choices to cells: which combinations there are, and whether the choices fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.method import Axis, Cell, Method
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.interfaces.solver import Solver
from bridgebench.interfaces.transform import Chain
from bridgebench.plan.choices import Choices
from bridgebench.registry import Kind, Registry
from bridgebench.specs import build, build_chain, expand_all
from bridgebench.taskfile import Combination, Protocol, TaskFile

T = TypeVar("T")


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
            for part in self._combinations_of(method)
            for cell in self._combined(seed, method, part)
        )
        yield from dict.fromkeys(cells)

    def seeds(self) -> tuple[int, ...]:
        """The seeds, each once."""
        return tuple(dict.fromkeys(self.choices.seed or self.protocol.seeds))

    def _methods(self, specs: Sequence[str]) -> tuple[Method, ...]:
        return _distinct(build(self.registry, Kind.METHOD, Method, spec) for spec in specs)

    def _combinations_of(self, method: Method) -> tuple[Combination, ...]:
        """Those of the task that name this very method, or else the first with one of its name.

        A method of other options than the task's is so combined as the task combines its own.
        """
        named = [(part, self._methods(part.method)) for part in self.task.combinations]
        same = tuple(part for part, its in named if method in its)
        alike = tuple(part for part, its in named if method.name in {one.name for one in its})
        return same or alike[:1] or self.task.combinations[:1]

    def _combined(self, seed: int, method: Method, part: Combination) -> Iterator[Cell]:
        """The cells of a method in a combination; what was chosen goes before what it names."""
        choices, axes = self.choices, self.task.axes
        own = self.task.scores_of(method.name)
        sources = self._score_models(choices.source_score, part.source_score or own.source)
        targets = self._score_models(choices.target_score, part.target_score or own.target)
        solvers = self._specs(Kind.SOLVER, choices.solver, part.solver or axes.solver)
        chains = self._specs(Kind.TRANSFORM, choices.transform, part.transform or axes.transform)
        for source, target, solver, budget, chain in product(
            _on(method, Axis.SOURCE_SCORE, sources),
            _on(method, Axis.TARGET_SCORE, targets),
            _on(method, Axis.SOLVER, self._solvers(solvers)),
            _on(method, Axis.NFE, tuple(dict.fromkeys(choices.nfe or self.protocol.nfe))),
            _on(method, Axis.TRANSFORM, self._chains(chains)),
        ):
            if solver is not None and budget is not None:
                solver.intervals(budget)
            yield Cell(method, source, target, solver, budget, chain, seed)

    def _specs(
        self, kind: Kind, chosen: Sequence[str] | None, own: Sequence[str]
    ) -> tuple[str, ...]:
        if chosen is None:
            return tuple(own)
        out: list[str] = []
        for spec in chosen:
            out += expand_all(self.registry, kind, own) if spec == "all" else (spec,)
        return tuple(out)

    def _score_models(
        self, chosen: Sequence[str] | None, own: Sequence[str]
    ) -> tuple[ScoreModel, ...]:
        specs = self._specs(Kind.SCORE, chosen or self.choices.score, own)
        return _distinct(build(self.registry, Kind.SCORE, ScoreModel, spec) for spec in specs)

    def _solvers(self, specs: Sequence[str]) -> tuple[Solver, ...]:
        return _distinct(build(self.registry, Kind.SOLVER, Solver, spec) for spec in specs)

    def _chains(self, specs: Sequence[str]) -> tuple[Chain, ...]:
        return _distinct(build_chain(self.registry, spec) for spec in specs)

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


def _distinct(values: Iterator[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _on(method: Method, axis: Axis, values: tuple[T, ...]) -> tuple[T | None, ...]:
    if axis not in method.axes:
        return (None,)
    if not values:
        raise InvalidOption(
            f"method '{method.name}' needs a {axis}, and the task names none; give {axis}=NAME"
        )
    return values
