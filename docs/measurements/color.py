"""What color metrics see: `python docs/measurements/color.py [--plot docs/images/color.png]`.

Colored test digits are damaged in four ways, each by rising amounts, and compared with what they
were by `color_deg` and by three metrics that were not taken. A fifth comparison is with another
digit of the same class in the same or in an unrelated hue, as a translation gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import torch
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from bridgebench import normal, uniform
from bridgebench.toolkit.color import hsv_to_rgb, hue_difference, mean_hue, pixel_hue
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.formulas.color import hue_error, image_color

Metric = Callable[[Tensor, Tensor], Tensor]
Damage = Callable[[Tensor, float], Tensor]


def chosen(source: Tensor, output: Tensor) -> Tensor:
    """`color_deg`: the angle between mean hues, weighted by chroma; NaN without color."""
    return hue_error(image_color(source), image_color(output))


def unweighted(source: Tensor, output: Tensor) -> Tensor:
    """The angle between circular means of the hues of all pixels, black ones too, degrees."""

    def hue(images: Tensor) -> Tensor:
        angle = torch.deg2rad(pixel_hue(images))
        return torch.rad2deg(torch.atan2(angle.sin().sum((1, 2)), angle.cos().sum((1, 2))))

    return hue_difference(hue(source), hue(output))


def paired_rmse(source: Tensor, output: Tensor) -> Tensor:
    """Root mean squared difference of the pixels, images in [0, 1]."""
    return (source - output).square().mean((1, 2, 3)).sqrt() / 2


def mean_rgb(source: Tensor, output: Tensor) -> Tensor:
    """Distance of the mean colors of all pixels, images in [0, 1]."""
    return (source.mean((2, 3)) - output.mean((2, 3))).norm(dim=1) / 2


METRICS: Mapping[str, Metric] = {
    "color_deg": chosen,
    "unweighted hue": unweighted,
    "paired RMSE": paired_rmse,
    "mean RGB": mean_rgb,
}


def noisy(images: Tensor, amount: float) -> Tensor:
    """Normal noise of that standard deviation, on the scale of [-1, 1]."""
    ids = tuple(map(str, range(len(images))))
    return (images + amount * normal(0, "color noise", ids, images.shape[1:])).clamp(-1, 1)


def blurred(images: Tensor, amount: float) -> Tensor:
    """A Gaussian blur of that standard deviation, in pixels."""
    return gaussian_blur(images, [13, 13], [amount, amount]) if amount else images


def paler(images: Tensor, amount: float) -> Tensor:
    """That share of each pixel's saturation taken away, its largest channel as it was."""
    return images + amount * (images.amax(dim=1, keepdim=True) - images)


def turned(images: Tensor, amount: float) -> Tensor:
    """Every hue turned by that many degrees, value and saturation as they were."""
    value = (images.amax(dim=1) + 1) / 2
    low = (images.amin(dim=1) + 1) / 2
    saturation = torch.where(value > 0, 1 - low / value.clamp(min=1e-9), 0.0)
    rgb = hsv_to_rgb(pixel_hue(images) + amount, saturation, value)
    return 2 * rgb.movedim(-1, 1) - 1


DAMAGES: Mapping[str, tuple[Damage, tuple[float, ...]]] = {
    "noise": (noisy, (0.0, 0.05, 0.1, 0.2, 0.4)),
    "blur, pixels": (blurred, (0.0, 0.5, 1.0, 2.0)),
    "less saturation": (paler, (0.0, 0.25, 0.5, 0.75, 0.9)),
    "wrong hue, degrees": (turned, (0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0)),
}


@dataclass(frozen=True)
class Point:
    """What each metric says, a mean over images, of a damage by an amount."""

    damage: str
    amount: str
    found: Mapping[str, float]


def measured(n: int, seed: int) -> list[Point]:
    """All points."""
    items = ColoredMnist().items("digits", "test", n, seed)
    points = [
        Point(name, f"{amount:g}", _means(items.images, damage(items.images, amount)))
        for name, (damage, amounts) in DAMAGES.items()
        for amount in amounts
    ]
    hue = uniform(seed, "another hue", items.ids).float() * 360
    other = torch.arange(n).roll(1)
    value = (items.images[other].amax(dim=1) + 1) / 2
    for name, angle in (("same", mean_hue(items.images)), ("unrelated", hue)):
        rgb = hsv_to_rgb(angle[:, None, None], torch.ones(1), value)
        output = 2 * rgb.movedim(-1, 1) - 1
        points.append(Point("another digit, hue", name, _means(items.images, output)))
    return points


def _means(source: Tensor, output: Tensor) -> dict[str, float]:
    return {name: float(metric(source, output).nanmean()) for name, metric in METRICS.items()}


WIDTH, HEIGHT, PANEL = 960, 300, 240
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def draw(points: list[Point], path: Path) -> None:
    """A panel a damage, a line a metric, each as a share of its value for an unrelated hue."""
    whole = points[-1].found
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for place, damage in enumerate(DAMAGES):
        shown = [point for point in points if point.damage == damage]
        left, right, top, bottom = place * PANEL + 35, (place + 1) * PANEL - 10, 30, 230
        pen.rectangle((left, top, right, bottom), outline="#444444")
        pen.text((left, 8), damage, fill="#444444", font=font)
        for tick in (0.0, 1.0):
            y = bottom - tick / 2 * (bottom - top)
            pen.line((left, y, right, y), fill="#dddddd")
            pen.text((left - 5, y), f"{tick:g}", fill="#444444", font=font, anchor="rm")
        for metric, color in zip(METRICS, COLORS, strict=True):
            step = (right - left) / (len(shown) - 1)
            line = [
                (left + i * step, bottom - min(2.0, p.found[metric] / whole[metric]) / 2 * (200))
                for i, p in enumerate(shown)
            ]
            pen.line(line, fill=color, width=2)
        for i, point in enumerate(shown):
            x = left + i * (right - left) / (len(shown) - 1)
            pen.text((x, bottom + 5), point.amount, fill="#444444", font=font, anchor="mt")
    for place, (metric, color) in enumerate(zip(METRICS, COLORS, strict=True)):
        pen.line((35 + place * 180, 275, 60 + place * 180, 275), fill=color, width=3)
        pen.text((66 + place * 180, 275), metric, fill=color, font=font, anchor="lm")
    image.save(path, optimize=True)


@click.command()
@click.option("--n", type=click.IntRange(min=2, max=10000), default=1000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="A PNG to write.")
def main(n: int, seed: int, plot: Path | None) -> None:
    """Print what four color metrics say of damaged digits."""
    points = measured(n, seed)
    table = Table("damage", "amount", *METRICS)
    for point in track(points, console=Console(stderr=True), transient=True):
        numbers = (
            f"{value:.3f}" if value < 1 else f"{value:.1f}" for value in point.found.values()
        )
        table.add_row(point.damage, point.amount, *numbers)
    Console(width=120).print(table)
    if plot:
        draw(points, plot)


if __name__ == "__main__":
    main()
