"""What copies of training images score: `python docs/measurements/copying.py`.

Three methods that give training images of the target, in the source's hue, are run beside real ones
by the runner. They are those of the tests; each is run as it is and in the disguises below.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.table import Table

import bridgebench
from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_metrics.formulas.thumbnails import (
    image_thumbnails,
    known_thumbnails,
    nearest_distance,
)

ROOT = Path(__file__).parents[2]
COPIES = ("copy_one", "copy_random", "copy_nearest")
DISGUISES = ("", ":shift=1", ":noise=0.1", ":blur=0.7", ":shift=1:noise=0.05:blur=0.5")
METHODS = (
    "random_target",
    "identity",
    "cyclegan",
    "otcfm",
    "cyclediffusion",
    "ddib:source_label=none",
    "ddib_guided:restart=0",
    "ddib_guided",
)
"""Every method with a row of its own on the board, and the real images themselves."""

QUANTILES = (0.0, 0.01, 0.5, 0.99)

COLUMNS = {
    "success": 2,
    "fid": 1,
    "fid_floor": 1,
    "diversity": 2,
    "memorization": 2,
    "copied": 2,
    "near_identical": 3,
    "style_r": 2,
}


def measured(n: int, nfe: int, methods: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """The columns of each method on `cmnist_to7`, by the method's spec."""
    with tempfile.TemporaryDirectory() as out:
        found = bridgebench.run(
            "cmnist_to7",
            method=list(methods),
            solver="dpm",
            transform="identity",
            n=n,
            nfe=nfe,
            out=Path(out) / "run",
        )
    failed = found[found["status"] != "ok"]
    if len(failed):
        row = failed.iloc[0]
        raise click.ClickException(f"{row['method']} is {row['status']}: {row['reason']}")
    ours = found[found["target_score"] != "cmnist_exact"]
    return {row["method"]: {name: row[name] for name in COLUMNS} for _, row in ours.iterrows()}


def real_distances() -> dict[str, list[float]]:
    """Distances to the nearest of real sevens: the quantiles of QUANTILES, over the usual one."""
    sevens = ColoredMnist()
    train, test = (
        sevens.items("digit:7", split, sevens.size("digit:7", split), 0).images
        for split in ("train", "test")
    )
    unseen = image_thumbnails(test)
    to_train = nearest_distance(unseen, known_thumbnails(train).flatten(0, 1))
    between = torch.cdist(unseen.double(), unseen.double()).fill_diagonal_(torch.inf).amin(dim=1)
    quantiles = torch.tensor(QUANTILES, dtype=torch.float64)
    return {
        "held-out to training sevens": (to_train / to_train.mean()).quantile(quantiles).tolist(),
        "held-out to other held-out ones": (between / to_train.mean()).quantile(quantiles).tolist(),
    }


@click.command()
@click.option("--n", type=click.IntRange(min=2), default=128, show_default=True)
@click.option("--nfe", type=click.IntRange(min=1), default=20, show_default=True)
def main(n: int, nfe: int) -> None:
    """Print what copies and real methods score."""
    nearest = Table("real images", *(f"{100 * quantile:g} %" for quantile in QUANTILES))
    for what, values in real_distances().items():
        nearest.add_row(what, *(f"{value:.2f}" for value in values))
    Console(width=150).print(nearest)
    sys.path.insert(0, str(ROOT / "tests" / "world"))
    specs = tuple(name + disguise for name in COPIES for disguise in DISGUISES)
    table = Table("method", *COLUMNS)
    for method, row in measured(n, nfe, (*specs, *METHODS)).items():
        numbers = (f"{row[name]:.{digits}f}" for name, digits in COLUMNS.items())
        table.add_row(method, *numbers)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
