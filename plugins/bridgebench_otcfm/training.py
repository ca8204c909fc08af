"""One training of a flow: the loss of a step, and a run that has not begun."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridgebench.toolkit.nn.optimizers import split_optimizers
from bridgebench.toolkit.nn.preconditioning import RawNetwork, over_images
from bridgebench.toolkit.nn.training import Shard, ShardLoss, Trainer
from bridgebench.toolkit.nn.unet import UNet
from bridgebench_otcfm.pairs import PathStream, draw_sigma
from bridgebench_otcfm.recipe import FlowRecipe
from bridgebench_otcfm.velocity import noise_input


def in_bfloat16(network: nn.Module) -> RawNetwork:
    """A network that computes in bfloat16 and answers in float32."""

    def raw(x: Tensor, noise: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            out: Tensor = network(x.to(memory_format=torch.channels_last), noise)
        return out.float()

    return raw


def flow_loss(stream: PathStream, seed: int) -> ShardLoss:
    """The squared error of the velocity dx/dt = x1 - x0 of straight paths.

    Conditional flow matching, Tong et al. equation 10, with paths of no width.
    """

    def loss_of(network: nn.Module, shard: Shard) -> Tensor:
        start, end = stream.part(shard)
        sigma = draw_sigma(stream.recipe, seed, shard)
        x = torch.lerp(end, start, over_images(sigma, start))
        velocity = in_bfloat16(network)(x, noise_input(sigma))
        return nn.functional.mse_loss(velocity, end - start)

    return loss_of


def fresh_trainer(recipe: FlowRecipe, seed: int, workers: int) -> Trainer:
    """A run that has not begun; its initial weights are a function of the seed."""
    network, average = _network(recipe, seed), _network(recipe, seed)
    outer = (network.stem, network.head, network.embed)
    optimizers = split_optimizers(network, recipe.lr, recipe.decay, skip=outer, parts=workers)
    return Trainer(network, average, optimizers, recipe.schedule, workers)


def _network(recipe: FlowRecipe, seed: int) -> UNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UNet(recipe.network)
    return network.to(memory_format=torch.channels_last)
