"""How often intervals cover and ties hold: `python docs/measurements/coverage.py`.

Shares are computed exactly, from the binomial distribution. The others are simulated: samples with
replacement from a known population, whose expectation at that n is the mean over all samples. The
features of FID and KID are those of colored digits under the shipped classifier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

import click
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats

from bridgebench import Estimate, bootstrap_mean, exact_share, positive_interval
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.pairs import ALPHA, pair_p_values
from bridgebench.leaderboard.table.ranks import tie_groups
from bridgebench.toolkit.color import mean_hue
from bridgebench.toolkit.statistics.paired import holm
from bridgebench_cmnist.classifier.extractor import DigitExtractor
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.formulas.finite_n import at_infinity, excess_variance
from bridgebench_metrics.formulas.frechet import frechet, gaussian
from bridgebench_metrics.formulas.kernel import blocks_of, kernel_distance, kernel_interval
from bridgebench_metrics.formulas.sliced_wasserstein import (
    Sliced,
    pooled,
    sliced,
    sliced_distance,
)
from bridgebench_metrics.swd import Swd

Array = NDArray[np.float64]
PARTS = ("shares", "means", "distances", "pixels", "ties", "levels")
ROWS = 200
APART = 5.0
"""Standard errors of the difference."""
COMMON = 0.5
"""The share of images on which all rows have the same luck."""
LEVELS = ((2, 5), (3, 10), (5, 4), (5, 40))
"""How many levels of truly equal rows, and how many rows each."""
SEPARATIONS = (3.0, 4.0, 5.0, 6.0, 8.0)
"""Standard errors of the difference between a level and the next."""
TOP = 0.9
"""The share of the best level."""


@dataclass(frozen=True)
class Line:
    """A line of the table: what, of which population, at which n, and the share that held."""

    what: str
    of: str
    n: int
    held: float
    note: str = ""


def shares(n: int) -> Line:
    """The exact interval for shares of 0 to 100 %, by enumeration."""
    held = _of_every_share(np.array([exact_share(k, n)[1:] for k in range(n + 1)]))
    return Line("share", "0 % to 100 %", n, float(np.mean(held)), f"from {min(held):.3f}")


def shares_by_wilson(n: int) -> Line:
    """The same of Wilson's interval."""
    tests = (stats.binomtest(k, n) for k in range(n + 1))
    held = _of_every_share(np.array([test.proportion_ci(method="wilson") for test in tests]))
    return Line("share", "by Wilson", n, float(np.mean(held)), f"from {min(held):.3f}")


def _of_every_share(ends: Array) -> Array:
    """How often (n + 1, 2) intervals cover, for shares on a grid and right beside all ends."""
    n = len(ends) - 1
    beside = np.unique(ends)[:, None] + np.array([-1e-9, 1e-9])
    levels = np.unique(np.clip(np.r_[np.linspace(0, 1, 2001), beside.ravel()], 0, 1))
    inside = (ends[:, 0, None] <= levels) & (levels <= ends[:, 1, None])
    chance = stats.binom.pmf(np.arange(n + 1)[:, None], n, levels)
    return np.asarray((chance * inside).sum(axis=0))


def color_errors(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Hue errors of a good method: most near 7°, one in eight unrelated."""
    near = np.minimum(rng.exponential(7.0, size), 180.0)
    return np.where(rng.random(size) < 0.125, rng.uniform(0.0, 180.0, size), near)


def means(n: int, samples: int) -> Line:
    """The bootstrap's interval for the mean of skewed values."""
    rng = np.random.default_rng(0)
    truth = color_errors(rng, (1000, 2000)).mean()
    found = [bootstrap_mean(values, seed=0) for values in color_errors(rng, (samples, n))]
    return Line("mean", "hue errors", n, _covered(found, float(truth)))


@dataclass(frozen=True)
class Features:
    """Features (N, 64) of the reference, and of the populations that are drawn from."""

    reference: torch.Tensor
    populations: dict[str, torch.Tensor]


def features() -> Features:
    """Colored sevens in other hues, sevens a little off, and sevens with other images among them.

    The sevens a little off lie on the line from each seven's features to those of the seven with
    noise of 0.15, a tenth of the way.
    """
    extract = DigitExtractor().load(torch.device("cpu"))

    def of(images: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return torch.cat([extract(part).features.double() for part in images.split(500)])

    dataset = ColoredMnist()
    size = dataset.size("digit:7", "train")
    sevens = dataset.items("digit:7", "train", size, 1).images
    noise = 0.15 * torch.randn(sevens.shape, generator=torch.Generator().manual_seed(0))
    real, off = of(sevens), of((sevens + noise).clamp(-1, 1))
    others = of(dataset.items("not_digit:7", "test", 1100, 0).images)
    white = of(torch.ones_like(sevens[:1]))
    return Features(
        of(dataset.items("digit:7", "train", size, 0).images),
        {
            "real sevens": real,
            "a little off": real + 0.1 * (off - real),
            "15 % other digits": torch.cat([real, others]),
            "1 % other digits": torch.cat([real, others[: size // 99]]),
            "1 % white": torch.cat([real, white.expand(size // 99, -1)]),
        },
    )


def distances(data: Features, n: int, samples: int) -> Iterator[Line]:
    """FID, FID∞ and KID of each population."""
    fitted = gaussian(data.reference)
    blocks = blocks_of(data.reference.numpy(), n)
    for name, population in data.populations.items():
        rng = np.random.default_rng(n)
        fid, kid, far = [], [], []
        for _ in range(samples):
            part = population[torch.from_numpy(rng.integers(len(population), size=n))]
            value, influence = frechet(part, fitted)
            excess = excess_variance(part, influence, fitted)
            fid.append(positive_interval(value, influence, excess))
            far.append(at_infinity(value, part, fitted) or math.nan)
            kid.append(kernel_interval(kernel_distance(part.numpy(), blocks)))
        expected = _mean(fid)
        truth = frechet(population, fitted)[0]
        said = (
            f"{expected:.2f} expected, ∞ {np.mean(far):.2f} ± {np.std(far):.2f}, true {truth:.2f}"
        )
        yield Line("FID", name, n, _covered(fid, expected), said)
        yield Line("KID", name, n, _covered(kid, _mean(kid)))


@dataclass(frozen=True)
class Pixels:
    """Coarse pixels of the reference, and of the populations (N, D) that are drawn from."""

    reference: Sliced
    populations: dict[str, torch.Tensor]


def pixels() -> Pixels:
    """Colored sevens in other hues, on a brighter ground, in half the hues, and among others."""
    size = Swd().size
    dataset = ColoredMnist()
    count = dataset.size("digit:7", "train")
    sevens = dataset.items("digit:7", "train", count, 1).images
    real, hue = pooled(sevens, size), mean_hue(sevens)
    others = pooled(dataset.items("not_digit:7", "test", 1100, 0).images, size)
    white = torch.ones_like(real[:1])
    return Pixels(
        sliced(pooled(dataset.items("digit:7", "train", count, 0).images, size)),
        {
            "real sevens": real,
            "brighter ground": pooled(sevens.clamp(min=-0.9), size),
            "half the hues": real[hue < 180],
            "15 % other digits": torch.cat([real, others]),
            "1 % other digits": torch.cat([real, others[: count // 99]]),
            "1 % white": torch.cat([real, white.expand(count // 99, -1)]),
        },
    )


def pixel_distances(data: Pixels, n: int, samples: int) -> Iterator[Line]:
    """SWD of each population."""
    for name, population in data.populations.items():
        rng = np.random.default_rng(n)
        found = []
        for _ in range(samples):
            part = population[torch.from_numpy(rng.integers(len(population), size=n))]
            found.append(positive_interval(*sliced_distance(part, data.reference)))
        expected = _mean(found)
        yield Line("SWD", name, n, _covered(found, expected), f"{expected:.4f} expected")


def ties(boards: int, n: int = 512) -> Iterator[Line]:
    """Rows drawn equal that all tie, and rows 5 standard errors lower that do not.

    Each image has a difficulty that the rows share, as outputs of one source are alike.
    """
    for share in (0.6, 0.98):
        rng = np.random.default_rng(1)
        tied = [_tied(_shares(rng, n, np.full(ROWS, share))) for _ in range(boards)]
        yield Line("tied", f"{ROWS} equal shares of {100 * share:.0f} %", n, float(np.mean(tied)))
    rng = np.random.default_rng(1)
    tied = [_tied(color_errors(rng, (ROWS, n))) for _ in range(boards)]
    yield Line("tied", f"{ROWS} equal means of skewed values", n, float(np.mean(tied)))
    levels = {
        "one lower": np.r_[1.0, np.zeros(ROWS - 1)],
        "half lower": np.r_[np.ones(ROWS // 2), np.zeros(ROWS // 2)],
        "all but two lower": np.r_[np.ones(ROWS - 2), 0.0, 0.0],
        "all but one lower": np.r_[np.ones(ROWS - 1), 0.0],
    }
    for name, below in levels.items():
        rng = np.random.default_rng(1)
        held = [_lower_apart(rng, n, below) for _ in range(boards)]
        yield Line("not tied", f"{ROWS} rows, {name}", n, float(np.mean(held)))
    rng = np.random.default_rng(1)
    held = [_steps_apart(rng, n) for _ in range(max(1, boards // 10))]
    yield Line("not tied", f"{ROWS} rows, evenly spaced", n, float(np.mean(held)))


def levels(boards: int, n: int = 512) -> Iterator[Line]:
    """Boards of several levels of equal rows: how often some equal rows are not in one tie group.

    Beside it how often some equal pair is among the pairs that differ significantly, which is what
    Holm over all pairs bounds, and the share of the second level's rows that are not in group 1.
    """
    for count, rows in LEVELS:
        of_row = np.repeat(np.arange(count), rows)
        for apart in SEPARATIONS:
            shares = [TOP]
            while len(shares) < count:
                shares.append(_lower(shares[-1], n, apart))
            rng = np.random.default_rng(1)
            made = (_shares(rng, n, np.array(shares)[of_row]) for _ in range(boards))
            split, wrong, lower = np.mean([_levels_of(items, of_row) for items in made], axis=0)
            name = f"{count} levels of {rows} rows, {apart:g} standard errors apart"
            said = f"equal pair significant {wrong:.3f}, second level below {lower:.3f}"
            yield Line("split", name, n, float(split), said)


def _levels_of(items: Array, of_row: NDArray[np.int64]) -> tuple[bool, bool, float]:
    """Whether equal rows are in two groups, differ significantly; how many are not in group 1."""
    found = _groups(items)
    groups = np.array([found[index] for index in range(len(items))])
    split = any(len(set(groups[of_row == level])) > 1 for level in set(of_row))
    adjusted = holm(pair_p_values(list(items))[np.triu_indices(len(items), k=1)])
    first, second = np.triu_indices(len(items), k=1)
    wrong = bool((np.array(adjusted)[of_row[first] == of_row[second]] < ALPHA).any())
    return split, wrong, float(np.mean(groups[of_row == 1] != 1))


def _shares(rng: np.random.Generator, n: int, shares: Array) -> Array:
    """(K, n) 0 or 1 of rows with these shares; on some images all rows have the same luck."""
    kept = rng.random((1, n)) < COMMON
    luck = np.where(kept, rng.random((1, n)), rng.random((len(shares), n)))
    return (luck < shares[:, None]).astype(np.float64)


def _lower(share: float, n: int, errors: float = APART) -> float:
    """The share that is so many standard errors of the difference below another."""
    lower = share
    for _ in range(100):
        own = share * (1 - lower) + lower * (1 - share)
        apart = share - lower
        variance = COMMON * apart + (1 - COMMON) * own - apart**2
        lower = share - errors * math.sqrt(variance / n)
    return lower


def _groups(items: Array) -> dict[int, int]:
    ranked = sorted(range(len(items)), key=lambda index: -items[index].mean())
    return tie_groups([_row(values) for values in items], ranked, "m")


def _tied(items: Array) -> bool:
    return set(_groups(items).values()) == {1}


def _lower_apart(rng: np.random.Generator, n: int, below: Array) -> float:
    """The share of the lower rows that do not tie with the best."""
    best = 0.6
    groups = _groups(_shares(rng, n, np.where(below > 0, _lower(best, n), best)))
    return float(np.mean([groups[index] != 1 for index in np.flatnonzero(below)]))


def _steps_apart(rng: np.random.Generator, n: int) -> float:
    """The share of rows, each lower than the one before by the same step, that tie with none."""
    step = APART * math.sqrt(2.0 / n)
    items = rng.standard_normal((ROWS, n)) - step * np.arange(ROWS)[:, None]
    groups = list(_groups(items).values())
    return float(np.mean([groups.count(group) == 1 for group in groups]))


def _row(values: Array) -> Row:
    return Row({}, {"m": values})


def _mean(estimates: list[Estimate]) -> float:
    return float(np.mean([estimate.value for estimate in estimates]))


def _covered(estimates: list[Estimate], truth: float) -> float:
    inside = [low <= truth <= high for _, low, high in estimates if low is not None]
    return float(np.mean(inside))


def lines(
    parts: Collection[str], sizes: tuple[int, ...], samples: int, boards: int
) -> Iterator[Line]:
    """The lines of some parts of the table."""
    if "shares" in parts:
        yield from (shares(n) for n in sizes)
        yield from (shares_by_wilson(n) for n in sizes)
    if "means" in parts:
        yield from (means(n, 4 * samples) for n in sizes)
    if "distances" in parts:
        data = features()
        for n in sizes:
            yield from distances(data, n, samples)
    if "pixels" in parts:
        coarse = pixels()
        for n in sizes:
            yield from pixel_distances(coarse, n, samples)
    if "ties" in parts:
        yield from ties(boards)
    if "levels" in parts:
        yield from levels(boards)


@click.command()
@click.option("--samples", type=click.IntRange(min=10), default=1000, show_default=True)
@click.option("--boards", type=click.IntRange(min=2), default=300, show_default=True)
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, default=PARTS)
@click.option("--n", "sizes", type=int, multiple=True, default=(128, 512), show_default=True)
def main(samples: int, boards: int, parts: tuple[str, ...], sizes: tuple[int, ...]) -> None:
    """Print how often intervals cover the expectation, and what rows tie."""
    torch.set_num_threads(1)
    table = Table("what", "of", "n", "share", "")
    shown = partial(track, console=Console(stderr=True), transient=True, description="lines")
    every: Callable[[], Iterator[Line]] = partial(lines, parts, sizes, samples, boards)
    for line in shown(every(), total=None):
        table.add_row(line.what, line.of, str(line.n), f"{line.held:.3f}", line.note)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
