"""A broken extractor for each check of extractors."""

from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Extracted, Extractor, LoadedExtractor
from bridgebench.plugins.registry import Kind


class Means(Extractor):
    """Mean colors."""

    name: ClassVar[str] = "sound"

    def sha256(self) -> str:
        return "0" * 64

    def load(self, device: torch.device) -> LoadedExtractor:
        return self.see

    def see(self, images: Tensor) -> Extracted:
        means = images.mean(dim=(2, 3))
        return Extracted(means, means)


class NewHash(Means):
    """Another hash at each call."""

    calls: ClassVar[list[int]] = []

    def sha256(self) -> str:
        self.calls.append(1)
        return f"{len(self.calls):064x}"


class NotFlat(Means):
    """Features that are images."""

    def see(self, images: Tensor) -> Extracted:
        return Extracted(images, None)


class DoubleLogits(Means):
    """Logits in float64."""

    def see(self, images: Tensor) -> Extracted:
        means = images.mean(dim=(2, 3))
        return Extracted(means, means.double())


class Bare(Means):
    """A tensor and no Extracted."""

    def see(self, images: Tensor) -> Extracted:
        return images.mean(dim=(2, 3))


class InPlace(Means):
    """Rescales its input."""

    def see(self, images: Tensor) -> Extracted:
        return super().see(images.add_(1).div_(2))


class DividesByZero(Means):
    """NaN for a flat image."""

    def see(self, images: Tensor) -> Extracted:
        return Extracted(images.mean(dim=(2, 3)) / images.std(dim=(2, 3)), None)


class NormalizesTheBatch(Means):
    """Features that depend on the batch."""

    def see(self, images: Tensor) -> Extracted:
        return super().see(images - images.mean())


class Restless(Means):
    """Other features each time it is loaded."""

    loads: ClassVar[list[int]] = []

    def load(self, device: torch.device) -> LoadedExtractor:
        self.loads.append(1)
        shift = float(len(self.loads))
        return lambda images: self.see(images + shift)


BROKEN = [
    (InPlace, "run", "extractor 'sound' modified its images in place"),
    (NewHash, "sha256", "the same sha256 at the second call"),
    (NotFlat, "features", "features of shape (12, any)"),
    (DoubleLogits, "features", "logits in float32"),
    (Bare, "features", "an Extracted; got a Tensor"),
    (DividesByZero, "finite", "features of flat images without NaN"),
    (NormalizesTheBatch, "batch-independence", "the same features alone"),
    (Restless, "repeatability", "once loaded again"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_extractor_is_caught(broken, check, said, caught):
    assert said in caught(Kind.EXTRACTOR, check, broken())


def test_a_sound_one_passes(passes):
    passes(Kind.EXTRACTOR, Means())


def test_every_check_has_a_broken_extractor():
    from bridgebench.conformance import extractor

    named = {function.__name__.replace("_", "-") for function in extractor.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
