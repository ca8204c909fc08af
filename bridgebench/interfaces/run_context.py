"""The run context: what the runner provides to a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from bridgebench.interfaces.cell import Setting
    from bridgebench.interfaces.dataset import Items, ItemStream
    from bridgebench.interfaces.method import Batch, Network
    from bridgebench.interfaces.score_model import Denoiser, ScoreModel


class RunContext(Protocol):
    """What the runner provides to a method."""

    @property
    def setting(self) -> Setting:
        """The task's domains."""

    @property
    def device(self) -> torch.device:
        """Where the images are and the networks run."""

    @property
    def fitted(self) -> Mapping[str, Tensor]:
        """What `fit` returned, on the run's device; empty for a method that is not fitted."""

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        """The denoiser of a batch, one domain an image; its evaluations are counted."""

    def network(self, name: str) -> Network:
        """One of the method's own networks; its evaluations are counted."""

    def permuted(self, batch: Batch) -> Batch:
        """The partners of a batch: for each item another source image of the run, each used once.

        The same as those of the chance columns, with ids, domains and draws of their own. A stage
        that uses them declares `whole_run`. InvalidOption for a run of one image.
        """

    def training(self, domain: str) -> ItemStream:
        """The images of a domain in the training split, which is never the one evaluated.

        PluginError for a domain that the method does not name in `training_domains`.
        """

    def training_pairs(self, size: int) -> Iterator[tuple[Items, Tensor]]:
        """Training items of the source domain with their true targets, in batches of `size`.

        InvalidOption where the dataset has no pairs for the task.
        """

    def held_out_targets(self) -> ItemStream:
        """The real images of the target domain in the split that no metric uses as reference."""
