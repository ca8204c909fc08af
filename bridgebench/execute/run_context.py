"""The run context of a run: loads networks, counts their evaluations, provides images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.interfaces.cell import Setting
from bridgebench.interfaces.dataset import Items, ItemStream
from bridgebench.interfaces.method import Batch, Method, Network, NetworkLoader
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


class Networks:
    """The networks of a run, each loaded once, with their evaluations counted and timed.

    Args:
        device: where they run.
        precision: what they compute in.
        progressed: told of each evaluation, by its number of images.
    """

    def __init__(
        self, device: torch.device, precision: Precision, progressed: Callable[[int], None]
    ) -> None:
        self.device, self.precision = device, precision
        self.meter = Meter()
        self.progressed = progressed
        self._counts = True
        self._families: dict[ScoreModel, DenoiserFamily] = {}
        self._networks: dict[NetworkLoader, Network] = {}

    def family(self, score: ScoreModel) -> DenoiserFamily:
        """A score model in memory."""
        if score not in self._families:
            with isolated(f"score model '{score.name}'"):
                self._families[score] = score.load(self.device, self.precision)
        return self._families[score]

    def network(self, method: Method, name: str) -> Network:
        """A network of a method, counted; PluginError for one that it does not bring."""
        loaders = method.networks()
        if name not in loaders:
            raise PluginError(
                f"method '{method.name}' uses the network '{name}', but its networks() bring "
                f"{', '.join(loaders) or 'none'}"
            )
        loader = loaders[name]
        if loader not in self._networks:
            self._networks[loader] = loader(self.device, self.precision)
        return CountedNetwork(self._networks[loader], self)

    def counted(self, network: Network, *inputs: Any) -> Tensor:
        """What a network gives for copies of its inputs, the first of them (B, ...); counts B."""
        begun = perf_counter()
        # Copies, as the state of a solver must outlive a network that computes in place.
        out = network(*(x.clone() if isinstance(x, Tensor) else x for x in inputs))
        self.meter.seconds += perf_counter() - begun
        if self._counts:
            self.meter.evaluated += len(inputs[0])
            self.progressed(len(inputs[0]))
        return out

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Around evaluations that a metric asks for: they are no cost of the row, nor progress."""
        self._counts = False
        try:
            yield
        finally:
            self._counts = True

    def wait(self) -> None:
        """Let the device do all that it was given: a clock that is read before stops too early."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


@dataclass(frozen=True)
class CountedNetwork:
    """A network whose evaluations are counted and timed."""

    inner: Network
    networks: Networks

    def __call__(self, *inputs: Any) -> Tensor:
        """Evaluate on inputs of which the first is (B, ...), and count B evaluations."""
        return self.networks.counted(self.inner, *inputs)


@dataclass(frozen=True)
class CountedDenoiser:
    """A denoiser whose evaluations are counted and timed."""

    inner: Denoiser
    networks: Networks

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
        return self.networks.counted(self.inner, x, sigma)


@dataclass(frozen=True)
class Images:
    """The images of a run that methods may ask for.

    permuted        the partners of a batch among the source images
    training        all items of a domain in the training split; None where that is evaluated
    training_pairs  training items with their true targets, in batches of a size
    held_out        the target images of the held-out split
    """

    permuted: Callable[[Batch], Batch]
    training: Callable[[str], ItemStream]
    training_pairs: Callable[[int], Iterator[tuple[Items, Tensor]]]
    held_out: ItemStream


@dataclass(frozen=True)
class MethodContext:
    """The run context of one method, as a stage or the whole of it."""

    method: Method
    setting: Setting
    networks: Networks
    images: Images
    fitted: Mapping[str, Tensor]

    @property
    def device(self) -> torch.device:
        """Where the images are and the networks run."""
        return self.networks.device

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        """The counted denoiser of a batch, one domain an image."""
        family = self.networks.family(score)
        with isolated(f"score model '{score.name}'"):
            inner = family.denoiser(domains)
        return CountedDenoiser(inner, self.networks)

    def network(self, name: str) -> Network:
        """A network of the method, counted."""
        return self.networks.network(self.method, name)

    def permuted(self, batch: Batch) -> Batch:
        """The partners of a batch under the run's derangement of its source images."""
        return self.images.permuted(batch)

    def training(self, domain: str) -> ItemStream:
        """The images of a domain in the training split."""
        declared = self.method.training_domains(self.setting)
        if domain not in declared:
            raise PluginError(
                f"method '{self.method.name}' uses training images of {domain}, but its "
                f"training_domains() name {', '.join(declared) or 'none'}; add it"
            )
        return self.images.training(domain)

    def training_pairs(self, size: int) -> Iterator[tuple[Items, Tensor]]:
        """Training items of the source domain with their true targets, in batches."""
        declared = self.method.training_domains(self.setting)
        if self.setting.source not in declared or self.setting.target not in declared:
            raise PluginError(
                f"method '{self.method.name}' uses training pairs, but its training_domains() do "
                f"not name both {self.setting.source} and {self.setting.target}; add them"
            )
        return self.images.training_pairs(size)

    def held_out_targets(self) -> ItemStream:
        """The real images of the target domain in the held-out split."""
        return self.images.held_out
