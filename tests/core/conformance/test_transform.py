"""A broken transform for each check of transforms."""

from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Draw, Transform
from bridgebench.plugins.registry import Kind


class Noise(Transform):
    """Add a noise of its own to each latent."""

    name: ClassVar[str] = "sound"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z + draw.each("noise", z.shape[1:]).to(z)


class Flattens(Transform):
    """Loses the shape."""

    name: ClassVar[str] = "flattens"

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        return x.flatten(1)


class InPlace(Transform):
    """Changes its input."""

    name: ClassVar[str] = "in_place"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z.mul_(2)


class DoublePrecision(Transform):
    """Gives float64, whatever comes in."""

    name: ClassVar[str] = "double_precision"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z.double()


class NormalizesTheBatch(Transform):
    """Takes its mean over the whole batch."""

    name: ClassVar[str] = "normalizes_the_batch"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z - z.mean()


class GlobalNoise(Transform):
    """Draws from torch's global stream."""

    name: ClassVar[str] = "global_noise"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z + torch.randn_like(z)


class CountsCalls(Transform):
    """Does something else at each call."""

    name: ClassVar[str] = "counts_calls"
    calls: ClassVar[list[int]] = []

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        self.calls.append(1)
        return z + len(self.calls)


class DividesByZero(Transform):
    """NaN for a latent of zeros."""

    name: ClassVar[str] = "divides_by_zero"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z / z.std(dim=(1, 2, 3), keepdim=True)


BROKEN = [
    (Flattens, "run", "transform 'flattens' gave shape (6, 3072), expected"),
    (InPlace, "run", "transform 'in_place' modified its latent or image in place"),
    (DoublePrecision, "state", "the latent of shape (6, 3, 32, 32), torch.float32"),
    (NormalizesTheBatch, "batch-independence", "for items [0] of 6 the same"),
    (GlobalNoise, "repeatability", "where torch's random numbers are others"),
    (CountsCalls, "repeatability", "the same latent at a second call"),
    (DividesByZero, "finite", "a latent stage of flat images without NaN"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_transform_is_caught(broken, check, said, caught):
    assert said in caught(Kind.TRANSFORM, check, broken())


def test_a_sound_one_passes(passes):
    passes(Kind.TRANSFORM, Noise())


def test_every_check_has_a_broken_transform():
    from bridgebench.conformance import transform

    named = {function.__name__.replace("_", "-") for function in transform.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
