"""Checks of extractors: features of each image by itself, and a hash that names the weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.check import require
from bridgebench.conformance.claims import (
    require_close,
    require_finite,
    require_sha256,
)
from bridgebench.execute.features import Extractors
from bridgebench.interfaces.extractor import Extracted, Extractor

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

TOLERANCE = 1e-3
"""Of the largest feature: networks add up in another order for another batch."""


def run(extractor: Extractor, harness: Harness) -> None:
    """It looks at images as in a run, and changes none of them and nothing global."""
    _as_in_a_run(extractor, harness)(_images(harness))


def sha256(extractor: Extractor, harness: Harness) -> None:
    """It names its weights by a sha256 that stays the same."""
    first, again = extractor.sha256(), extractor.sha256()
    require_sha256({extractor.name: first})
    require(first == again, "the same sha256 at the second call", again)


def features(extractor: Extractor, harness: Harness) -> None:
    """Features are (B, F) and logits (B, K) in float32, or there are no logits."""
    images = _images(harness)
    seen = extractor.load(harness.device)(images)
    require(isinstance(seen, Extracted), "an Extracted", f"a {type(seen).__name__}")
    for what, out in (("features", seen.features), ("logits", seen.logits)):
        if out is None:
            require(what == "logits", "features", "None")
            continue
        flat = out.ndim == 2 and len(out) == len(images)
        require(flat, f"{what} of shape ({len(images)}, any)", tuple(out.shape))
        require(out.dtype == torch.float32, f"{what} in float32", out.dtype)


def finite(extractor: Extractor, harness: Harness) -> None:
    """Real images and flat ones give features and logits without NaN."""
    images = _images(harness)
    flat = torch.full_like(images, images.min().item())
    see = _as_in_a_run(extractor, harness)
    for what, shown in (("real images", images), ("flat images", flat)):
        seen = see(shown)
        require_finite(seen.features, f"features of {what}")
        if seen.logits is not None:
            require_finite(seen.logits, f"logits of {what}")


def batch_independence(extractor: Extractor, harness: Harness) -> None:
    """An image has the same features alone as in a batch."""
    images = _images(harness)
    see = _as_in_a_run(extractor, harness)
    together = see(images)
    alone = [see(one) for one in torch.split(images, 1)]
    one_by_one = torch.cat([seen.features for seen in alone])
    tolerance = TOLERANCE * max(together.features.abs().max().item(), 1e-6)
    require_close(together.features, one_by_one, tolerance, "the same features alone")


def repeatability(extractor: Extractor, harness: Harness) -> None:
    """Loaded again, it sees the same."""
    images = _images(harness)
    first, again = (_as_in_a_run(extractor, harness)(images).features for _ in range(2))
    tolerance = TOLERANCE * max(first.abs().max().item(), 1e-6)
    require_close(again, first, tolerance, "the same features once loaded again")


CHECKS = (run, sha256, features, finite, batch_independence, repeatability)


def _images(harness: Harness) -> Tensor:
    return torch.cat([harness.source().images, harness.target().images]).to(harness.device)


def _as_in_a_run(extractor: Extractor, harness: Harness) -> Callable[[Tensor], Extracted]:
    """The extractor, loaded anew and called as the runner does: on copies, in isolation."""
    extractors = Extractors({extractor.spec: extractor}, harness.device)
    return partial(extractors.extract, extractor.spec)
