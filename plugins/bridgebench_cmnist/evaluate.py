"""Measure what the model cards say: `python -m bridgebench_cmnist.evaluate --help`.

How good translations are is measured by `bridgebench run`, like anybody's; the cards name the
commands.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from bridgebench import (
    BridgebenchError,
    Denoiser,
    Extractor,
    Items,
    LoadedExtractor,
    ScoreModel,
    run,
)
from bridgebench_cmnist.classifier.extractor import DigitExtractor, SecondDigitExtractor
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.exact.model import CmnistExact
from bridgebench_cmnist.exact.network_error import SIGMAS, denoising_errors
from bridgebench_cmnist.score.models import CmnistLabels, CmnistSevens

_CPU = torch.device("cpu")
_BATCH = 500
_EXACT_SIGMAS = (0.02, 0.3, 2.0, 80.0)
_EXACT_BATCHES = {"digit:7": 128, "digits": 32}


def shares_of(yes: Tensor, labels: Tensor) -> list[float]:
    """The share of the (N,) bools that hold: overall, then of each label from 0 to 9."""
    held = yes.double()
    return [held.mean().item(), *(held[labels == digit].mean().item() for digit in range(10))]


def calls(classify: LoadedExtractor, items: Items) -> Tensor:
    """The digit that a classifier names in each image, (N,) int64."""
    seen = [classify(batch.images).logits for batch in items.batches(_BATCH)]
    return torch.cat([part for part in seen if part is not None]).argmax(dim=1)


def colored_test_digits(seed: int) -> tuple[Items, Tensor]:
    """All test digits in the colors of a seed, and their labels, (N,) int64."""
    dataset = ColoredMnist()
    items = dataset.items("digits", "test", dataset.size("digits", "test"), seed)
    return items, torch.tensor([int(domain.removeprefix("digit:")) for domain in items.domains])


def classifier_accuracy(extractor: Extractor, seed: int) -> list[float]:
    """Accuracy on the colored test digits: overall, then of each digit from 0 to 9."""
    items, labels = colored_test_digits(seed)
    return shares_of(calls(extractor.load(_CPU), items) == labels, labels)


def classifier_agreement(first: Extractor, second: Extractor, seed: int) -> list[float]:
    """The share of colored test digits in which both name one digit, as `classifier_accuracy`."""
    items, labels = colored_test_digits(seed)
    named = [calls(extractor.load(_CPU), items) for extractor in (first, second)]
    return shares_of(named[0] == named[1], labels)


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


def exact_seconds(domain: str, sigma: float, batch: int) -> float:
    """CPU seconds that `cmnist_exact` takes for each image of a batch of noisy sevens."""
    denoiser = CmnistExact().load(_CPU, "fp32").denoiser((domain,) * batch)
    clean = ColoredMnist().items("digit:7", "test", batch, 0).images
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    levels = torch.full((batch,), sigma)
    begun = time.process_time()
    denoiser(clean + sigma * noise, levels)
    return (time.process_time() - begun) / batch


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
    with one_line():
        accuracy = classifier_accuracy(DigitExtractor(weights=weights), seed)
        show_by_digit({"accuracy": accuracy})


@main.command("classifier_2")
@click.option("--weights", type=click.Path(path_type=Path), default=None)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def classifier_2(weights: Path | None, seed: int) -> None:
    """Accuracy of the second classifier, and how often the shipped first one agrees with it."""
    second = SecondDigitExtractor(weights=weights)
    with one_line():
        accuracy = classifier_accuracy(second, seed)
        agreement = classifier_agreement(DigitExtractor(weights=None), second, seed)
        show_by_digit({"accuracy": accuracy, "agreement": agreement})


@contextmanager
def one_line() -> Iterator[None]:
    """Show an error of ours in one line."""
    try:
        yield
    except BridgebenchError as error:
        raise click.ClickException(str(error)) from error


def show_by_digit(shares: Mapping[str, list[float]]) -> None:
    """A table of shares, overall and of each digit."""
    table = Table("digit", *shares)
    for digit, row in zip(("all", *range(10)), zip(*shares.values(), strict=True), strict=True):
        table.add_row(str(digit), *(f"{share:.4f}" for share in row))
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
def exact_cost() -> None:
    """Milliseconds of an image by `cmnist_exact` on one thread, for two domains and four levels."""
    torch.set_num_threads(1)
    for domain, batch in _EXACT_BATCHES.items():
        for sigma in _EXACT_SIGMAS:
            milliseconds = 1e3 * exact_seconds(domain, sigma, batch)
            click.echo(f"{domain} sigma={sigma:g}: {milliseconds:.1f} ms an image")


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
