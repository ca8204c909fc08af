"""Checks of transforms: each item by itself, random numbers from `draw`, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.claims import require_close, require_finite, require_like
from bridgebench.conformance.trial import SEED, torch_seeded
from bridgebench.interfaces.cell import Parts
from bridgebench.interfaces.transform import Chain, Transform
from bridgebench.toolkit.randomness import Draw

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

TOLERANCE = 1e-5
DTYPES = (torch.float32, torch.float64)


def run(transform: Transform, harness: Harness) -> None:
    """It runs in a cell of the task, and changes no input and nothing global."""
    harness.run(harness.cell_with(Parts(transform=Chain((transform,)))))


def state(transform: Transform, harness: Harness) -> None:
    """Both stages keep shape, dtype and device."""
    x, z, draw = _inputs(harness)
    for dtype in DTYPES:
        image, latent = _both(transform, x.to(dtype), z.to(dtype), draw)
        require_like(image, x.to(dtype), "the image")
        require_like(latent, z.to(dtype), "the latent")


def batch_independence(transform: Transform, harness: Harness) -> None:
    """An item gets the same in any batch, whatever its size and order."""
    x, z, draw = _inputs(harness)
    image, latent = _both(transform, x, z, draw)
    count = len(x)
    for index in ([0], [count - 1], list(range(count))[::-1]):
        part = Draw(draw.seed, tuple(draw.ids[i] for i in index))
        some_image, some_latent = _both(transform, x[index], z[index], part)
        what = f"for items {index} of {count} the same as in the whole batch"
        require_close(some_image, image[index], TOLERANCE, f"an image stage that gives {what}")
        require_close(some_latent, latent[index], TOLERANCE, f"a latent stage that gives {what}")


def repeatability(transform: Transform, harness: Harness) -> None:
    """The same call gives the same, and random numbers come from `draw` alone."""
    x, z, draw = _inputs(harness)
    results = []
    for seed in range(2):
        with torch_seeded(seed):
            results.append(_both(transform, x, z, draw))
    for first, again, stage in zip(*results, ("image", "latent"), strict=True):
        what = f"the same {stage} at a second call, where torch's random numbers are others"
        require_close(again, first, 0.0, what)


def finite(transform: Transform, harness: Harness) -> None:
    """Real images, flat images and a latent of zeros stay free of NaN."""
    x, z, draw = _inputs(harness)
    flat = torch.full_like(x, x.min().item())
    for image, latent, what in (
        (x, z, "real images"),
        (flat, torch.zeros_like(z), "flat images"),
    ):
        changed_image, changed_latent = _both(transform, image, latent, draw)
        require_finite(changed_image, f"an image stage of {what}")
        require_finite(changed_latent, f"a latent stage of {what}")


CHECKS = (run, state, batch_independence, repeatability, finite)


def _inputs(harness: Harness) -> tuple[Tensor, Tensor, Draw]:
    items = harness.source()
    return items.images.to(harness.device), harness.noise(len(items)), Draw(SEED, items.ids)


def _both(transform: Transform, x: Tensor, z: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Both stages, as the runner calls them: on copies that must be left as they are."""
    chain = Chain((transform,))
    return chain.image(x, draw), chain.latent(z, x, draw)
