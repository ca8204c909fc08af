"""What extractors see: loaded once a run, and of real images kept on disk for later runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.arithmetic import arithmetic
from bridgebench.execute.store import Store, Stored
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.extractor import Extracted, Extractor, LoadedExtractor
from bridgebench.interfaces.metric import POPULATION_BATCH
from bridgebench.isolation.calls import Surroundings, isolated, protected

KeepExtracted = Callable[[Mapping[str, Any], Callable[[], Extracted]], Extracted]
"""What is seen in real images, given all that decides it and a way to compute it."""


class Extractors:
    """The extractors of a run, each loaded at its first use."""

    def __init__(self, extractors: Mapping[str, Extractor], device: torch.device) -> None:
        self._extractors = dict(extractors)
        self._device = device
        self._loaded: dict[str, LoadedExtractor] = {}

    def extract(self, spec: str, images: Tensor) -> Extracted:
        """What an extractor sees in (n, C, H, W) images, on the CPU in float32."""
        return self.extract_all(spec, torch.split(images, POPULATION_BATCH))

    @torch.inference_mode()
    def extract_all(self, spec: str, batches: Iterable[Tensor]) -> Extracted:
        """What an extractor sees in batches of images, of which one at a time is in memory."""
        if spec not in self._loaded:
            with isolated(f"extractor '{spec}'"):
                self._loaded[spec] = self._declared(spec).load(self._device)
        parts = [self._see(spec, images) for images in batches]
        features = [part.features for part in parts] or [torch.empty(0, 0)]
        logits = [part.logits for part in parts if part.logits is not None]
        return Extracted(torch.cat(features), torch.cat(logits) if logits else None)

    def _see(self, spec: str, images: Tensor) -> Extracted:
        who = f"extractor '{spec}'"
        with protected(who, "images", images) as (given,), isolated(who):
            seen = self._loaded[spec](given.to(self._device))
        if not isinstance(seen, Extracted) or len(seen.features) != len(images):
            raise PluginError(f"{who} gave no features of {len(images)} images")
        logits = None if seen.logits is None else seen.logits.float().cpu()
        return Extracted(seen.features.float().cpu(), logits)

    def sha256(self, spec: str) -> str:
        """The hash of an extractor's weights."""
        return self._declared(spec).sha256()

    def _declared(self, spec: str) -> Extractor:
        if spec not in self._extractors:
            raise PluginError(
                f"extractor '{spec}' was not declared; a metric names what it needs in extractors()"
            )
        return self._extractors[spec]


def keep_nothing(what: Mapping[str, Any], compute: Callable[[], Extracted]) -> Extracted:
    """The value of `compute()`, every time."""
    return compute()


@dataclass(frozen=True)
class KeptFeatures:
    """What extractors see in real images, from the store where it is there.

    plugins  package -> code hash of all that measures
    before   the state of the process that the run began with
    """

    store: Store
    plugins: Mapping[str, Any]
    device: torch.device
    before: Surroundings

    def __call__(self, what: Mapping[str, Any], compute: Callable[[], Extracted]) -> Extracted:
        """The value of `compute()`, which `what` and the plugins decide."""
        key = digest(["features", dict(what), dict(self.plugins), arithmetic(self.device)])
        kept = self.store.get(key)
        if kept is not None and "features" in kept.tensors:
            return Extracted(kept.tensors["features"], kept.tensors.get("logits"))
        seen = compute()
        if not self.before.intact():  # a metric that asks for features may have changed it
            return seen
        logits = {} if seen.logits is None else {"logits": seen.logits}
        self.store.put(key, Stored({"features": seen.features, **logits}, {}))
        return seen
