"""From source images to unit latents: the first half of DDIB, shared between cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from bridgebench import Axis, Cell, Setting, Stage, needed
from bridgebench.toolkit.probability_flow import ClippedDenoiser, Latent, encode_carried
from bridgebench_ddib.options import Clip, Start

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Draw, ScoreModel


def encode_stage(
    cell: Cell, score: ScoreModel, domains: Sequence[str], start: Start, clip: Clip
) -> Stage:
    """The encode of a cell with `score`, under `domains`: the latent stage and target are no part.

    Its results are shared by all cells whose encode is decided by equal values.
    """
    nfe, solver = needed(cell.nfe, Axis.NFE), needed(cell.solver, Axis.SOLVER)
    image_stage = needed(cell.transform, Axis.TRANSFORM).image_stage
    decided_by = {
        "score": score.resolved(),
        "weights": dict(sorted(score.files().items())),
        "domains": list(domains),
        "solver": solver.resolved(),
        "nfe": nfe,
        "image_stage": image_stage.resolved(),
        "start": start.value,
        "clipped": clip.on_encode,
        "seed": cell.seed,
    }
    return Stage("encode", decided_by, nfe, made_by=(score, solver, *image_stage.links))


def started(x: Tensor, start: Start, sigma_min: float, purpose: str, draw: Draw) -> Tensor:
    """The state at sigma_min that an encode of `x`, (B, C, H, W), sets out from."""
    if start is Start.CLEAN:
        return x
    return torch.add(x, draw.each(purpose, x.shape[1:]).to(x), alpha=sigma_min)


def encode_images(
    cell: Cell, denoiser: Denoiser, x: Tensor, clip: Clip, setting: Setting
) -> Latent:
    """The unit latents of states `x` at sigma_min, (B, C, H, W)."""
    return encode_carried(
        ClippedDenoiser(denoiser, setting.low, setting.high) if clip.on_encode else denoiser,
        needed(cell.solver, Axis.SOLVER),
        x,
        needed(cell.nfe, Axis.NFE),
    )
