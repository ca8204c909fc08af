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
from bridgebench.plan.choices import Choices
from bridgebench.registry import Kind, Registry
from bridgebench.specs import build, build_chain, expand_all
from bridgebench.taskfile import Protocol, TaskFile

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
        specs = self._specs(Kind.METHOD, self.choices.method, self.task.axes.method)
        return _distinct(build(self.registry, Kind.METHOD, Method, spec) for spec in specs)

    def cells(self) -> Iterator[Cell]:
        """All cells: seeds outermost, then methods; combinations in the order of the task."""
        methods = self.methods()
        self._check_used(methods)
        solvers = _distinct(
            build(self.registry, Kind.SOLVER, Solver, spec)
            for spec in self._specs(Kind.SOLVER, self.choices.solver, self.task.axes.solver)
        )
        chains = _distinct(
            build_chain(self.registry, spec)
            for spec in self._specs(
                Kind.TRANSFORM, self.choices.transform, self.task.axes.transform
            )
        )
        nfe = self.choices.nfe or self.protocol.nfe
        for seed, method in product(self.seeds(), methods):
            sources, targets = self._scores(method)
            for source, target, solver, budget, chain in product(
                _on(method, Axis.SOURCE_SCORE, sources),
                _on(method, Axis.TARGET_SCORE, targets),
                _on(method, Axis.SOLVER, solvers),
                _on(method, Axis.NFE, tuple(dict.fromkeys(nfe))),
                _on(method, Axis.TRANSFORM, chains),
            ):
                if solver is not None and budget is not None:
                    solver.intervals(budget)
                yield Cell(method, source, target, solver, budget, chain, seed)

    def seeds(self) -> tuple[int, ...]:
        """The seeds, each once."""
        return tuple(dict.fromkeys(self.choices.seed or self.protocol.seeds))

    def _specs(
        self, kind: Kind, chosen: Sequence[str] | None, own: Sequence[str]
    ) -> tuple[str, ...]:
        if chosen is None:
            return tuple(own)
        out: list[str] = []
        for spec in chosen:
            out += expand_all(self.registry, kind, own) if spec == "all" else (spec,)
        return tuple(out)

    def _scores(self, method: Method) -> tuple[tuple[ScoreModel, ...], tuple[ScoreModel, ...]]:
        own = self.task.scores_of(method.name)
        both = self.choices.score
        return (
            self._score_models(self.choices.source_score or both, own.source),
            self._score_models(self.choices.target_score or both, own.target),
        )

    def _score_models(
        self, chosen: Sequence[str] | None, own: Sequence[str]
    ) -> tuple[ScoreModel, ...]:
        specs = self._specs(Kind.SCORE, chosen, own)
        return _distinct(build(self.registry, Kind.SCORE, ScoreModel, spec) for spec in specs)

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
