"""Cells: one combination of a method and what it is used with, at one seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from bridgebench.errors import PluginError

if TYPE_CHECKING:
    from bridgebench.interfaces.method import Method
    from bridgebench.interfaces.score_model import ScoreModel
    from bridgebench.interfaces.solver import Solver
    from bridgebench.interfaces.transform import Chain

T = TypeVar("T")


class Axis(StrEnum):
    """What a method can be combined with."""

    SOURCE_SCORE = "source_score"
    TARGET_SCORE = "target_score"
    SOLVER = "solver"
    NFE = "nfe"
    TRANSFORM = "transform"


@dataclass(frozen=True)
class Setting:
    """What a task says about its domains.

    source         the domain that the source images come from
    unconditional  the domain of a score model for a source image whose class is not used
    class_domains  the classes that source images belong to, each a domain
    target         the domain to carry them into
    shape          (C, H, W) of an image, (d,) of a vector
    low, high      the range of the items, infinite where there is no bound; also that of outputs
    """

    source: str
    unconditional: str
    class_domains: tuple[str, ...]
    target: str
    shape: tuple[int, ...]
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Parts:
    """The values on a cell's axes; None on an axis that its method does not use."""

    source_score: ScoreModel | None = None
    target_score: ScoreModel | None = None
    solver: Solver | None = None
    nfe: int | None = None
    transform: Chain | None = None

    def resolved(self) -> dict[str, Any]:
        """Every option of every part, defaults included, as JSON values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        nfe = values.pop("nfe")
        return {k: None if v is None else v.resolved() for k, v in values.items()} | {"nfe": nfe}


@dataclass(frozen=True)
class Stage:
    """A step before the translation, whose result all cells with equal inputs share.

    What decides the result is declared by field, and a stage gets nothing else: its cell has only
    the axes named here, and its method only the options named here. The runner adds the items, the
    seed, the precision, the weights and the code.

    name         what a plan calls it, such as "encode"
    axes         the axes that it uses
    image_stage  whether it uses the image stage of the transform, and not the latent stage
    options      the options of the method that it uses
    evaluations  the expected network evaluations of an image, for the plan and the progress bar;
                 those of a row are counted
    whole_run    whether the result of a batch depends on the other items of the run, as with
                 `context.permuted`
    """

    name: str
    axes: tuple[Axis, ...] = ()
    image_stage: bool = False
    options: tuple[str, ...] = ()
    evaluations: int = 0
    whole_run: bool = False


@dataclass(frozen=True)
class Cell:
    """One combination at one seed.

    `cell.solver` and the other axes are values, or PluginError where the method, or the stage that
    is being computed, did not declare the axis.

    >>> from bridgebench.interfaces.method import Method
    >>> class Map(Method):
    ...     "A map."
    ...     name = "map"
    ...     def translate(self, cell, batch, shared, context): ...
    >>> Cell(Map(), Parts(nfe=10)).nfe
    10
    >>> Cell(Map(), Parts(nfe=10)).solver
    Traceback (most recent call last):
    bridgebench.errors.PluginError: method 'map' uses a solver, but its `axes` do not name \
Axis.SOLVER; add it
    """

    method: Method
    parts: Parts = Parts()
    seed: int = 0
    stage: str = ""

    @property
    def source_score(self) -> ScoreModel:
        """The score model of the source side."""
        return self._declared(self.parts.source_score, Axis.SOURCE_SCORE)

    @property
    def target_score(self) -> ScoreModel:
        """The score model of the target side."""
        return self._declared(self.parts.target_score, Axis.TARGET_SCORE)

    @property
    def solver(self) -> Solver:
        """The solver."""
        return self._declared(self.parts.solver, Axis.SOLVER)

    @property
    def nfe(self) -> int:
        """The network evaluations of an image in each direction."""
        return self._declared(self.parts.nfe, Axis.NFE)

    @property
    def transform(self) -> Chain:
        """The transform."""
        return self._declared(self.parts.transform, Axis.TRANSFORM)

    def resolved(self) -> dict[str, Any]:
        """Every option of every part, defaults included, as JSON values."""
        return {"method": self.method.resolved(), **self.parts.resolved(), "seed": self.seed}

    def for_stage(self, stage: Stage) -> Cell:
        """What a stage gets of the cell: the axes and options that it declares.

        PluginError for an option that the method does not have.
        """
        kept: dict[str, Any] = {axis.value: getattr(self.parts, axis) for axis in stage.axes}
        if stage.image_stage and self.parts.transform is not None:
            kept["transform"] = self.parts.transform.image_stage
        return Cell(_with_options(self.method, stage), Parts(**kept), self.seed, stage.name)

    def _declared(self, value: T | None, axis: Axis) -> T:
        if value is not None:
            return value
        where = f"its stage '{self.stage}' does not" if self.stage else "its `axes` do not"
        raise PluginError(
            f"method '{self.method.name}' uses a {axis}, but {where} name Axis.{axis.name}; add it"
        )


@contextmanager
def naming_options(cell: Cell) -> Iterator[None]:
    """Around a stage of a cell: PluginError for an option that the stage uses undeclared."""
    try:
        yield
    except AttributeError as error:
        if error.name not in type(cell.method).model_fields:
            raise
        raise PluginError(
            f"method '{cell.method.name}' uses the option '{error.name}' in its stage "
            f"'{cell.stage}', whose options do not name it; add it"
        ) from error


def _with_options(method: Method, stage: Stage) -> Method:
    """The method with no other option than those that the stage names."""
    known = type(method).model_fields
    for option in stage.options:
        if option not in known:
            raise PluginError(
                f"method '{method.name}' has no option '{option}', which its stage "
                f"'{stage.name}' names; its options: {', '.join(known) or 'none'}"
            )
    limited = method.model_copy()
    for option in known.keys() - set(stage.options):
        del limited.__dict__[option]
    return limited
