"""One training loop: warm-up and decay, clipping, average, checkpoints that resume exactly.

The loop knows nothing of what is learned. It asks for the loss of step i, which has to be a
function of i and the weights alone; so a run that was stopped and resumed makes the same weights as
one that was not.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import torch
from torch import Tensor, nn

from bridgebench.toolkit.nn.checkpoint import Reached, read_checkpoint, save_checkpoint


@dataclass(frozen=True)
class Schedule:
    """How long to train and how the learning rate goes.

    Attributes:
        steps: optimizer steps in all.
        warmup: steps of linear rise at the start.
        cooldown: share of the steps, at the end, in which the rate falls to 0.
        ema_width: width of the averaging profile, relative to the steps so far; 0 for no average.
        clip: largest norm of the gradient.
        checkpoint_every: steps between checkpoints.
    """

    steps: int
    warmup: int
    cooldown: float = 0.5
    ema_width: float = 0.05
    clip: float = 1.0
    checkpoint_every: int = 500

    def factor(self, step: int) -> float:
        """The learning rate of a step as a share of the peak: up, level, straight down to 0.

        Until the fall begins it does not depend on `steps`, so a running training can still be
        made longer or shorter.

        >>> schedule = Schedule(steps=100, warmup=10, cooldown=0.5)
        >>> [schedule.factor(step) for step in (0, 9, 50, 75, 99)]
        [0.1, 1.0, 1.0, 0.5, 0.02]
        """
        rise = (step + 1) / self.warmup if self.warmup else 1.0
        fall = (self.steps - step) / (self.cooldown * self.steps) if self.cooldown else 1.0
        return min(rise, 1.0, fall)

    def factor_of(self, step: int, steps: int) -> float:
        """The `factor` of a step if there were `steps` of them."""
        return dataclasses.replace(self, steps=steps).factor(step)


def ema_decay(step: int, width: float) -> float:
    """The share of the old average that stays after step `step` (from 0).

    The power-function average of Karras et al., "Analyzing and improving the training dynamics of
    diffusion models" (CVPR 2024): weight w(t) proportional to t^g, whose standard deviation is
    `width` of the training so far. It forgets the start and needs no half-life in steps.
    """
    if width <= 0:
        return 0.0
    # The width of t^g on [0, 1] is sqrt((g + 1) / ((g + 2)^2 (g + 3))); bisection inverts it.
    low, high = 0.0, 1e6
    for _ in range(80):
        g = (low + high) / 2
        wide = math.sqrt((g + 1) / ((g + 2) ** 2 * (g + 3))) > width
        low, high = (g, high) if wide else (low, g)
    return float((1 - 1 / (step + 1)) ** (low + 1))


@dataclass(frozen=True)
class Shard:
    """A part of the batch of a step.

    Attributes:
        step: from 0.
        index: which part.
        count: parts there are, equal in size.
    """

    step: int
    index: int = 0
    count: int = 1


ShardLoss = Callable[[nn.Module, Shard], Tensor]
"""(network, shard) -> scalar mean loss over the shard, a function of these two alone."""


def replica(network: nn.Module) -> nn.Module:
    """A copy that shares the weights but collects gradients of its own."""
    twin = copy.deepcopy(network)
    for mine, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        theirs.data = mine.data
    return twin


def _backward(loss_of: ShardLoss, network: nn.Module, shard: Shard) -> float:
    loss = loss_of(network, shard) / shard.count
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return loss.item()


def _update(optimizer: torch.optim.Optimizer) -> None:
    optimizer.step()
    optimizer.zero_grad()


@dataclass
class Trainer:
    """The state of a training run.

    A step's batch can be split over several worker threads, each with a replica of the network that
    shares its weights. With one thread for torch in each (`torch.set_num_threads(1)`) the workers
    meet once a step instead of at every operation, which keeps two cores busy even where other
    processes want them, too.

    Attributes:
        network: the module that is trained, in place.
        average: a second copy of it that holds the moving average.
        optimizers: what updates `network`; each group's `lr` at construction is its peak.
        schedule: how long and how fast.
        workers: threads, and shards of a batch.
        step: steps done.
        seconds: wall-clock time spent in `run`, over all its resumptions.
    """

    network: nn.Module
    average: nn.Module
    optimizers: Sequence[torch.optim.Optimizer]
    schedule: Schedule
    workers: int = 1
    step: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.average.load_state_dict(self.network.state_dict())
        self.average.requires_grad_(False)
        self._replicas = [self.network, *(replica(self.network) for _ in range(1, self.workers))]
        # A new thread starts with as many threads for torch as the machine has cores and takes over
        # the number that was set only after its first operations, whose last bits then differ.
        self._pool = ThreadPoolExecutor(
            self.workers, initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),)
        )
        self._peaks = [[g["lr"] for g in o.param_groups] for o in self.optimizers]
        self._weights: list[Tensor] = list(self.network.parameters())
        self._averages: list[Tensor] = list(self.average.parameters())

    def advance(self, loss_of: ShardLoss) -> float:
        """Take one step and return its loss."""
        factor = self.schedule.factor(self.step)
        for optimizer, peaks in zip(self.optimizers, self._peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
        shards = [Shard(self.step, i, self.workers) for i in range(self.workers)]
        losses = list(self._pool.map(_backward, repeat(loss_of), self._replicas, shards))
        self._gather()
        nn.utils.clip_grad_norm_(self._weights, self.schedule.clip)
        list(self._pool.map(_update, self.optimizers))
        with torch.no_grad():
            share = 1 - ema_decay(self.step, self.schedule.ema_width)
            torch._foreach_lerp_(self._averages, self._weights, share)
            for mine, theirs in zip(self.average.buffers(), self.network.buffers(), strict=True):
                mine.copy_(theirs)
        self.step += 1
        return sum(losses)

    def _gather(self) -> None:
        """Add the replicas' gradients to the network's, in a fixed order."""
        for other in self._replicas[1:]:
            for mine, theirs in zip(self.network.parameters(), other.parameters(), strict=True):
                if mine.grad is not None and theirs.grad is not None:
                    mine.grad.add_(theirs.grad)
                theirs.grad = None

    def save(self, path: Path, identity: Mapping[str, object]) -> None:
        """Write the whole state, atomically, with `identity` to recognize the run by."""
        parts = {"network": self.network.state_dict(), "average": self.average.state_dict()}
        reached = Reached(self.step, self.schedule.steps, self.seconds)
        save_checkpoint(path, parts, self.optimizers, reached, identity)

    def restore(self, path: Path, identity: Mapping[str, object]) -> None:
        """Continue from a checkpoint of the same run.

        Raises:
            ValueError: the checkpoint belongs to another run.
        """
        checkpoint = read_checkpoint(path, identity, self.schedule.factor_of, self.schedule.steps)
        self.network.load_state_dict(checkpoint.part("network"))
        self.average.load_state_dict(checkpoint.part("average"))
        checkpoint.fill(self.optimizers)
        self.step, self.seconds = checkpoint.reached.step, checkpoint.reached.seconds


def run(
    trainer: Trainer,
    loss_of: ShardLoss,
    *,
    checkpoint: Path,
    identity: Mapping[str, object],
    on_step: Callable[[int, float], None],
    snapshots: Sequence[int] = (),
    on_snapshot: Callable[[int], None] = lambda step: None,
) -> None:
    """Train to the end of the schedule, resuming from `checkpoint` where that file exists.

    Args:
        trainer: the state, advanced in place.
        loss_of: the loss, a function of the step and the weights alone.
        checkpoint: written every `checkpoint_every` steps and at the end.
        identity: all that decides the weights but the number of steps; a checkpoint of another
            identity is refused.
        on_step: called with (steps done, loss) after each step.
        snapshots: steps after which `on_snapshot` is called.
        on_snapshot: called with the steps done.
    """
    if checkpoint.exists():
        trainer.restore(checkpoint, identity)
    wanted = frozenset(snapshots)
    while trainer.step < trainer.schedule.steps:
        started = time.monotonic()
        loss = trainer.advance(loss_of)
        trainer.seconds += time.monotonic() - started
        on_step(trainer.step, loss)
        if trainer.step in wanted:
            on_snapshot(trainer.step)
        last = trainer.step == trainer.schedule.steps
        if last or trainer.step % trainer.schedule.checkpoint_every == 0:
            trainer.save(checkpoint, identity)
