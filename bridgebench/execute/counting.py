"""Counting network evaluations: a wrapper around each denoiser that a method is lent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.method import Batch, Setting
from bridgebench.interfaces.score_model import Denoiser, DenoiserFamily, Precision, ScoreModel
from bridgebench.isolation.calls import isolated


@dataclass
class Meter:
    """What the networks of a run have done so far.

    evaluated   images through a network, each evaluation of each image counted
    seconds     time in the networks; on a GPU the time to launch them
    """

    evaluated: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class CountedDenoiser:
    """A denoiser whose evaluations are counted and timed."""

    inner: Denoiser
    meter: Meter
    progressed: Callable[[int], None]

    @property
    def sigma_min(self) -> float:
        """The lowest noise level that it is good for."""
        return self.inner.sigma_min

    @property
    def sigma_max(self) -> float:
        """The highest noise level that it is good for."""
        return self.inner.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise (B, C, H, W) at (B,), and count B evaluations."""
        begun = perf_counter()
        # A copy, as the state of a solver must outlive a network that computes in place.
        x0 = self.inner(x.clone(), sigma.clone())
        self.meter.seconds += perf_counter() - begun
        self.meter.evaluated += len(x)
        self.progressed(len(x))
        return x0


class RunContext:
    """What a run lends to its methods: a Context. Score models are loaded at their first use."""

    def __init__(
        self,
        setting: Setting,
        device: torch.device,
        precision: Precision,
        real_targets: Callable[[], Items],
        permuted: Callable[[Batch], Batch],
        progressed: Callable[[int], None],
    ) -> None:
        self.meter = Meter()
        self._setting = setting
        self._device = device
        self._precision = precision
        self._real_targets = real_targets
        self._permuted = permuted
        self._progressed = progressed
        self._families: dict[ScoreModel, DenoiserFamily] = {}

    @property
    def setting(self) -> Setting:
        """The task's domains."""
        return self._setting

    @property
    def device(self) -> torch.device:
        """Where the images are and the networks run."""
        return self._device

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        """The counted denoiser of a batch, one domain an image."""
        if score not in self._families:
            with isolated(f"score model '{score.name}'"):
                self._families[score] = score.load(self._device, self._precision)
        with isolated(f"score model '{score.name}'"):
            inner = self._families[score].denoiser(domains)
        return CountedDenoiser(inner, self.meter, self._progressed)

    def permuted(self, batch: Batch) -> Batch:
        """The partners of a batch under the run's derangement of its source images."""
        return self._permuted(batch)

    def wait(self) -> None:
        """Let the device do all that it was given: a clock that is read before stops too early."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def skipped(self, count: int) -> None:
        """Tell of evaluations that were expected and are not needed."""
        self._progressed(count)

    def real_targets(self) -> Items:
        """All real images of the target domain in the held-out split."""
        return self._real_targets()
