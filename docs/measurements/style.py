"""What the metric style sees: `python docs/measurements/style.py [--coverage]`.

Colored test digits are changed in ways that a translation might, and compared with what they were.
A change that is the same for all images is one thing; a trait that each image changes by an amount
of its own is another, as a correlation across images only loses by the second. With `--coverage`,
how often the intervals contain the value that a large sample has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import click
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate, max_pool2d
from torchvision.transforms.functional import gaussian_blur

from bridgebench import Items, generator, normal, uniform
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.formulas.color import hsv_value
from bridgebench_metrics.formulas.handwriting import Handwriting, handwriting
from bridgebench_metrics.style import style_scores

COLUMNS = ("slant_r", "thickness_r", "style_r")


def sheared(images: Tensor, slant: Tensor) -> Tensor:
    """(B, C, H, W) images whose strokes lean (B,) more to the right, about their center."""
    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = 1.0
    theta[:, 0, 1] = slant
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return grid_sample(images + 1, grid, align_corners=False) - 1


def dilated(images: Tensor, by: float) -> Tensor:
    """Strokes wider by a multiple of 0.5 pixels on each side: the brightest value within reach."""
    reach = round(2 * by)
    large = interpolate(images, scale_factor=2, mode="bilinear")
    return avg_pool2d(max_pool2d(large, 2 * reach + 1, stride=1, padding=reach), 2)


def eroded(images: Tensor, by: float) -> Tensor:
    """Strokes narrower by a multiple of 0.5 pixels on each side: the darkest value within reach."""
    return -dilated(-images, by)


def thicker_or_thinner(items: Items, by: float) -> Tensor:
    """A third of the images dilated, a third eroded, by chance."""
    which = (uniform(0, "thicker or thinner", items.ids) * 3).long()[:, None, None, None]
    thin = torch.where(which == 1, eroded(items.images, by), items.images)
    return torch.where(which == 0, dilated(items.images, by), thin)


def recolored(items: Items) -> Tensor:
    """Every image in another hue."""
    hue = uniform(0, "another hue", items.ids).float()[:, None, None] * 360
    rgb = hsv_to_rgb(hue, torch.ones(1), hsv_value(items.images))
    return 2 * rgb.movedim(-1, 1) - 1


def noisy(items: Items, amount: float) -> Tensor:
    """Normal noise of that standard deviation, on the scale of [-1, 1]."""
    noise = normal(0, "style noise", items.ids, items.images.shape[1:])
    return (items.images + amount * noise).clamp(-1, 1)


def leaning(items: Items, amount: float) -> Tensor:
    """Every image sheared by an amount of its own, of that standard deviation."""
    return sheared(items.images, amount * normal(0, "leaning", items.ids, (1,)).squeeze(1))


def another(items: Items, alike: bool) -> Tensor:
    """Another image for each; with `alike`, another one of the same class."""
    images = items.images.clone()
    classes = sorted(set(items.domains)) if alike else [""]
    for name in classes:
        members = [i for i, domain in enumerate(items.domains) if name in ("", domain)]
        images[members] = items.images[members[1:] + members[:1]]
    return images


def some_black(items: Items, share: float) -> Tensor:
    """That share of the images without ink."""
    black = uniform(0, "black", items.ids)[:, None, None, None] < share
    return torch.where(black, -1.0, items.images)


CHANGES: Mapping[str, Callable[[Items], Tensor]] = {
    "none": lambda items: items.images,
    "another hue": recolored,
    "moved by 2 pixels": lambda items: items.images.roll((2, 2), (2, 3)),
    "half as bright": lambda items: (items.images + 1) / 2 - 1,
    "blurred by 1 pixel": lambda items: gaussian_blur(items.images, [9, 9], [1.0, 1.0]),
    "noise of 0.05": lambda items: noisy(items, 0.05),
    "noise of 0.1": lambda items: noisy(items, 0.1),
    "background of 0.1": lambda items: items.images.clamp(min=-0.8),
    "all sheared by 0.3": lambda items: sheared(items.images, torch.tensor(0.3)),
    "all dilated by 0.5 pixels": lambda items: dilated(items.images, 0.5),
    "all dilated by 1 pixel": lambda items: dilated(items.images, 1.0),
    "all eroded by 0.5 pixels": lambda items: eroded(items.images, 0.5),
    "all eroded by 1 pixel": lambda items: eroded(items.images, 1.0),
    "each sheared by ±0.1": lambda items: leaning(items, 0.1),
    "each sheared by ±0.3": lambda items: leaning(items, 0.3),
    "each dilated, eroded by 0.5, or neither": lambda items: thicker_or_thinner(items, 0.5),
    "mirrored": lambda items: items.images.flip(3),
    "a tenth without ink": lambda items: some_black(items, 0.1),
    "half without ink": lambda items: some_black(items, 0.5),
    "another digit of the same class": lambda items: another(items, alike=True),
    "another digit": lambda items: another(items, alike=False),
    "one digit for all": lambda items: items.images[:1].expand_as(items.images),
}


def traits(images: Tensor) -> Handwriting:
    """The handwriting of (B, C, H, W) images."""
    return handwriting(hsv_value(images))


def measured(n: int, seed: int) -> dict[str, dict[str, float]]:
    """The columns of style by change."""
    items = ColoredMnist().items("digits", "test", n, seed)
    source = traits(items.images)
    found = {name: style_scores(source, traits(make(items))) for name, make in CHANGES.items()}
    return {
        name: {column: float(scores[column].value or 0.0) for column in COLUMNS}
        for name, scores in found.items()
    }


COVERED = ("each sheared by ±0.3", "each dilated, eroded by 0.5, or neither", "another digit")
"""The changes whose intervals are checked: of the slant, of the thickness, and of nothing kept."""


@dataclass(frozen=True)
class Covered:
    """How often intervals of n images contain the value of the whole sample.

    change  how the outputs were made; the sources are test digits
    value   the column's value for the whole sample
    held    the share of intervals that contain it
    """

    change: str
    column: str
    n: int
    value: float
    held: float


def coverage(n: int, samples: int, seed: int = 0) -> Iterator[Covered]:
    """Of samples of n with replacement out of 4,000 images, whose values are known."""
    items = ColoredMnist().items("digits", "test", 4000, seed)
    source = traits(items.images)
    draw = generator(seed, "coverage of style", str(n))
    for change in COVERED:
        output = traits(CHANGES[change](items))
        whole = style_scores(source, output)
        held = dict.fromkeys(COLUMNS, 0)
        for _ in range(samples):
            picked = torch.from_numpy(draw.integers(len(items.ids), size=n))
            scores = style_scores(_part(source, picked), _part(output, picked))
            for column, score in scores.items():
                held[column] += score.low <= whole[column].value <= score.high
        for column in COLUMNS:
            yield Covered(change, column, n, whole[column].value, held[column] / samples)


def _part(whole: Handwriting, picked: Tensor) -> Handwriting:
    return Handwriting(whole.slant[picked], whole.thickness[picked], whole.ink[picked])


@click.command()
@click.option("--n", type=click.IntRange(min=4, max=10000), default=1000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--coverage", "covers", is_flag=True, help="How well the intervals cover, instead.")
@click.option("--samples", type=click.IntRange(min=1), default=1000, show_default=True)
def main(n: int, seed: int, covers: bool, samples: int) -> None:
    """Print what style says of changed digits."""
    if covers:
        table = Table("change", "column", "n", "value", "covered")
        for line in (line for size in (128, 512) for line in coverage(size, samples, seed)):
            value, held = f"{line.value:.2f}", f"{line.held:.3f}"
            table.add_row(line.change, line.column, str(line.n), value, held)
    else:
        table = Table("change", *COLUMNS)
        for change, row in measured(n, seed).items():
            table.add_row(change, *(f"{row[column]:.2f}" for column in COLUMNS))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
