"""What each distance sees: `python docs/measurements/distances.py`.

Held-out real sevens are damaged in one way at a time and scored against the reference images of the
task `cmnist_to7`, as a row of its board is: by FID, SWD, KID, precision, recall, memorization and
diversity. The first line is of real sevens as they are, the floor of every number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import click
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, max_pool2d
from torchvision.transforms.functional import gaussian_blur

from bridgebench import Extracted, Items, Metric, Observed, Population, normal
from bridgebench.toolkit.color import hsv_to_rgb, mean_hue
from bridgebench_cmnist.classifier.extractor import DigitExtractor
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.diversity import Diversity
from bridgebench_metrics.fid import Fid
from bridgebench_metrics.kid import Kid
from bridgebench_metrics.memorization import Memorization
from bridgebench_metrics.precision_recall import PrecisionRecall
from bridgebench_metrics.swd import Swd

T = TypeVar("T")
Damage = Callable[[Tensor], Tensor]

METRICS: tuple[Metric, ...] = (Fid(), Swd(), Kid(), PrecisionRecall(), Memorization(), Diversity())
COLUMNS = ("fid", "swd", "kid", "feature_precision", "feature_recall", "memorization", "diversity")
BATCH = 500
RUNS = 20


@dataclass(frozen=True)
class Board:
    """What the metrics compare with: the context of a run of the task."""

    n: int
    seed: int
    extractor: str = "cmnist_digits"
    _kept: dict[str, Any] = field(default_factory=dict)

    def reference(self) -> Population:
        """All training sevens."""
        return self._population("train", 0)

    def held_out(self) -> Population:
        """All test sevens, in the colors and the order of the seed."""
        return self._population("test", self.seed)

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._kept:
            self._kept[key] = compute()
        found: T = self._kept[key]
        return found

    def _population(self, split: str, seed: int) -> Population:
        items = _sevens(split, seed)
        return Population(
            items,
            lambda spec: self.once(f"{split} {spec}", lambda: extract(spec, items.images)),
            lambda key, compute: self.once(f"{split}/{key}", compute),
        )


@cache
def _sevens(split: str, seed: int) -> Items:
    dataset = ColoredMnist()
    return dataset.items("digit:7", split, dataset.size("digit:7", split), seed)


def extract(spec: str, images: Tensor) -> Extracted:
    """What the digit extractor sees, whatever the spec."""
    classify = DigitExtractor().load(torch.device("cpu"))
    return Extracted(torch.cat([classify(part).features for part in images.split(BATCH)]), None)


def values(images: Tensor) -> Tensor:
    """V of each pixel, (N, H, W) in [0, 1]."""
    return (images.amax(dim=1) + 1) / 2


def recolored(value: Tensor, hue: Tensor) -> Tensor:
    """(N, H, W) values in (N,) hues, degrees, at full saturation."""
    rgb = hsv_to_rgb(hue[:, None, None], torch.ones(()), value)
    return 2 * rgb.movedim(-1, 1) - 1


def all_red(images: Tensor) -> Tensor:
    """Every image in the hue 0."""
    return recolored(values(images), torch.zeros(len(images)))


def gray(images: Tensor) -> Tensor:
    """The mean of the channels in each."""
    return images.mean(dim=1, keepdim=True).expand_as(images).contiguous()


def half_the_hues(images: Tensor) -> Tensor:
    """Hues from 0° to 180° alone."""
    return recolored(values(images), mean_hue(images) / 2)


def brighter_ground(images: Tensor) -> Tensor:
    """Nothing darker than -0.9 instead of -1."""
    return images.clamp(min=-0.9)


def blurred(images: Tensor) -> Tensor:
    """A Gaussian blur of one pixel."""
    return gaussian_blur(images, [7, 7], [1.0, 1.0])


def dilated(images: Tensor) -> Tensor:
    """Strokes two pixels thicker: the largest value of 3x3 pixels."""
    return max_pool2d(images, 3, stride=1, padding=1)


def eroded(images: Tensor) -> Tensor:
    """Strokes thinner: the least value of 2x2 pixels."""
    padded = torch.nn.functional.pad(images, (0, 1, 0, 1), value=-1.0)
    return -max_pool2d(-padded, 2, stride=1)


def sheared(images: Tensor) -> Tensor:
    """Leaning by three tenths of the height more."""
    matrix = torch.tensor([[1.0, 0.3, 0.0], [0.0, 1.0, 0.0]]).expand(len(images), -1, -1)
    grid = affine_grid(matrix, list(images.shape), align_corners=False)
    return grid_sample(images + 1, grid, align_corners=False) - 1


def one_seven(images: Tensor) -> Tensor:
    """The first seven again and again, in the hue of each."""
    return recolored(values(images[:1]).expand(len(images), -1, -1), mean_hue(images))


def mirrored(images: Tensor) -> Tensor:
    """Left and right exchanged."""
    return images.flip(3)


def noisy(images: Tensor) -> Tensor:
    """Normal noise of standard deviation 0.1."""
    ids = tuple(map(str, range(len(images))))
    return (images + 0.1 * normal(0, "distance noise", ids, images.shape[1:])).clamp(-1, 1)


def ones(images: Tensor) -> Tensor:
    """Test ones in the hue of each."""
    items = ColoredMnist().items("digit:1", "test", len(images), 0)
    return recolored(values(items.images), mean_hue(images))


DAMAGES: Mapping[str, Damage] = {
    "none (the floor)": lambda images: images,
    "all red": all_red,
    "gray": gray,
    "half the hues": half_the_hues,
    "background -1 to -0.9": brighter_ground,
    "blur of 1 pixel": blurred,
    "strokes dilated": dilated,
    "strokes eroded": eroded,
    "sheared by 0.3": sheared,
    "one seven, recolored": one_seven,
    "mirrored": mirrored,
    "ones, recolored": ones,
    "noise of 0.1": noisy,
}


def scored(board: Board, images: Tensor, source: Items) -> dict[str, float | None]:
    """The columns of some images, as a run has them."""
    found: dict[str, float | None] = {}
    observed = Observed(source.images[: board.n], images, source.ids[: board.n], None, extract)
    for metric in METRICS:
        meter = metric.meter(board)
        meter.update(observed)
        found |= {column: score.value for column, score in meter.compute().items()}
    return found


def lines(n: int, seed: int) -> Iterator[tuple[str, Mapping[str, float | None]]]:
    """The columns of each damage."""
    board = Board(n, seed)
    real = _sevens("test", seed)
    for name, damage in DAMAGES.items():
        yield name, scored(board, damage(real.images[:n]), real)


def milliseconds(metric: Metric, n: int) -> float:
    """Processor time of a metric for n images once the reference is known: least of several runs.

    What its extractor takes is left out.
    """
    board = Board(n, 0)
    real = _sevens("test", 0)
    seen = cache(extract)
    times = []
    for _ in range(RUNS):
        meter = metric.meter(board)
        observed = Observed(real.images[:n], real.images[:n], real.ids[:n], None, seen)
        start = time.process_time()
        meter.update(observed)
        meter.compute()
        times.append(time.process_time() - start)
    return 1000 * min(times)


@click.command()
@click.option("--n", type=click.IntRange(min=2, max=1028), default=512, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def main(n: int, seed: int) -> None:
    """Print what each distance says of damaged sevens."""
    torch.set_num_threads(1)
    table = Table("sevens", *COLUMNS)
    shown = track(lines(n, seed), total=len(DAMAGES), console=Console(stderr=True), transient=True)
    for name, found in shown:
        cells = ("" if (value := found[column]) is None else f"{value:.3g}" for column in COLUMNS)
        table.add_row(name, *cells)
    console = Console(width=140)
    console.print(table)
    console.print(f"swd: {milliseconds(Swd(), 128):.1f} ms of one core for 128 images")


if __name__ == "__main__":
    main()
