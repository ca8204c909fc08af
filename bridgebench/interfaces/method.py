"""Methods: carry a batch of source images into the target domain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from bridgebench.interfaces.cell import Axis, Cell, Setting, Stage
from bridgebench.interfaces.plugin import Plugin
from bridgebench.toolkit.randomness import Draw

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench.interfaces.run_context import RunContext
    from bridgebench.interfaces.score_model import Precision, ScoreModel

Network = Callable[..., "Tensor"]
"""A network in memory: tensors to a tensor, the first of them (B, ...)."""

NetworkLoader = Callable[["torch.device", "Precision"], Network]
"""Loads a network of a method to a device, in a precision; IntegrityError for a bad file.

Equal loaders load equal networks, so that a run loads each once: a frozen data class with a path
is one, a lambda is not.
"""


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
class Batch:
    """Source images to translate together.

    images   (B, C, H, W) float32 on the run's device
    ids      their item ids
    domains  the class of each, as a domain
    draw     their random numbers
    """

    images: Tensor
    ids: tuple[str, ...]
    domains: tuple[str, ...]
    draw: Draw


@dataclass(frozen=True)
class Translation:
    """The outputs of a cell for a batch.

    images   (B, C, H, W), in the range of the task's items
    latent   (B, ...) as encoded, or None: for `latent_std` and, shaped as an image, the picture
    changed  the latent after the transform, or None: for the picture
    """

    images: Tensor
    latent: Tensor | None = None
    changed: Tensor | None = None


class Method(Plugin, ABC):
    """A bridge.

    Only `translate` is required. The runner calls a method under `torch.no_grad()`; one that
    differentiates through a network does so under `torch.enable_grad()`.

    What a run of a cell consists of, in order: `fit`, where `fit_stage` declares one; `run_stage`
    for each of `shared_stages`; `translate`. The results of the first two are computed once for
    all cells that declare equal inputs, and kept for later runs.
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

    def stochastic(self, cell: Cell) -> bool:
        """Whether a source item has different outputs under different random numbers.

        It can then be asked for several samples of each item, stages included.
        """
        return False

    def files(self) -> Mapping[str, str]:
        """File name to sha256 of what it reads: weights of its own, say.

        Part of each row and of what decides a cell; IntegrityError for a file that is missing or
        damaged. Score models and solvers answer for theirs.
        """
        return {}

    def networks(self) -> Mapping[str, NetworkLoader]:
        """The networks that it brings, by name; `context.network(name)` is one of them, loaded.

        Each is loaded once a run, and its evaluations are counted.
        """
        return {}

    def training_domains(self, setting: Setting) -> Sequence[str]:
        """The domains whose training images it uses; `context.training` gives no others."""
        return ()

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """The domains that it uses of score models; checked before anything runs."""
        return ()

    def check_items(self, cell: Cell, ids: Sequence[str], setting: Setting) -> None:
        """Look at the ids of all source items before a run of a method that `sees_items`.

        A BridgebenchError, one line, where it cannot carry these items.
        """

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Why this combination cannot be run, or "": its row is then `skipped` with the reason."""
        return ""

    def fit_stage(self, cell: Cell, setting: Setting) -> Stage | None:
        """What decides the fit of a method that is fitted in the run; None for any other."""
        return None

    def fit(self, cell: Cell, context: RunContext) -> Mapping[str, Tensor]:
        """Fit to training images, with gradients enabled; the result is `context.fitted`.

        Its seconds are reported apart from those of the translation.
        """
        raise NotImplementedError(f"method '{self.name}' declares a fit_stage but has no fit()")

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The stages before the translation whose results cells may share, in order."""
        return ()

    def run_stage(
        self, cell: Cell, batch: Batch, previous: Tensor | None, context: RunContext
    ) -> Tensor:
        """The result of the shared stage `cell.stage` for a batch, first dimension B.

        `previous` is the result of the stage before it. See `Stage` for what `cell` has.
        """
        raise NotImplementedError(
            f"method '{self.name}' declares the stage '{cell.stage}' but has no run_stage()"
        )

    def evaluations(self, cell: Cell) -> int:
        """The expected network evaluations of an image in `translate`; see `Stage`."""
        return 0

    @abstractmethod
    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Translate a batch; `shared` is the result of the last shared stage.

        An exception is the reason of a failed row.
        """

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: RunContext
    ) -> Tensor | None:
        """Carry outputs back to the source domain, (B, C, H, W), or None if it cannot.

        Called where a metric that needs it was asked for by name.
        """
        return None
