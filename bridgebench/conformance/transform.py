"""Checks of transforms: each item by itself, random numbers from `draw`, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.claims import (
    own_randomness,
    require_close,
    require_finite,
    require_like,
    unchanged,
)
from bridgebench.interfaces.transform import Transform

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench
    from bridgebench.toolkit.randomness import Draw

TOLERANCE = 1e-5
DTYPES = (torch.float32, torch.float64)


def state(transform: Transform, bench: Bench) -> None:
    """Both stages keep shape, dtype and device."""
    x, z, draw = _inputs(bench)
    for dtype in DTYPES:
        require_like(transform.image(x.to(dtype), draw), x.to(dtype), "the image")
        latent = transform.latent(z.to(dtype), x.to(dtype), draw)
        require_like(latent, z.to(dtype), "the latent")


def inputs(transform: Transform, bench: Bench) -> None:
    """The image and the latent that come in are left as they are."""
    x, z, draw = _inputs(bench)
    with unchanged(x=x, z=z):
        transform.image(x, draw)
        transform.latent(z, x, draw)


def batch_independence(transform: Transform, bench: Bench) -> None:
    """An item gets the same in any batch, whatever its size and order."""
    x, z, draw = _inputs(bench)
    image, latent = _both(transform, x, z, draw)
    count = len(x)
    for index in ([0], [count - 1], list(range(count))[::-1]):
        part = type(draw)(draw.seed, tuple(draw.ids[i] for i in index))
        some_image, some_latent = _both(transform, x[index], z[index], part)
        what = f"for items {index} of {count} the same as in the whole batch"
        require_close(some_image, image[index], TOLERANCE, f"an image stage that gives {what}")
        require_close(some_latent, latent[index], TOLERANCE, f"a latent stage that gives {what}")


def repeatability(transform: Transform, bench: Bench) -> None:
    """The same call gives the same, and random numbers come from `draw` alone."""
    x, z, draw = _inputs(bench)
    with own_randomness():
        first, again = (_both(transform, x, z, draw) for _ in range(2))
    for one, other, what in zip(first, again, ("image", "latent"), strict=True):
        require_close(other, one, 0.0, f"the same {what} at the second call")


def finite(transform: Transform, bench: Bench) -> None:
    """Real images, flat images and a latent of zeros stay free of NaN."""
    x, z, draw = _inputs(bench)
    flat = torch.full_like(x, x.min().item())
    for image, latent, what in (
        (x, z, "real images"),
        (flat, torch.zeros_like(z), "flat images"),
    ):
        changed_image, changed_latent = _both(transform, image, latent, draw)
        require_finite(changed_image, f"an image stage of {what}")
        require_finite(changed_latent, f"a latent stage of {what}")


CHECKS = (state, inputs, batch_independence, repeatability, finite)


def _inputs(bench: Bench) -> tuple[Tensor, Tensor, Draw]:
    batch = bench.batch(bench.source())
    return batch.images, bench.noise(len(batch.ids)), batch.draw


def _both(transform: Transform, x: Tensor, z: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    return transform.image(x, draw), transform.latent(z, x, draw)
