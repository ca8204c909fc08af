"""diffusers' DDIM loop beside the solver `euler`, which is the same method."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bridgebench.interfaces.solver import Solver
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.probability_flow import decode
from figures.networks import SIGMA_RANGE, fast_denoiser, plain_network, states
from figures.ratio import Ratio, Reach, in_turns


class NoNetwork:
    """A denoiser that costs nothing, so that the solver alone is timed."""

    sigma_min, sigma_max = SIGMA_RANGE

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """`x` itself."""
        return x


@torch.inference_mode()
def decode_speed(registry: Registry, batch: int, nfe: int, rounds: int) -> Ratio:
    """A decode: diffusers' loop over the plain network, over ours at precision=auto."""
    solver = build(registry, Kind.SOLVER, Solver, "euler")
    z, plain, denoiser = states(batch), plain_network(), fast_denoiser()
    return in_turns(
        "diffusers' DDIM loop in eager float32 / this at precision=auto",
        Reach.at_least(1.6),
        lambda: ddim_loop(z, nfe, lambda x, t: plain(x, t.expand(len(x)) / 1000.0)),
        lambda: decode(denoiser, solver, z, nfe),
        rounds,
    )


@torch.inference_mode()
def step_speed(registry: Registry, batch: int, nfe: int, rounds: int) -> Ratio:
    """The steps alone."""
    solver = build(registry, Kind.SOLVER, Solver, "euler")
    z = states(batch)
    return in_turns(
        "a solver step without its network: diffusers' / this",
        Reach.at_least(4),
        lambda: ddim_loop(z, nfe, lambda x, t: x),
        lambda: decode(NoNetwork(), solver, z, nfe),
        rounds,
    )


def ddim_loop(x: Tensor, nfe: int, network: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The loop of diffusers' documentation; `network` takes the state and the time."""
    diffusers: Any = importlib.import_module("diffusers")
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(nfe)
    for t in scheduler.timesteps:
        x = scheduler.step(network(x, t), t, x).prev_sample
    return x
