"""The two integrations of DDIB: images to unit latents and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import Batch, Cell, Setting, Translation
from bridgebench.toolkit.latent_origin import LatentOrigin
from bridgebench.toolkit.probability_flow import ClippedDenoiser, Latent, decode, encode_carried
from bridgebench_ddib.options import Clip, Start

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Draw


def encode_images(
    cell: Cell,
    denoiser: Denoiser,
    x: Tensor,
    start: Start,
    clip: Clip,
    draw: Draw,
    setting: Setting,
    purpose: str = "start",
) -> Latent:
    """The unit latents of images `x`, (B, C, H, W), which set out at sigma_min."""
    if start is Start.NOISED:
        x = x.add(draw.each(purpose, x.shape[1:]).to(x), alpha=denoiser.sigma_min)
    clipped = ClippedDenoiser(denoiser, setting.low, setting.high)
    return encode_carried(clipped if clip.on_encode else denoiser, cell.solver, x, cell.nfe)


def decode_latents(
    cell: Cell, denoiser: Denoiser, latent: Latent, clip: Clip, last_step: bool, setting: Setting
) -> Tensor:
    """The images of unit latents, (B, C, H, W), clamped to the range of the task's items."""
    clipped = ClippedDenoiser(denoiser, setting.low, setting.high)
    x = decode(
        clipped if clip.on_decode else denoiser,
        cell.solver,
        latent.z,
        cell.nfe,
        last_step=last_step,
        carry=latent.carry,
    )
    return x.clamp(setting.low, setting.high)


def decode_changed(
    cell: Cell,
    batch: Batch,
    shared: Tensor | None,
    origin: LatentOrigin,
    denoiser: Denoiser,
    clip: Clip,
    last_step: bool,
    setting: Setting,
) -> Translation:
    """Change the latents of a batch as the transform says, and decode them."""
    latent = origin.latent(shared, batch)
    changed = latent.changed_to(cell.transform.latent(latent.z, batch.images, batch.draw))
    images = decode_latents(cell, denoiser, changed, clip, last_step, setting)
    return Translation(images, latent=latent.z, changed=changed.z)
