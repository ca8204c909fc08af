"""Train the shipped networks: `python -m bridgebench_cmnist.train MODEL`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import click
import torch
from rich.console import Console
from torch import Tensor, nn

from bridgebench.errors import BridgebenchError
from bridgebench.toolkit.nn.optimizers import split_optimizers
from bridgebench.toolkit.nn.preconditioning import EDMScaling, Guide, RawNetwork, edm_loss
from bridgebench.toolkit.nn.training import Schedule, Shard, ShardLoss, Trainer, run
from bridgebench.toolkit.nn.training_report import Smoothed, TrainingReport
from bridgebench.toolkit.nn.unet import UNet
from bridgebench_cmnist.digits.files import load_digits
from bridgebench_cmnist.score.family import NULL_LABEL
from bridgebench_cmnist.training.classifier_data import ClassifierData
from bridgebench_cmnist.training.recipes import (
    CLASSIFIER,
    CLASSIFIER_2,
    LABELS,
    SEVENS,
    SIGMA_DATA,
    ClassifierRecipe,
    ScoreRecipe,
)
from bridgebench_cmnist.training.score_data import ScoreData, training_digits
from bridgebench_cmnist.weights import write_weights

_FIRST_SNAPSHOT = 500
_Module = TypeVar("_Module", bound=nn.Module)


def seeded(make: Callable[[], _Module], seed: int) -> _Module:
    """Make a network whose initial weights are a function of the seed, in channels_last."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make()
    network.to(memory_format=torch.channels_last)
    return network


def score_loss(data: ScoreData) -> ShardLoss:
    """The denoising loss, the network in bfloat16."""
    scaling, recipe = EDMScaling(SIGMA_DATA), data.recipe

    def loss_of(network: nn.Module, shard: Shard) -> Tensor:
        batch = data.batch(shard)

        def under(label: Tensor | None) -> RawNetwork:
            def raw(x: Tensor, c_noise: Tensor) -> Tensor:
                with torch.autocast("cpu", torch.bfloat16):
                    out: Tensor = network(x.to(memory_format=torch.channels_last), c_noise, label)
                return out

            return raw

        label = batch.label if recipe.network.classes else None
        guided = recipe.guidance > 0 and shard.step >= recipe.guide_from
        null = torch.full_like(batch.label, NULL_LABEL)
        guide = Guide(under(null), recipe.guidance) if guided else None
        return edm_loss(under(label), batch.clean, batch.noise, batch.sigma, scaling, guide)

    return loss_of


def classifier_loss(data: ClassifierData) -> ShardLoss:
    """The cross-entropy, the network in bfloat16."""

    def loss_of(network: nn.Module, shard: Shard) -> Tensor:
        images, labels = data.draw(shard)
        # Dropout draws from torch's stream, which therefore starts anew with each step.
        torch.manual_seed(data.seed * 1_000_003 + shard.step)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(images.to(memory_format=torch.channels_last))
        return nn.functional.cross_entropy(logits.float(), labels)

    return loss_of


def score_trainer(
    recipe: ScoreRecipe, seed: int, workers: int, start: Mapping[str, Tensor] | None = None
) -> Trainer:
    """A fresh training run of a score model, from the weights `start` where they are given."""
    network = seeded(lambda: UNet(recipe.network), seed)
    if start is not None:
        network.load_state_dict(start)
    average = seeded(lambda: UNet(recipe.network), seed)
    optimizers = split_optimizers(
        network,
        recipe.lr,
        recipe.decay,
        skip=(network.stem, network.head, network.embed),
        parts=workers,
    )
    return Trainer(network, average, optimizers, recipe.schedule, workers)


def classifier_trainer(recipe: ClassifierRecipe, seed: int) -> Trainer:
    """A fresh training run of a classifier."""
    network = seeded(recipe.network.build, seed)
    average = seeded(recipe.network.build, seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.decay)
    return Trainer(network, average, [optimizer], recipe.schedule)


@dataclasses.dataclass(frozen=True)
class Effort:
    """Optimizer steps, images seen and wall-clock seconds."""

    steps: int = 0
    images: int = 0
    seconds: float = 0.0

    def __add__(self, other: Effort) -> Effort:
        """Both, one after the other."""
        return Effort(
            self.steps + other.steps, self.images + other.images, self.seconds + other.seconds
        )


@dataclasses.dataclass(frozen=True)
class Job:
    """One weights file to make.

    Attributes:
        name: of the score model or extractor.
        trainer: the fresh run.
        loss_of: the loss of a part of a step.
        recipe: what decides the weights, for the manifest.
        description: kind and architecture, for the weights file.
        batch: images a step.
        before: what the trainings that this one goes on from have cost.
    """

    name: str
    trainer: Trainer
    loss_of: ShardLoss
    recipe: dict[str, object]
    description: dict[str, object]
    batch: int
    before: Effort = Effort()

    def effort(self) -> Effort:
        """What has gone into the weights so far."""
        steps, seconds = self.trainer.step, self.trainer.seconds
        return self.before + Effort(steps, steps * self.batch, seconds)


def classifier_job(name: str, recipe: ClassifierRecipe, seed: int) -> Job:
    """A digit classifier."""
    trainer = classifier_trainer(recipe, seed)
    data = ClassifierData(load_digits("train"), recipe.batch, seed)
    return Job(
        name=name,
        trainer=trainer,
        loss_of=classifier_loss(data),
        recipe=recipe.to_json(),
        description={"kind": recipe.network.kind, "architecture": recipe.network.to_json()},
        batch=recipe.batch,
    )


def score_job(
    name: str, recipe: ScoreRecipe, seed: int, workers: int, earlier: Job | None = None
) -> Job:
    """A score model, from the average of the `earlier` training where there was one."""
    start = earlier.trainer.average.state_dict() if earlier else None
    trainer = score_trainer(recipe, seed, workers, start)
    # Another stream of batches for each part, or a later one would see the first one's again.
    stream = seed + len(recipe.parts()) - 1
    data = ScoreData(training_digits(load_digits("train"), recipe.digit), recipe, stream)
    return Job(
        name=name,
        trainer=trainer,
        loss_of=score_loss(data),
        recipe=recipe.to_json(),
        description={
            "kind": "score network",
            "architecture": recipe.network.to_json(),
            "sigma_data": SIGMA_DATA,
            "digit": recipe.digit,
        },
        batch=recipe.batch,
        before=earlier.effort() if earlier else Effort(),
    )


def without_steps(recipe: dict[str, object]) -> dict[str, object]:
    """A recipe as a checkpoint remembers it: its length may still change."""
    schedule = recipe["schedule"]
    assert isinstance(schedule, dict)
    return recipe | {"schedule": {k: v for k, v in schedule.items() if k != "steps"}}


def snapshot_steps(steps: int) -> list[int]:
    """Steps at which to keep the average, for the curve of quality against steps: doubling.

    >>> snapshot_steps(3000)
    [500, 1000, 2000]
    """
    return [_FIRST_SNAPSHOT << k for k in range(32) if _FIRST_SNAPSHOT << k <= steps]


def training_facts(job: Job, seed: int, command: str) -> dict[str, object]:
    """Where a job's weights come from, as of now, for their manifest."""
    trainer, effort = job.trainer, job.effort()
    return {
        "command": command,
        "recipe": job.recipe,
        "seed": seed,
        "steps": effort.steps,
        "images_seen": effort.images,
        "seconds": round(effort.seconds),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "workers": trainer.workers,
    }


def train(job: Job, out: Path, seed: int, command: str, console: Console) -> Path:
    """Run a job to its end below `out` and write its weights; returns their path."""
    trainer = job.trainer
    steps = trainer.schedule.steps
    identity: dict[str, object] = {
        "name": job.name,
        "seed": seed,
        "recipe": without_steps(job.recipe),
        "threads": torch.get_num_threads(),
        "workers": trainer.workers,
    }

    def facts() -> dict[str, object]:
        return training_facts(job, seed, command)

    def keep(step: int) -> None:
        folder = out / "snapshots"
        write_weights(folder, f"{job.name}-{step:06d}", trainer.average, job.description, facts())

    with TrainingReport(console, job.name, steps) as report:
        smooth = Smoothed()

        def show(step: int, loss: float) -> None:
            rate = step * job.batch / trainer.seconds
            report.show(step, f"loss {smooth.add(loss):.4f}  {rate:.0f} images/s")

        run(
            trainer,
            job.loss_of,
            checkpoint=out / f"{job.name}.checkpoint.safetensors",
            identity=identity,
            on_step=show,
            snapshots=snapshot_steps(steps),
            on_snapshot=keep,
        )
    return write_weights(out, job.name, trainer.average, job.description, facts())


def planned(schedule: Schedule, steps: int | None) -> Schedule:
    """A schedule, with another number of steps where that is given."""
    return schedule if steps is None else dataclasses.replace(schedule, steps=steps)


def jobs(model: str, seed: int, threads: int, steps: int | None) -> Iterator[Job]:
    """The trainings of a model as typed, each to be run before the next is asked for."""
    classifier = {
        "classifier": ("cmnist_digits", CLASSIFIER),
        "classifier_2": ("cmnist_digits_2", CLASSIFIER_2),
    }.get(model)
    if classifier is not None:
        # Batch norm wants the whole batch in one place, so the threads share each operation.
        torch.set_num_threads(threads)
        extractor, of_classifier = classifier
        schedule = planned(of_classifier.schedule, steps)
        yield classifier_job(extractor, dataclasses.replace(of_classifier, schedule=schedule), seed)
        return
    torch.set_num_threads(1)
    *first, last = {"labels": LABELS, "sevens": SEVENS}[model].parts()
    job = None
    for number, recipe in enumerate((*first, last), start=1):
        name = f"cmnist_{model}" + (f".part{number}" if recipe is not last else "")
        recipe = dataclasses.replace(recipe, schedule=planned(recipe.schedule, steps))
        job = score_job(name, recipe, seed, threads, job)
        yield job


@click.command()
@click.argument("model", type=click.Choice(["classifier", "classifier_2", "labels", "sevens"]))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/training"))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=None,
    help="Of each part, instead of the recipe's.",
)
@click.option("--resume/--restart", default=True, help="Go on from a checkpoint, or start anew.")
def main(model: str, out: Path, seed: int, threads: int, steps: int | None, resume: bool) -> None:
    """Train MODEL and write its weights, manifest, checkpoint and snapshots below --out.

    The same seed, recipe and number of threads give the same weights; a run that was stopped goes
    on from its last checkpoint.
    """
    command = f"python -m bridgebench_cmnist.train {model} --seed {seed} --threads {threads}"
    command += f" --steps {steps}" if steps is not None else ""
    console = Console()
    for job in jobs(model, seed, threads, steps):
        if not resume:
            (out / f"{job.name}.checkpoint.safetensors").unlink(missing_ok=True)
        try:
            path = train(job, out, seed, command, console)
        except (BridgebenchError, ValueError, OSError) as error:
            raise click.ClickException(str(error)) from error
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
