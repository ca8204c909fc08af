"""Score models: families of denoisers, one for each domain that they know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from bridgebench.errors import UnknownName
from bridgebench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Precision = Literal["fp32", "bf16"]
"""What a network computes in. The state of the solver keeps its own dtype."""


@runtime_checkable
class Denoiser(Protocol):
    """D(x, sigma) -> x0: the mean of the clean image given x = x0 + sigma·n.

    `x` is (B, C, H, W) in the variance-exploding state of Karras et al. (NeurIPS 2022), `sigma` is
    (B,), and the result is (B, C, H, W) in the dtype of `x`, on the scale of images in [-1, 1].
    """

    @property
    def sigma_min(self) -> float:
        """The lowest noise level that it is good for, above 0."""

    @property
    def sigma_max(self) -> float:
        """The highest noise level that it is good for."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise; see the class."""


class DenoiserFamily(Protocol):
    """A score model in memory, on its device, ready to denoise."""

    def denoiser(self, domains: Sequence[str]) -> Denoiser:
        """The denoiser of a batch whose i-th image belongs to `domains[i]`.

        It is called with batches of exactly `len(domains)` images.
        """


class ScoreModel(Plugin, ABC):
    """A family of denoisers. Options are fields; `files` names what decides the numbers."""

    domains: ClassVar[tuple[str, ...]]
    """The domains that it has a denoiser for."""

    unfit_to_encode: ClassVar[str] = ""
    """Why it must not encode images that it did not learn from; "" where it may.

    A method that would encode with it is impossible for this reason.
    """

    training: ClassVar[str] = ""
    """The command that trains its weights; said where they do not cover a domain."""

    def check_domain(self, domain: str) -> None:
        """Raise UnknownName, which names the domains there are, if `domain` is not one of them.

        It names the training command, too, where there is one.
        """
        if domain not in self.domains:
            remedy = f"its weights are trained by `{self.training}`" if self.training else ""
            raise UnknownName(f"domain of score model {self.name}", domain, self.domains, remedy)

    @property
    @abstractmethod
    def sigma_range(self) -> tuple[float, float]:
        """(sigma_min, sigma_max) of its denoisers, known without loading them."""

    @abstractmethod
    def files(self) -> Mapping[str, str]:
        """File name to sha256 of all that was learned, checked against the files.

        Empty for a score model in closed form; IntegrityError for a file that does not fit.
        """

    @abstractmethod
    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """Load it; IntegrityError for a damaged or altered file. Called once a run and device."""
