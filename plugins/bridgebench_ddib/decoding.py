"""From unit latents to images: the second half of DDIB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Context,
    Setting,
    Translation,
    Variant,
    needed,
)
from bridgebench.toolkit.latent_origin import LatentOrigin
from bridgebench.toolkit.probability_flow import ClippedDenoiser, Latent, decode
from bridgebench_ddib.options import Clip

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser


def decode_latents(
    cell: Cell, denoiser: Denoiser, latent: Latent, clip: Clip, last_step: bool, setting: Setting
) -> Tensor:
    """The images of unit latents, (B, C, H, W), clamped to the range of the task's items."""
    x = decode(
        ClippedDenoiser(denoiser, setting.low, setting.high) if clip.on_decode else denoiser,
        needed(cell.solver, Axis.SOLVER),
        latent.z,
        needed(cell.nfe, Axis.NFE),
        last_step=last_step,
        carry=latent.carry,
    )
    return x.clamp(setting.low, setting.high)


def translate_variants(
    batch: Batch,
    variants: Sequence[Variant],
    context: Context,
    origin: LatentOrigin,
    clip: Clip,
    last_step: bool,
) -> list[Translation]:
    """Change the latents as each variant's transform says, and decode them.

    Variants that differ in nothing but the latent go through the network together.
    """
    alike: dict[object, list[int]] = {}
    for index, variant in enumerate(variants):
        cell = variant.cell
        alike.setdefault((cell.target_score, cell.solver, cell.nfe), []).append(index)
    done: dict[int, Translation] = {}
    for indices in alike.values():
        members = [variants[index] for index in indices]
        latents = [origin.latent(variant, batch) for variant in members]
        changed = [
            latent.changed_to(
                needed(variant.cell.transform, Axis.TRANSFORM).latent(
                    latent.z, batch.images, batch.draw
                )
            )
            for variant, latent in zip(members, latents, strict=True)
        ]
        together = torch.cat([latent.packed() for latent in changed])
        score = needed(members[0].cell.target_score, Axis.TARGET_SCORE)
        denoiser = context.denoiser(score, (context.setting.target,) * len(together))
        images = decode_latents(
            members[0].cell,
            denoiser,
            Latent.unpacked(together, batch.images.shape[1:]),
            clip,
            last_step,
            context.setting,
        )
        parts = images.chunk(len(members))
        for index, part, old, new in zip(indices, parts, latents, changed, strict=True):
            done[index] = Translation(part, latent=old.z, changed=new.z)
    return [done[index] for index in range(len(variants))]
