"""Measure what the model cards say: `python -m bridgebench_cmnist.evaluate --help`.

How good translations are is measured by `bridgebench run`, like anybody's; the cards name the
commands.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bridgebench import BridgebenchError, Denoiser, ScoreModel, run
from bridgebench_cmnist.against_exact import SIGMAS, denoising_errors
from bridgebench_cmnist.dataset import ColoredMnist
from bridgebench_cmnist.extractor import DigitExtractor
from bridgebench_cmnist.score_models import CmnistLabels, CmnistSevens

_CPU = torch.device("cpu")
_BATCH = 500


def classifier_accuracy(extractor: DigitExtractor, seed: int) -> list[float]:
    """Accuracy on the colored test digits: overall, then of each digit from 0 to 9."""
    dataset = ColoredMnist()
    items = dataset.items("digits", "test", dataset.size("digits", "test"), seed)
    labels = torch.tensor([int(domain.removeprefix("digit:")) for domain in items.domains])
    classify = extractor.load(_CPU)
    seen = [classify(batch.images).logits for batch in items.batches(_BATCH)]
    logits = torch.cat([part for part in seen if part is not None])
    right = (logits.argmax(dim=1) == labels).double()
    return [right.mean().item(), *(right[labels == digit].mean().item() for digit in range(10))]


def images_per_second(denoiser: Denoiser, batch: int, seconds: float) -> float:
    """Median speed of network evaluations at one batch size, after a warm-up."""
    x = torch.randn(batch, 3, 32, 32)
    sigma = torch.full((batch,), 1.0)
    times: list[float] = []
    with torch.inference_mode():
        for _ in range(5):
            denoiser(x, sigma)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            denoiser(x, sigma)
            times.append(time.perf_counter() - start)
    return batch / statistics.median(times)


def generation_scores(
    task: str, models: tuple[str, ...], n: int, nfe: int, seed: int
) -> Iterator[Mapping[str, Any]]:
    """The row of each score model's images from noise, as the baseline random_latent makes them.

    With its step to 0: the noise that is left at sigma_min would be a third of the distance.
    """
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            board = run(
                task,
                method=["random_latent:last_step=true"],
                target_score=[model],
                solver=["dpm"],
                nfe=[nfe],
                n=n,
                seed=[seed],
                out=Path(folder) / model,
            )
            yield {str(name): value for name, value in board.iloc[0].items()}


@click.group()
def main() -> None:
    """Measure the shipped networks."""


@main.command()
@click.option("--weights", type=click.Path(path_type=Path), default=None)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def classifier(weights: Path | None, seed: int) -> None:
    """Accuracy of the digit classifier on the colored test digits, overall and per digit."""
    try:
        overall, *per_digit = classifier_accuracy(DigitExtractor(weights=weights), seed)
    except BridgebenchError as error:
        raise click.ClickException(str(error)) from error
    table = Table("digit", "accuracy")
    table.add_row("all", f"{overall:.4f}")
    for digit, accuracy in enumerate(per_digit):
        table.add_row(str(digit), f"{accuracy:.4f}")
    Console().print(table)


@main.command()
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=128, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0.1), default=5.0, show_default=True)
def throughput(threads: int, batch: int, seconds: float) -> None:
    """Network evaluations a second of the score models on the CPU, in both precisions."""
    torch.set_num_threads(threads)
    models: list[ScoreModel] = [CmnistLabels(), CmnistSevens()]
    table = Table("score model", "bf16 images/s", "fp32 images/s")
    for model in models:
        speeds = [
            images_per_second(
                model.load(_CPU, precision).denoiser(["digit:7"] * batch), batch, seconds
            )
            for precision in ("bf16", "fp32")
        ]
        table.add_row(model.name, *(f"{speed:.0f}" for speed in speeds))
    Console().print(table)


@main.command()
@click.option("--n", type=click.IntRange(min=1, max=6265), default=64, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def denoisers(n: int, seed: int) -> None:
    """Error of each network's denoiser against the exact one, by noise level.

    Mean squared differences on N colored training sevens plus noise. The irreducible error is that
    of the exact denoiser from the clean images.
    """
    errors = list(
        track(
            denoising_errors(n, seed),
            description="noise levels",
            total=len(SIGMAS),
            console=Console(stderr=True),
            transient=True,
        )
    )
    table = Table("sigma", "irreducible", *errors[0].of_networks)
    for error in errors:
        found = (f"{value:.2e}" for value in (error.irreducible, *error.of_networks.values()))
        table.add_row(f"{error.sigma:g}", *found)
    Console().print(table)


@main.command()
@click.option("--n", type=click.IntRange(min=2, max=1028), default=1000, show_default=True)
@click.option("--nfe", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--task", default="cmnist_to7", show_default=True)
@click.option("--model", "models", multiple=True, default=("cmnist_labels", "cmnist_sevens"))
def generation(n: int, nfe: int, seed: int, task: str, models: tuple[str, ...]) -> None:
    """FID of sevens made from noise (dpm), beside the floor of real ones at the same N.

    One step to sigma 0 comes after the NFE evaluations.
    """
    table = Table("score model", "FID", "95 %", "floor", "FID/floor", "FID infinity", "accuracy")
    try:
        rows = list(
            track(
                generation_scores(task, models, n, nfe, seed),
                description="score models",
                total=len(models),
                console=Console(stderr=True),
                transient=True,
            )
        )
    except BridgebenchError as error:
        raise click.ClickException(str(error)) from error
    for row in rows:
        if row["status"] != "ok":
            raise click.ClickException(f"{row['target_score']}: {row['reason']}")
        table.add_row(
            row["target_score"],
            f"{row['fid']:.2f}",
            f"{row['fid_low']:.2f} to {row['fid_high']:.2f}",
            f"{row['fid_floor']:.2f}",
            f"{row['fid'] / row['fid_floor']:.1f}",
            f"{row['fid_infinity']:.2f}",
            f"{row['accuracy']:.3f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
