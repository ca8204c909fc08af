"""Whether two checkouts compute the same: compares the rows of each, digit by digit.

    python docs/measurements/same_rows.py OLD NEW
    python docs/measurements/same_rows.py OLD NEW --words "task=cmnist_to7 method=ddib n=12"

Every method, solver and transform, in float32 on one thread. Exit status 1 where a row differs.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import torch
from safetensors.torch import load_file

AXES = (
    "task",
    "protocol",
    "method",
    "source_score",
    "target_score",
    "solver",
    "nfe",
    "transform",
    "seed",
    "n",
)
OF_THE_MACHINE = {"seconds", "fit_seconds", "images_per_s", "peak_memory_mb"}
OF_THE_CODE = {"plugins", "bridgebench", "row_sha256"}
"""Columns that differ between equal rows of two versions: hashes of the code, and of the row."""

IMAGES = "{images}"
"""In a run: the outputs of an earlier run that kept them."""

SMALL = "precision=fp32 device=cpu n=12"
DIGITS = f"run task=cmnist_to7 {SMALL}"
OPTIONS = (
    "ddib,ddib:source_label=none,ddib:start=noised:clip=both:last_step=true,ddib:latent=shuffled,"
    "ddib:latent=noise,ddib_single,ddib_single:latent=shuffled,ddib_guided,"
    "ddib_guided:weight=2:restart=0:clip=true:latent=shuffled,cyclediffusion,"
    "cyclediffusion:eta=0.5:start_sigma=20:source_label=own,cyclediffusion:latent=noise,"
    "cyclediffusion:latent=shuffled,random_latent:last_step=true"
)
RUNS = (
    f"{DIGITS} method=identity,random_target,recolor,cyclegan metric=cycle save=images",
    f"{DIGITS} method=outputs:folder={IMAGES}:given=oracle",
    f"{DIGITS} nfe=4 method={OPTIONS} solver=dpm transform=normalize+scale:c=0.8",
    f"{DIGITS} nfe=4 method=ddib,ddib_single,otcfm metric=cycle transform=identity "
    "solver=euler,heun,dpm,dpm:variant=2s,dpm:spacing=time_uniform,bdia,bdia:gamma=0.9",
    f"{DIGITS} nfe=4 method=ddib,ddib_guided:restart=0 solver=euler transform=all batch=5",
    f"run task=gaussian method=ddib,ddib_single,random_target,identity solver=heun nfe=16 {SMALL}",
    f"run task=mixture method=ddib,random_target,random_latent solver=dpm nfe=16 {SMALL}",
    "run task=eot_mixture_d2_eps1 solver=dpm nfe=8 precision=fp32 device=cpu n=1024 batch=256",
)


@dataclass(frozen=True)
class Checkout:
    """A checkout, and the folder of its cache and its results."""

    root: Path
    folder: Path

    def run(self, words: Sequence[str], name: str) -> Path:
        """The folder of results of a command, run by the code of this checkout alone."""
        out = self.folder / name
        self._announce()
        paths = (self.folder, self.root, self.root / "plugins", self.root / "tests" / "world")
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "BRIDGEBENCH_CACHE": str(self.folder / "cache"),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "bridgebench", *words, f"out={out}"]
        done = subprocess.run(command, env=env, cwd=self.folder, capture_output=True, text=True)
        if not (out / "leaderboard.csv").is_file():
            raise click.ClickException(
                f"{self.root} ended with {done.returncode} and no rows of {words}:\n{done.stderr}"
            )
        return out

    def _announce(self) -> None:
        """Let Python find the entry points of this checkout, whatever is installed."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        about = project["project"]
        dist = self.folder / f"{about['name']}-{about['version']}.dist-info"
        dist.mkdir(parents=True, exist_ok=True)
        head = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
        (dist / "METADATA").write_text(head, encoding="utf-8")
        lines = [
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
            for group, entries in about["entry-points"].items()
        ]
        (dist / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


def rows_of(out: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows of a folder of results by their axes, each value as it is written."""
    with (out / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        return {tuple(row[axis] for axis in AXES): row for row in csv.DictReader(file)}


def items_of(out: Path) -> dict[str, bytes]:
    """The values of each item of each row, by file and name."""
    return {
        f"{path.stem} {name}": values.contiguous().view(torch.uint8).numpy().tobytes()
        for path in sorted((out / "records").glob("*.safetensors"))
        for name, values in load_file(path).items()
    }


def different(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The columns in which two rows differ, of those that both checkouts have."""
    common = (old.keys() & new.keys()) - OF_THE_MACHINE - OF_THE_CODE
    return [column for column in old if column in common and old[column] != new[column]]


def compared(old: Path, new: Path) -> Iterator[tuple[str, str]]:
    """Each row of two folders of results with what differs in it, "" where nothing does."""
    before, after = rows_of(old), rows_of(new)
    for axes in {**before, **after}:
        name = " ".join(value for value in axes if value != "-")
        if axes not in after or axes not in before:
            yield name, f"only in {'the old' if axes in before else 'the new'} checkout"
        else:
            yield name, ", ".join(different(before[axes], after[axes]))
    lost = {column for row in before.values() for column in row}
    lost -= {column for row in after.values() for column in row}
    if lost:
        yield "columns", f"only in the old checkout: {', '.join(sorted(lost))}"
    items = items_of(old), items_of(new)
    odd = sorted(name for name in items[0] if items[1].get(name) != items[0][name])
    yield f"{len(items[0])} tensors of values of single items", ", ".join(odd)


def images_in(out: Path) -> Path:
    """The folder of the outputs of the first row that kept them."""
    return min(path.parent for path in out.rglob("seed-0") if path.is_dir())


@click.command(help=__doc__)
@click.argument("old", type=click.Path(exists=True, path_type=Path))
@click.argument("new", type=click.Path(exists=True, path_type=Path))
@click.option("--words", multiple=True, help="the words of a run, in place of all of ours")
def main(old: Path, new: Path, words: tuple[str, ...]) -> None:
    """Run both checkouts and print each row."""
    runs = [f"run {each} precision=fp32" for each in words] or RUNS
    wrong = total = 0
    with tempfile.TemporaryDirectory() as folder:
        checkouts = [Checkout(root.resolve(), Path(folder) / name) for root, name in
                     ((old, "old"), (new, "new"))]  # fmt: skip
        kept = ""
        for index, command in enumerate(runs):
            split = command.replace(IMAGES, kept).split()
            outs = [checkout.run(split, str(index)) for checkout in checkouts]
            if "save=images" in split:
                kept = str(images_in(outs[0]))
            for name, difference in compared(*outs):
                total += 1
                wrong += bool(difference)
                click.echo(f"differs  {name}: {difference}" if difference else f"equal    {name}")
    click.echo(f"{total - wrong} of {total} equal")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
