"""The training loop of CycleGAN: two optimizers in turn, and checkpoints that resume exactly.

A step is a function of its number and of the state that a checkpoint holds; so a run that was
stopped and resumed makes the same weights as one that was not.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from bridgebench import generator
from bridgebench.toolkit.nn.checkpoint import Reached, read_checkpoint, save_checkpoint
from bridgebench.toolkit.nn.training import ema_decay
from bridgebench_cyclegan.history import History
from bridgebench_cyclegan.image_stream import ImageStream
from bridgebench_cyclegan.losses import adversarial_loss, discriminator_loss, reconstruction_loss
from bridgebench_cyclegan.networks import Discriminator, Generator
from bridgebench_cyclegan.recipe import CycleGanRecipe
from bridgebench_cyclegan.weights import TO_SOURCE, TO_TARGET


@dataclass(frozen=True)
class Losses:
    """What a step came to.

    Attributes:
        generators: adversarial, cycle and identity terms, weighted.
        discriminators: of both.
        cycle: the mean absolute difference there and back, of both directions.
    """

    generators: float
    discriminators: float
    cycle: float


def networks(recipe: CycleGanRecipe, seed: int) -> nn.ModuleDict:
    """Two generators and two discriminators, their weights a function of the seed.

    `judge_target` judges what `to_target` makes, `judge_source` what `to_source` makes.
    """
    channels = recipe.generator.image_channels
    width, group = recipe.discriminator_width, recipe.discriminator_group
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        modules = nn.ModuleDict(
            {
                TO_TARGET: Generator(recipe.generator),
                TO_SOURCE: Generator(recipe.generator),
                "judge_target": Discriminator(channels, width, group),
                "judge_source": Discriminator(channels, width, group),
            }
        )
        for module in modules.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # every one has a bias
    return modules.to(memory_format=torch.channels_last)


@dataclass
class CycleGanTrainer:
    """The state of a training run.

    Attributes:
        recipe: what decides it.
        seed: of the run.
        step: steps done.
        seconds: wall-clock time spent in `run`, over all its resumptions.
    """

    recipe: CycleGanRecipe
    seed: int
    step: int = 0
    seconds: float = 0.0
    modules: nn.ModuleDict = field(init=False)
    average: nn.ModuleDict = field(init=False)

    def __post_init__(self) -> None:
        recipe = self.recipe
        self.modules = networks(recipe, self.seed)
        self._generators = nn.ModuleDict({k: self.modules[k] for k in (TO_TARGET, TO_SOURCE)})
        judges = nn.ModuleDict({k: m for k, m in self.modules.items() if k.startswith("judge")})
        self._judges = judges
        self.average = copy.deepcopy(self._generators).requires_grad_(False)
        self._optimizers = (
            torch.optim.Adam(self._generators.parameters(), lr=recipe.lr, betas=recipe.betas),
            torch.optim.Adam(judges.parameters(), lr=recipe.discriminator_lr, betas=recipe.betas),
        )
        self._peaks = (recipe.lr, recipe.discriminator_lr)
        self._histories = {name: History(recipe.history) for name in ("target", "source")}

    def advance(self, x: Tensor, y: Tensor) -> Losses:
        """Take one step on images `x` of the source and `y` of the target, (B, C, H, W) each."""
        for optimizer, peak in zip(self._optimizers, self._peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * self.recipe.factor(self.step)
        x, y = (images.to(memory_format=torch.channels_last) for images in (x, y))
        total, cycle, made_y, made_x = self._step_generators(x, y)
        judged = self._step_judges(x, y, made_x, made_y)
        self._follow()
        self.step += 1
        return Losses(total, judged, cycle)

    def _step_generators(self, x: Tensor, y: Tensor) -> tuple[float, float, Tensor, Tensor]:
        recipe, size = self.recipe, len(x)
        G, F = self.modules[TO_TARGET], self.modules[TO_SOURCE]
        self._judges.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            # No norm looks across images, so an identity term may share a pass with a translation.
            made_y, same_y = G(torch.cat([x, y])).split(size)
            made_x, same_x = F(torch.cat([y, x])).split(size)
            scores_y = self.modules["judge_target"](made_y)
            scores_x = self.modules["judge_source"](made_x)
            cycle = reconstruction_loss(x, F(made_y)) + reconstruction_loss(y, G(made_x))
        identity = reconstruction_loss(y, same_y) + reconstruction_loss(x, same_x)
        fooled = adversarial_loss(scores_y) + adversarial_loss(scores_x)
        loss = fooled + recipe.cycle * cycle + recipe.identity_at(self.step) * identity
        self._update(0, loss)
        self._judges.requires_grad_(True)
        return loss.item(), cycle.item() / 2, made_y.detach(), made_x.detach()

    def _step_judges(self, x: Tensor, y: Tensor, made_x: Tensor, made_y: Tensor) -> float:
        random = generator(self.seed, "history", str(self.step))
        losses = []
        for name, real, made in (("target", y, made_y), ("source", x, made_x)):
            shown = self._histories[name].exchange(made, random)
            with torch.autocast("cpu", torch.bfloat16):
                scores = self.modules[f"judge_{name}"](torch.cat([real, shown]))
            of_real, of_made = scores.split(len(real))
            losses.append(discriminator_loss(of_real, of_made, self.recipe.real_is))
        loss = torch.stack(losses).sum()
        self._update(1, loss)
        return loss.item()

    def _update(self, index: int, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._optimizers[index].step()
        self._optimizers[index].zero_grad()

    def _follow(self) -> None:
        """Move the average of the generators towards them."""
        share = 1 - ema_decay(self.step, self.recipe.ema_width)
        averages: list[Tensor] = list(self.average.parameters())
        weights: list[Tensor] = list(self._generators.parameters())
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, share)

    def save(self, path: Path, identity: Mapping[str, object]) -> None:
        """Write the whole state, atomically, with `identity` to recognize the run by."""
        histories = {k: h.images for k, h in self._histories.items() if h.images is not None}
        parts = {
            "module": self.modules.state_dict(),
            "average": self.average.state_dict(),
            "history": histories,
        }
        reached = Reached(self.step, self.recipe.steps, self.seconds)
        save_checkpoint(path, parts, self._optimizers, reached, identity)

    def restore(self, path: Path, identity: Mapping[str, object]) -> None:
        """Continue from a checkpoint of the same run.

        Raises:
            ValueError: the checkpoint belongs to another run.
        """
        checkpoint = read_checkpoint(path, identity, self.recipe.factor_of, self.recipe.steps)
        self.modules.load_state_dict(checkpoint.part("module"))
        self.average.load_state_dict(checkpoint.part("average"))
        checkpoint.fill(self._optimizers)
        histories = checkpoint.part("history")
        for name, history in self._histories.items():
            history.images = histories.get(name)
        self.step, self.seconds = checkpoint.reached.step, checkpoint.reached.seconds


def run(
    trainer: CycleGanTrainer,
    stream: ImageStream,
    *,
    checkpoint: Path,
    identity: Mapping[str, object],
    on_step: Callable[[int, Losses], None],
) -> None:
    """Train to the end of the recipe, resuming from `checkpoint` where that file exists.

    Args:
        trainer: the state, advanced in place.
        stream: the images.
        checkpoint: written every `checkpoint_every` steps and at the end.
        identity: all that decides the weights but the number of steps; a checkpoint of another
            identity is refused.
        on_step: called with (steps done, losses) after each step.
    """
    if checkpoint.exists():
        trainer.restore(checkpoint, identity)
    steps, every = trainer.recipe.steps, trainer.recipe.checkpoint_every
    while trainer.step < steps:
        started = time.monotonic()
        losses = trainer.advance(*stream.batch(trainer.step))
        trainer.seconds += time.monotonic() - started
        on_step(trainer.step, losses)
        if trainer.step == steps or trainer.step % every == 0:
            trainer.save(checkpoint, identity)
