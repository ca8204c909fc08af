"""Train a pair of generators: `python -m bridgebench_cyclegan.train`."""

from __future__ import annotations

import dataclasses
import os
import platform
from pathlib import Path

import click
import torch
from rich.console import Console

from bridgebench import BridgebenchError, Dataset, InvalidOption
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.toolkit.nn.training_report import TrainingReport
from bridgebench.toolkit.nn.two_domains import TwoDomains, check_trainable
from bridgebench_cyclegan.card import card_text
from bridgebench_cyclegan.image_stream import ImageStream
from bridgebench_cyclegan.recipe import CMNIST_TO7, CycleGanRecipe
from bridgebench_cyclegan.training import CycleGanTrainer, Losses, run
from bridgebench_cyclegan.weights import BY, SHIPPED


@dataclasses.dataclass(frozen=True)
class Job:
    """One weights file to make.

    Attributes:
        name: of the file, without its suffix.
        trainer: the fresh run.
        stream: the images that it learns from.
        description: what the file says of itself.
    """

    name: str
    trainer: CycleGanTrainer
    stream: ImageStream
    description: TwoDomains

    def identity(self) -> dict[str, object]:
        """All that decides the weights but the number of steps."""
        trainer = self.trainer
        recipe = {k: v for k, v in trainer.recipe.to_json().items() if k != "steps"}
        return {
            "recipe": recipe,
            "seed": trainer.seed,
            "threads": torch.get_num_threads(),
        }

    def facts(self, command: str) -> dict[str, object]:
        """Where the weights come from, as of now, for their manifest."""
        trainer = self.trainer
        return {
            "command": command,
            "recipe": trainer.recipe.to_json(),
            "seed": trainer.seed,
            "steps": trainer.step,
            "images_seen": 2 * trainer.step * trainer.recipe.batch,
            "seconds": round(trainer.seconds),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        }


def make_job(recipe: CycleGanRecipe, name: str, seed: int) -> Job:
    """The training of a recipe; a UsageError where its dataset cannot give what it asks for."""
    dataset = build(load_registry(), Kind.DATASET, Dataset, recipe.dataset)
    stream = ImageStream(dataset, recipe, seed)
    for domain in (recipe.source, recipe.target):
        check_trainable(dataset, domain, stream.batches * recipe.batch, "--batch")
    shape = tuple(dataset.items(recipe.source, "train", 1, seed).images.shape[1:])
    if (
        len(shape) != 3
        or shape[0] != recipe.generator.image_channels
        or shape[1] % 8 + shape[2] % 8
    ):
        raise InvalidOption(
            f"{recipe.dataset} has items of shape {shape}; the networks take images of "
            f"{recipe.generator.image_channels} channels, their sides multiples of 8"
        )
    description = TwoDomains(
        dataset=recipe.dataset,
        source=recipe.source,
        target=recipe.target,
        shape=shape,
        architecture=recipe.generator.to_json(),
    )
    return Job(name, CycleGanTrainer(recipe, seed), stream, description)


def train(job: Job, out: Path, command: str, console: Console) -> Path:
    """Run a job to its end below `out` and write weights and card; returns the former's path."""
    trainer = job.trainer
    steps, batch = trainer.recipe.steps, trainer.recipe.batch
    with TrainingReport(console, job.name, steps) as report:

        def show(step: int, losses: Losses) -> None:
            rate = step * batch / trainer.seconds
            report.show(
                step,
                f"generators {losses.generators:.3f}  discriminators {losses.discriminators:.3f}  "
                f"cycle {losses.cycle:.4f}  {rate:.0f} images/s",
            )

        run(
            trainer,
            job.stream,
            checkpoint=out / f"{job.name}.checkpoint.safetensors",
            identity=job.identity(),
            on_step=show,
        )
    facts = job.facts(command)
    card = card_text(job.name, job.description, trainer.recipe, facts)
    (out / f"{job.name}.md").write_text(card, encoding="utf-8")
    return job.description.write(out, job.name, trainer.average, facts, BY)


@click.command()
@click.option("--dataset", default=CMNIST_TO7.dataset, show_default=True)
@click.option("--source", default=CMNIST_TO7.source, show_default=True, help="The one domain.")
@click.option("--target", default=CMNIST_TO7.target, show_default=True, help="The other domain.")
@click.option("--name", default=SHIPPED, show_default=True, help="Of the weights file.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/training"))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=CMNIST_TO7.steps, show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=CMNIST_TO7.batch, show_default=True)
@click.option(
    "--cycle",
    type=click.FloatRange(min=0),
    default=CMNIST_TO7.cycle,
    show_default=True,
    help="Weight of the cycle terms.",
)
@click.option(
    "--identity",
    type=click.FloatRange(min=0),
    default=CMNIST_TO7.identity,
    show_default=True,
    help="Weight of the identity terms.",
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
    batch: int,
    cycle: float,
    identity: float,
    resume: bool,
) -> None:
    """Train generators both ways and write weights, manifest, card and checkpoint below --out.

    The same seed, recipe and number of threads give the same weights; a run that was stopped goes
    on from its last checkpoint.

    \b
    Examples:
      python -m bridgebench_cyclegan.train
      python -m bridgebench_cyclegan.train --source not_digit:3 --target digit:3 --name to3
      python -m bridgebench_cyclegan.train --steps 200 --cycle 1 --out runs/pilot
    """
    torch.set_num_threads(threads)
    recipe = dataclasses.replace(
        CMNIST_TO7,
        dataset=dataset,
        source=source,
        target=target,
        steps=steps,
        batch=batch,
        cycle=cycle,
        identity=identity,
    )
    usual, chosen = CMNIST_TO7.to_json(), recipe.to_json()
    other = {key: value for key, value in chosen.items() if value != usual[key]}
    command = f"python -m bridgebench_cyclegan.train --seed {seed} --threads {threads}"
    command += "".join(f" --{key} {value}" for key, value in other.items())
    command += f" --name {name}" if name != SHIPPED else ""
    console = Console()
    try:
        job = make_job(recipe, name, seed)
        if not resume:
            (out / f"{name}.checkpoint.safetensors").unlink(missing_ok=True)
        path = train(job, out, command, console)
    except (BridgebenchError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    console.print(f"wrote {path}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
