"""Methods: carry a batch of source images into the target domain."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from bridgebench.errors import PluginError
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.plugin import Plugin
from bridgebench.toolkit.randomness import Draw

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench.interfaces.score_model import Denoiser, ScoreModel
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


class Supervision(StrEnum):
    """What a method was given about the images that it carries.

    none       nothing but the source image
    unpaired   images of the target domain
    labels     the classes of images, too
    attribute  the attribute of each source image that is scored, such as its hue
    paired     source images with their true targets
    oracle     what no method has: the answer, or real target images made to fit the source
    """

    NONE = "none"
    UNPAIRED = "unpaired"
    LABELS = "labels"
    ATTRIBUTE = "attribute"
    PAIRED = "paired"
    ORACLE = "oracle"


@dataclass(frozen=True)
class Setting:
    """What a task says about its domains.

    source       the domain that the source images come from
    unconditional  the domain to ask of a score model for a source image whose label is not used
    class_domains  the narrowest domains that source images belong to
    target       the domain to carry them into
    shape        (C, H, W) of an image, (d,) of a vector
    low, high    the range of the items, infinite where there is no bound; outputs are held to it
    """

    source: str
    unconditional: str
    class_domains: tuple[str, ...]
    target: str
    shape: tuple[int, ...]
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Cell:
    """One combination at one seed; an axis that its method does not use is None."""

    method: Method
    source_score: ScoreModel | None
    target_score: ScoreModel | None
    solver: Solver | None
    nfe: int | None
    transform: Chain | None
    seed: int

    def resolved(self) -> dict[str, Any]:
        """Every option of every part, defaults included, as JSON values."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {"nfe": parts.pop("nfe"), "seed": parts.pop("seed")}
        return {k: None if v is None else v.resolved() for k, v in parts.items()} | plain


def needed(value: T | None, axis: Axis) -> T:
    """What a cell has on an axis that its method uses, such as needed(cell.solver, Axis.SOLVER).

    PluginError where it has nothing there: the method does not name the axis among its own.
    """
    if value is None:
        raise PluginError(
            f"a method needs a {axis}, but its cell has none; name Axis.{axis.name} among its axes"
        )
    return value


@dataclass(frozen=True)
class Stage:
    """A step of a cell whose result other cells may share.

    name         what it is called in a plan, such as "encode"
    decided_by   all that decides its result, as JSON values; the runner adds the items, the
                 precision and the version of the method
    evaluations  how many network evaluations an image are expected; for the plan and the progress
                 bar alone, as the row counts them
    made_by      the plugins besides the method whose versions decide it: a score model, a solver
    whole_run    whether the result for a batch depends on which other items the run has, as it does
                 where `context.permuted` is asked; the runner then adds how many these are
    """

    name: str
    decided_by: Mapping[str, Any]
    evaluations: int
    made_by: tuple[Plugin, ...] = ()
    whole_run: bool = False


@dataclass(frozen=True)
class Batch:
    """Source images to translate together.

    images   (B, C, H, W) float32 on the run's device
    ids      their item ids
    domains  the narrowest domain of each
    draw     their random numbers
    """

    images: Tensor
    ids: tuple[str, ...]
    domains: tuple[str, ...]
    draw: Draw


@dataclass(frozen=True)
class Variant:
    """A cell to translate a batch for, with the result of its last shared stage."""

    cell: Cell
    shared: Tensor | None


@dataclass(frozen=True)
class Translation:
    """The outputs of one variant for one batch.

    images   (B, C, H, W), in the range of the task's items
    latent   (B, C, H, W) unit latent as encoded, or None: for the picture and `latent_std`
    changed  the latent as the transform left it, or None: for the picture
    """

    images: Tensor
    latent: Tensor | None = None
    changed: Tensor | None = None


@dataclass(frozen=True)
class Failure:
    """Why a variant has no outputs."""

    reason: str
    traceback: str = ""


class Context(Protocol):
    """What the runner lends to a method."""

    @property
    def setting(self) -> Setting:
        """The task's domains."""

    @property
    def device(self) -> torch.device:
        """Where the images are and the networks run."""

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        """The denoiser of a batch, one domain an image; each evaluation is counted."""

    def permuted(self, batch: Batch) -> Batch:
        """The partners of a batch: for each item another source image of the run, each used once.

        The same as those of the chance columns, with ids, domains and draws of their own. A stage
        that asks for them says `whole_run`. InvalidOption for a run of one image.
        """

    def real_targets(self) -> Items:
        """All real images of the target domain in the split that no metric takes as reference."""


class Method(Plugin, ABC):
    """A bridge.

    A method that says nothing about its stages is one stage, `translate`. One that shares work
    between cells overrides `stages` and `share`: the runner computes each shared stage once, feeds
    it to the next one, and gives the last result to `translate` with each variant.
    """

    axes: ClassVar[frozenset[Axis]] = frozenset()
    """The axes that it uses; a value on any other is an error."""

    sees_items: ClassVar[bool] = False
    """Whether `check_items` is called before a run."""

    made_elsewhere: ClassVar[bool] = False
    """Whether its outputs are read and not made: computing a row again then scores them again, and
    shows nothing of how they were made."""

    family: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    """BibTeX."""
    license: ClassVar[str] = ""

    @property
    def supervision(self) -> Supervision:
        """What it was given: a class variable, or a property where an option says it."""
        return Supervision.NONE

    @property
    def baseline(self) -> bool:
        """Whether it is a baseline or a control, which has no rank, tie group or Pareto mark.

        A class variable, or a property where an option says it.
        """
        return False

    def files(self) -> Mapping[str, str]:
        """File name to sha256 of what it reads: weights of its own, say.

        Part of each row and of what decides a cell; IntegrityError for a file that is missing or
        damaged. Score models and solvers answer for theirs.
        """
        return {}

    def check_items(self, cell: Cell, ids: Sequence[str], setting: Setting) -> None:
        """Look at the ids of all source items before a run of a method that `sees_items`.

        A BridgebenchError, one line, where it cannot carry these items.
        """

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The domains that it will ask of the score models; checked before anything runs."""
        return ()

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Why this combination cannot be run, or "": its row is then `skipped` with the reason."""
        return ""

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The shared stages of a cell in order, and its own stage last."""
        return (Stage("translate", cell.resolved(), 0),)

    def share(
        self, stage: Stage, cell: Cell, batch: Batch, previous: Tensor | None, context: Context
    ) -> Tensor:
        """The result of a shared stage for a batch, first dimension B.

        `previous` is the result of the stage before it. Called for every stage but the last.
        """
        raise NotImplementedError(
            f"method {self.name} names the shared stage {stage.name} but has no share()"
        )

    @abstractmethod
    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation | Failure]:
        """Translate a batch for each variant: one Translation or Failure each, in their order.

        The variants of a call are cells of this very method, with its options, that differ in
        their transform alone; the cost of the call is divided equally between their rows. Where it
        raises, each is asked for by itself.
        """

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: Context
    ) -> Tensor | None:
        """Carry outputs back to the source domain, (B, C, H, W), or None if it cannot.

        Called where a metric that needs it was asked for by name.
        """
        return None
