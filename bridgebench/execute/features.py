"""Features of the real images, kept on disk for later runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from bridgebench.execute.sharing import arithmetic
from bridgebench.execute.store import Store, Stored
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.extractor import Extracted
from bridgebench.isolation.calls import Surroundings


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
