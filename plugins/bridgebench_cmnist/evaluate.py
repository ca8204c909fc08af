"""Measure what the model cards say: `python -m bridgebench_cmnist.evaluate classifier|throughput`.

How good the score models are is measured by `bridgebench run`, like anybody's; the cards name the
commands.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.table import Table

from bridgebench import BridgebenchError, Denoiser, ScoreModel
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


if __name__ == "__main__":
    main()
