"""Train a flow: `python -m bridgebench_otcfm.train`."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import torch
from rich.console import Console

from bridgebench import BridgebenchError, Dataset, Solver
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.nn.training import Trainer, run
from bridgebench.toolkit.nn.training_report import Smoothed, TrainingReport
from bridgebench.toolkit.nn.two_domains import TwoDomains, check_trainable
from bridgebench.toolkit.nn.weights import checked_sha256
from bridgebench_otcfm.card import card_text
from bridgebench_otcfm.pairs import Paths, PathStream, coupled_paths, flow_paths
from bridgebench_otcfm.recipe import CMNIST_TO7, FlowRecipe
from bridgebench_otcfm.training import flow_loss, fresh_trainer, in_bfloat16
from bridgebench_otcfm.weights import BY, load_flow

REFLOW_BATCHES = 32
"""Coupling batches of a reflow round, unless it is said how many pairs."""

_SNAPSHOTS = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000)


@dataclasses.dataclass(frozen=True)
class Reflow:
    """A reflow round.

    Attributes:
        first: the weights of the flow whose pairs are learned.
        pairs: how many there are; None for as many as `REFLOW_BATCHES` couplings have.
    """

    first: Path
    pairs: int | None = None

    def batches(self, coupling: int) -> int:
        """How many coupling batches the pairs fill."""
        if self.pairs is None:
            return REFLOW_BATCHES
        batches, rest = divmod(self.pairs, coupling)
        if rest:
            raise ValueError(
                f"{self.pairs} pairs are no multiple of the coupling of {coupling}; the nearest "
                f"are {max(1, batches) * coupling} and {(batches + 1) * coupling}"
            )
        return batches


@dataclasses.dataclass(frozen=True)
class Job:
    """One weights file to make.

    Attributes:
        name: of the file, without its suffix.
        trainer: the fresh run.
        stream: the paths that it learns.
        description: what the file says of itself.
        first: sha256 of the flow whose pairs it learns, "" for none.
        seed: of the run.
    """

    name: str
    trainer: Trainer
    stream: PathStream
    description: TwoDomains
    first: str
    seed: int

    def identity(self) -> dict[str, object]:
        """All that decides the weights but the number of steps."""
        recipe = self.stream.recipe.to_json()
        schedule = dataclasses.asdict(self.trainer.schedule)
        del schedule["steps"]
        return {
            "recipe": recipe | {"schedule": schedule},
            "first": self.first,
            "distinct": self.stream.distinct,
            "seed": self.seed,
            "workers": self.trainer.workers,
        }

    def facts(self, command: str) -> dict[str, object]:
        """Where the weights come from, as of now, for their manifest."""
        trainer = self.trainer
        return {
            "command": command,
            "recipe": self.stream.recipe.to_json(),
            "first_flow": self.first,
            "seed": self.seed,
            "steps": trainer.step,
            "images_seen": trainer.step * self.stream.recipe.batch,
            "seconds": round(trainer.seconds),
            "torch": torch.__version__,
            "workers": trainer.workers,
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        }


def make_job(
    recipe: FlowRecipe, name: str, seed: int, workers: int, reflow: Reflow | None = None
) -> Job:
    """The training of a recipe, or of a reflow round with its network and images."""
    if recipe.batch % workers:
        raise ValueError(f"{workers} threads cannot share batches of {recipe.batch} evenly")
    registry = load_registry()
    dataset = build(registry, Kind.DATASET, Dataset, recipe.dataset)
    for domain in (recipe.source, recipe.target):
        check_trainable(dataset, domain, recipe.coupling, "--coupling")
    make: Callable[[int], Paths] = partial(coupled_paths, dataset, recipe, seed)
    if reflow is not None:
        velocity = in_bfloat16(load_flow(reflow.first).to(memory_format=torch.channels_last))
        solver = build(registry, Kind.SOLVER, Solver, "heun")
        make = partial(flow_paths, velocity, solver, dataset, recipe, seed)
    channels, height, width = dataset.items(recipe.source, "train", 1, seed).images.shape[1:]
    if channels != recipe.network.image_channels:
        raise ValueError(
            f"{recipe.dataset} has images of {channels} channels, the recipe's network takes "
            f"{recipe.network.image_channels}"
        )
    return Job(
        name=name,
        trainer=fresh_trainer(recipe, seed, workers),
        stream=PathStream(make, recipe, reflow.batches(recipe.coupling) if reflow else None),
        description=TwoDomains(
            dataset=recipe.dataset,
            source=recipe.source,
            target=recipe.target,
            shape=(channels, height, width),
            architecture=recipe.network.to_json(),
        ),
        first=checked_sha256(reflow.first) if reflow else "",
        seed=seed,
    )


def train(job: Job, out: Path, command: str, console: Console) -> Path:
    """Run a job to its end below `out` and write its weights; returns their path."""
    trainer, batch = job.trainer, job.stream.recipe.batch

    def keep(step: int) -> None:
        name = f"{job.name}-{step:06d}"
        job.description.write(out / "snapshots", name, trainer.average, job.facts(command), BY)

    with TrainingReport(console, job.name, trainer.schedule.steps) as report:
        smooth = Smoothed()

        def show(step: int, loss: float) -> None:
            rate = step * batch / trainer.seconds
            report.show(step, f"loss {smooth.add(loss):.4f}  {rate:.0f} images/s")

        run(
            trainer,
            flow_loss(job.stream, job.seed),
            checkpoint=out / f"{job.name}.checkpoint.safetensors",
            identity=job.identity(),
            on_step=show,
            snapshots=_SNAPSHOTS,
            on_snapshot=keep,
        )
    facts = job.facts(command)
    card = card_text(job.name, job.description, job.stream.recipe, facts)
    (out / f"{job.name}.md").write_text(card, encoding="utf-8")
    return job.description.write(out, job.name, trainer.average, facts, BY)


@click.command()
@click.option("--dataset", default=CMNIST_TO7.dataset, show_default=True)
@click.option(
    "--source", default=CMNIST_TO7.source, show_default=True, help="Domain to set out from."
)
@click.option("--target", default=CMNIST_TO7.target, show_default=True, help="Domain to arrive in.")
@click.option("--name", default="cmnist_to7", show_default=True, help="Of the weights file.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/training"))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--steps", type=click.IntRange(min=1), default=CMNIST_TO7.schedule.steps, show_default=True
)
@click.option(
    "--coupling",
    type=click.IntRange(min=1),
    default=CMNIST_TO7.coupling,
    show_default=True,
    help="Images a side that are coupled at once.",
)
@click.option(
    "--reflow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Weights of a flow whose pairs to learn, instead of couplings: a reflow round.",
)
@click.option(
    "--pairs",
    type=click.IntRange(min=1),
    default=None,
    help=f"Pairs of a reflow round; left out: {REFLOW_BATCHES} times --coupling.",
)
@click.option("--resume/--restart", default=True, help="Go on from a checkpoint, or start anew.")
def main(
    dataset: str,
    source: str,
    target: str,
    name: str,
    out: Path,
    seed: int,
    threads: int,
    steps: int,
    coupling: int,
    reflow: Path | None,
    pairs: int | None,
    resume: bool,
) -> None:
    """Train a flow and write its weights, manifest, card, checkpoint and snapshots below --out.

    The same seed, recipe and number of threads give the same weights; a run that was stopped goes
    on from its last checkpoint.

    \b
    Examples:
      python -m bridgebench_otcfm.train
      python -m bridgebench_otcfm.train --target digit:3 --source not_digit:3 --name to3
      python -m bridgebench_otcfm.train --reflow runs/training/cmnist_to7.safetensors --name again
    """
    command = f"python -m bridgebench_otcfm.train {' '.join(_typed(click.get_current_context()))}"
    console = Console()
    torch.set_num_threads(1)
    try:
        recipe = dataclasses.replace(
            CMNIST_TO7,
            dataset=dataset,
            source=source,
            target=target,
            coupling=coupling,
            schedule=dataclasses.replace(CMNIST_TO7.schedule, steps=steps),
        )
        if reflow is None and pairs is not None:
            raise ValueError("--pairs says how many pairs a reflow round has; give --reflow, too")
        round_ = None if reflow is None else Reflow(reflow, pairs)
        job = make_job(recipe, name, seed, threads, round_)
        if not resume:
            (out / f"{name}.checkpoint.safetensors").unlink(missing_ok=True)
        path = train(job, out, command.strip(), console)
    except (BridgebenchError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    console.print(f"wrote {path}", soft_wrap=True, highlight=False)


_DECISIVE = (
    "dataset",
    "source",
    "target",
    "seed",
    "threads",
    "steps",
    "coupling",
    "reflow",
    "pairs",
)


def _typed(context: click.Context) -> list[str]:
    """The options that decide the weights and were given, as they were typed."""
    words = []
    for option in _DECISIVE:
        if context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            value = context.params[option]
            words.append(f"--{option} {value.name if isinstance(value, Path) else value}")
    return words


if __name__ == "__main__":
    main()
