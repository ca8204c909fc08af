"""Where the two judges of colored digits differ: `python docs/measurements/judges.py`.

The judges are the extractors `cmnist_digits` and `cmnist_digits_2`. They are compared on all real
test digits, and on what some methods make of the task `cmnist_to7`, as its saved PNG files show it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

import bridgebench
from bridgebench.toolkit.statistics.paired import mcnemar_p
from bridgebench_cmnist.classifier.extractor import DigitExtractor, SecondDigitExtractor
from bridgebench_cmnist.digits.dataset import ColoredMnist

JUDGES = (DigitExtractor(), SecondDigitExtractor())
METHODS = ("recolor", "otcfm", "ddib_guided", "ddib", "cyclegan")
TARGET = 7
BATCH = 500
SHOWN = 3
"""Kinds of disagreement that are shown of each population."""
RUNS = 20


@dataclass(frozen=True)
class Verdicts:
    """What both judges say of N images.

    wanted  (N,) the right class
    first   (N,) the class that the first judge names
    second  (N,) the class that the second judge names
    """

    wanted: Tensor
    first: Tensor
    second: Tensor

    def accuracies(self) -> tuple[float, float, float]:
        """The share that is right by the first judge, by the second, and of equal verdicts."""
        same = (self.first == self.wanted, self.second == self.wanted, self.first == self.second)
        first, second, both = (yes.double().mean().item() for yes in same)
        return first, second, both

    def one_sided(self) -> tuple[int, int]:
        """How many are right by the first judge alone, and by the second alone."""
        first, second = self.first == self.wanted, self.second == self.wanted
        return int((first & ~second).sum()), int((second & ~first).sum())

    def kinds(self) -> list[tuple[tuple[int, int], int]]:
        """((first, second), count) of each kind of disagreement, the most frequent first."""
        apart = self.first != self.second
        pairs = zip(self.first[apart].tolist(), self.second[apart].tolist(), strict=True)
        return sorted(Counter(pairs).items(), key=lambda kind: (-kind[1], kind[0]))


def verdicts(images: Tensor, wanted: Tensor) -> Verdicts:
    """What both judges say of (N, 3, 32, 32) images in [-1, 1]."""
    named = []
    for judge in JUDGES:
        see = judge.load(torch.device("cpu"))
        logits = [seen for part in images.split(BATCH) if (seen := see(part).logits) is not None]
        named.append(torch.cat(logits).argmax(dim=1))
    return Verdicts(wanted, *named)


def of_real_digits(n: int) -> Verdicts:
    """The verdicts on n colored test digits."""
    items = ColoredMnist().items("digits", "test", n, 0)
    wanted = torch.tensor([int(domain.removeprefix("digit:")) for domain in items.domains])
    return verdicts(items.images, wanted)


def of_outputs(n: int | None, nfe: int | None) -> Iterator[tuple[str, Verdicts]]:
    """The verdicts on the outputs of each method under the protocol `standard`, by dpm.

    n and nfe take the place of the protocol's, where they are given.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        board = bridgebench.run(
            "cmnist_to7",
            protocol="standard",
            method=list(METHODS),
            solver="dpm",
            transform="identity",
            n=n,
            nfe=nfe,
            out=out,
            save="images",
        )
        failed = board[board["status"] != "ok"]
        if len(failed):
            row = failed.iloc[0]
            raise click.ClickException(f"{row['method']} is {row['status']}: {row['reason']}")
        folders = dict(_folders(out))
        for method in METHODS:
            files = sorted(folders[method].glob("seed-*/*/*.png"))
            images = torch.stack([_pixels(path) for path in files])
            yield method, verdicts(images, torch.full((len(images),), TARGET))


def _folders(out: Path) -> Iterator[tuple[str, Path]]:
    """The method of each row of a run, and the folder of its outputs."""
    for record in (out / "records").glob("*.json"):
        method = json.loads(record.read_text(encoding="utf-8"))["axes"]["method"]
        yield method, out / "images" / record.stem


def _pixels(path: Path) -> Tensor:
    with Image.open(path) as image:
        values = np.asarray(image.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(values).permute(2, 0, 1) / 127.5 - 1.0


def milliseconds(n: int) -> Mapping[str, float]:
    """Processor time of each judge for n images, the least of several runs."""
    images = ColoredMnist().items("digits", "test", n, 0).images
    found = {}
    for judge in JUDGES:
        see = judge.load(torch.device("cpu"))
        times = []
        for _ in range(RUNS):
            start = time.process_time()
            see(images)
            times.append(time.process_time() - start)
        found[judge.name] = 1000 * min(times)
    return found


def lines(digits: int, n: int | None, nfe: int | None) -> Iterator[tuple[str, Verdicts]]:
    """The verdicts on each population."""
    yield "real test digits", of_real_digits(digits)
    yield from of_outputs(n, nfe)


@click.command()
@click.option("--digits", type=click.IntRange(1, 10_000), default=10_000, show_default=True)
@click.option("--n", type=click.IntRange(min=2), help="Instead of the protocol's.")
@click.option("--nfe", type=click.IntRange(min=1), help="Instead of the protocol's.")
def main(digits: int, n: int | None, nfe: int | None) -> None:
    """Print where the two judges differ, and what they cost."""
    torch.set_num_threads(1)
    table = Table(
        "images", "n", "accuracy", "accuracy_2", "agreement", "first", "second", "p", "kinds"
    )
    for name, found in lines(digits, n, nfe):
        alone = found.one_sided()
        kinds = ", ".join(f"{a}/{b} ({count})" for (a, b), count in found.kinds()[:SHOWN])
        shares = (f"{share:.4f}" for share in found.accuracies())
        p = f"{mcnemar_p(*alone):.3f}"
        table.add_row(name, str(len(found.wanted)), *shares, *map(str, alone), p, kinds)
    console = Console(width=150)
    console.print(table)
    console.print("first, second: right by that judge alone; p: McNemar's exact test of the two")
    for judge, spent in milliseconds(128).items():
        console.print(f"{judge}: {spent:.0f} ms of one core for 128 images")


if __name__ == "__main__":
    main()
