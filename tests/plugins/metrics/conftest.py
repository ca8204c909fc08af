from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor

from bridgebench import Extracted, Items, Observed, Population

T = TypeVar("T")


@dataclass
class Bench:
    """A context over given images, whose extractors read features off the pixels.

    `flat` has the pixels as features; `classes` the first ten of them as logits besides, and
    `others` the next ten.
    """

    real: Tensor
    unseen: Tensor
    n: int = 0
    seed: int = 0
    extractor: str = "flat"
    kept: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def extract(spec: str, images: Tensor) -> Extracted:
        pixels = images.flatten(1)
        logits = {"flat": None, "classes": pixels[:, :10], "others": pixels[:, 10:20]}
        return Extracted(pixels, logits[spec])

    def population(self, name: str, images: Tensor) -> Population:
        ids = tuple(f"real/{i}" for i in range(len(images)))
        return Population(
            Items(images, ids, ("real",) * len(images)),
            lambda spec: self.extract(spec, images),
            lambda key, compute: self.once(f"{name}/{key}", compute),
        )

    def reference(self) -> Population:
        return self.population("reference", self.real)

    def held_out(self) -> Population:
        return self.population("held out", self.unseen)

    def once(self, key: str, compute: Callable[[], T]) -> T:
        if key not in self.kept:
            self.kept[key] = compute()
        value: T = self.kept[key]
        return value

    def observe(
        self,
        output: Tensor,
        source: Tensor | None = None,
        cycled: Tensor | None = None,
        start: int = 0,
        samples: Tensor | None = None,
    ) -> Observed:
        ids = tuple(f"item/{i}" for i in range(start, start + len(output)))
        source = torch.zeros_like(output) if source is None else source
        return Observed(source, output, ids, cycled, self.extract, samples=samples)


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


def as_images(features: Tensor) -> Tensor:
    """Images of one row, one pixel a feature."""
    return features[:, None, None, :]


@pytest.fixture
def feature_bench() -> Callable[..., Bench]:
    """A bench of given features instead of images."""

    def make(reference: Tensor, held_out: Tensor, **rest: Any) -> Bench:
        return Bench(as_images(reference), as_images(held_out), **rest)

    return make


@pytest.fixture
def score() -> Callable[..., Any]:
    """The scores of features, in one meter and one batch."""

    def make(metric: Any, bench: Bench, features: Tensor) -> Any:
        meter = metric.meter(bench)
        meter.update(bench.observe(as_images(features)))
        return meter.compute()

    return make
