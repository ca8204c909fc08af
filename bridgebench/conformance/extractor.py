"""Checks of extractors: features of each image by itself, and a hash that names the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.check import require
from bridgebench.conformance.claims import (
    require_close,
    require_finite,
    require_sha256,
    unchanged,
)
from bridgebench.interfaces.extractor import Extracted, Extractor

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench

TOLERANCE = 1e-3
"""Of the largest feature: networks add up in another order for another batch."""


def sha256(extractor: Extractor, bench: Bench) -> None:
    """It names its weights by a sha256 that stays the same."""
    first, again = extractor.sha256(), extractor.sha256()
    require_sha256({extractor.name: first})
    require(first == again, "the same sha256 at the second call", again)


def features(extractor: Extractor, bench: Bench) -> None:
    """Features are (B, F) and logits (B, K) in float32, or there are no logits."""
    images = _images(bench)
    seen = extractor.load(bench.device)(images)
    require(isinstance(seen, Extracted), "an Extracted", f"a {type(seen).__name__}")
    for what, out in (("features", seen.features), ("logits", seen.logits)):
        if out is None:
            require(what == "logits", "features", "None")
            continue
        flat = out.ndim == 2 and len(out) == len(images)
        require(flat, f"{what} of shape ({len(images)}, any)", tuple(out.shape))
        require(out.dtype == torch.float32, f"{what} in float32", out.dtype)


def inputs(extractor: Extractor, bench: Bench) -> None:
    """The images are left as they are."""
    images = _images(bench)
    with unchanged(images=images):
        extractor.load(bench.device)(images)


def finite(extractor: Extractor, bench: Bench) -> None:
    """Real images and flat ones give features and logits without NaN."""
    images = _images(bench)
    flat = torch.full_like(images, images.min().item())
    for what, shown in (("real images", images), ("flat images", flat)):
        seen = extractor.load(bench.device)(shown)
        require_finite(seen.features, f"features of {what}")
        if seen.logits is not None:
            require_finite(seen.logits, f"logits of {what}")


def batch_independence(extractor: Extractor, bench: Bench) -> None:
    """An image has the same features alone as in a batch."""
    images = _images(bench)
    loaded = extractor.load(bench.device)
    together = loaded(images)
    alone = [loaded(one) for one in torch.split(images, 1)]
    one_by_one = torch.cat([seen.features for seen in alone])
    tolerance = TOLERANCE * max(together.features.abs().max().item(), 1e-6)
    require_close(together.features, one_by_one, tolerance, "the same features alone")


def repeatability(extractor: Extractor, bench: Bench) -> None:
    """Loaded again, it sees the same."""
    images = _images(bench)
    first, again = (extractor.load(bench.device)(images).features for _ in range(2))
    tolerance = TOLERANCE * max(first.abs().max().item(), 1e-6)
    require_close(again, first, tolerance, "the same features once loaded again")


CHECKS = (sha256, features, inputs, finite, batch_independence, repeatability)


def _images(bench: Bench) -> Tensor:
    return torch.cat([bench.source().images, bench.target().images]).to(bench.device)
