"""Normalization of each latent by its own statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Transform

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Draw


class Kind(StrEnum):
    """What is made equal for all latents."""

    STD = "std"
    L2 = "l2"
    MINMAX = "minmax"


def _item(z: Tensor) -> tuple[int, ...]:
    """The dimensions of one item of (B, ...)."""
    return tuple(range(1, z.ndim))


def _above_zero(scale: Tensor) -> Tensor:
    import torch

    return scale.clamp_min(torch.finfo(scale.dtype).tiny)


def standardize(z: Tensor) -> Tensor:
    """Zero mean and unit standard deviation (divisor n) for each item of (B, ...).

    A constant item becomes 0.
    """
    import torch

    deviation, mean = torch.std_mean(z, dim=_item(z), correction=0, keepdim=True)
    return (z - mean) / _above_zero(deviation)


def onto_sphere(z: Tensor) -> Tensor:
    """The L2 norm sqrt(d) of a unit latent of d values, for each item of (B, ...).

    An item that is 0 stays 0.
    """
    import torch

    norm = torch.linalg.vector_norm(z, dim=_item(z), keepdim=True)
    return z / _above_zero(norm) * math.sqrt(z[0].numel())


def stretch(z: Tensor) -> Tensor:
    """The least value -1 and the largest 1 for each item of (B, ...).

    A constant item becomes -1.
    """
    least, largest = z.amin(dim=_item(z), keepdim=True), z.amax(dim=_item(z), keepdim=True)
    return 2 * (z - least) / _above_zero(largest - least) - 1


_NORMALIZE: Mapping[Kind, Callable[[Tensor], Tensor]] = {
    Kind.STD: standardize,
    Kind.L2: onto_sphere,
    Kind.MINMAX: stretch,
}


class Normalize(Transform):
    """Normalize each latent: zero mean and unit standard deviation, or another kind."""

    name: ClassVar[str] = "normalize"

    kind: Kind = Field(
        Kind.STD,
        description="std: mean 0 and standard deviation 1; l2: the L2 norm sqrt(C·H·W) of a unit "
        "latent; minmax: stretched to [-1, 1]",
    )

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        """Normalize each item of `z`, (B, ...)."""
        return _NORMALIZE[self.kind](z)
