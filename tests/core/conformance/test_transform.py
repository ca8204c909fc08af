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


class Reseeds(Transform):
    """Seeds torch's global stream, and always gives the same."""

    name: ClassVar[str] = "reseeds"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        torch.manual_seed(0)
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
    (Flattens, "state", "the image of shape (6, 3, 32, 32)"),
    (InPlace, "inputs", "the input `z` to be left as it is"),
    (NormalizesTheBatch, "batch-independence", "for items [0] of 6 the same"),
    (GlobalNoise, "repeatability", "random numbers from `draw` alone"),
    (CountsCalls, "repeatability", "the same latent at the second call"),
    (Reseeds, "repeatability", "random numbers from `draw` alone"),
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
