"""How fast this machine runs bridgebench, as ratios: `python tests/benchmarks/speed.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import click
import pandas as pd
from figures.diffusers_loop import decode_speed, step_speed
from figures.frechet import fid_speed
from figures.machine import machine_in_words
from figures.networks import network_speed
from figures.ratio import Ratio
from figures.scaling import worker_scaling
from figures.whole_run import overhead, second_run, study_loop

from bridgebench.errors import UsageError
from bridgebench.execute.memory import keep_freed_memory
from bridgebench.execute.store import LIMIT_VARIABLE
from bridgebench.plugins.registry import load_registry

FIGURES = ("network", "diffusers", "fid", "second-run", "run", "study-loop", "ray")

SHORT = {"n": "16", "batch": "16", "nfe": "4", "solver": "dpm", "transform": "identity,normalize"}
SHARED_BY_WORKERS = {
    "method": "ddib",
    "solver": "euler,heun",
    "transform": "identity,normalize,scale:c=0.8,scale:c=1.2",
}
"""Two groups of cells, each with an encode of its own, so that each worker has one."""


@click.command()
@click.option("--short", is_flag=True, help="A few images and rounds: for a first look.")
@click.option("--skip", multiple=True, type=click.Choice(FIGURES), help="Leave a figure out.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("speed.csv"),
    show_default=True,
    help="The CSV to write.",
)
def main(short: bool, skip: tuple[str, ...], out: Path) -> None:
    """Measure how fast this machine runs bridgebench, as ratios.

    Both sides of a ratio are timed in turns. Let the machine do nothing else. The cache is not
    used. Takes a quarter of an hour to an hour on 2 cores, --short a minute or two.
    """
    os.environ[LIMIT_VARIABLE] = "0"
    machine = machine_in_words()
    ratios: list[Ratio] = []
    for ratio in _ratios(short, frozenset(FIGURES) - frozenset(skip)):
        click.echo(f"{ratio.name}: {ratio.value:.2f} ({ratio.reach})", err=True)
        ratios.append(ratio)
        # After each figure, so that Ctrl-C loses none that is there.
        _write(ratios, machine, out)


def _ratios(short: bool, wanted: frozenset[str]) -> Iterator[Ratio]:
    for package in ("diffusers", "ray"):
        if package in wanted and find_spec(package) is None:
            raise UsageError(f"{package} is not installed; pip install {package} or --skip it")
    keep_freed_memory()
    registry = load_registry()
    batch, nfe, rounds = (16, 4, 2) if short else (128, 10, 9)
    words = {"task": "cmnist_to7", **(SHORT if short else {})}
    if "network" in wanted:
        yield network_speed(batch, rounds)
    if "diffusers" in wanted:
        yield decode_speed(registry, batch, nfe, rounds)
        yield step_speed(registry, batch, nfe, rounds)
    if "fid" in wanted:
        yield fid_speed(registry, 64, rounds, calls=20)
        if not short:
            yield fid_speed(registry, 2048, 3)
    if "second-run" in wanted:
        yield second_run({**words, **SHORT}, rounds)
    if "run" in wanted:
        yield overhead(registry, words)
    if "study-loop" in wanted:
        yield study_loop(registry, {**words, "method": "ddib", "solver": "dpm"})
    if "ray" in wanted:
        own = {**words, **SHARED_BY_WORKERS, "n": "16" if short else "512"}
        yield worker_scaling(own, 1 if short else 3)


def _write(ratios: list[Ratio], machine: str, out: Path) -> None:
    versions = {"torch": version("torch"), "bridgebench": version("bridgebench")}
    rows = [
        {
            "figure": ratio.name,
            "ratio": ratio.value,
            "reach": str(ratio.reach),
            "reached": ratio.margin >= 1,
            "first_seconds": ratio.first_seconds,
            "second_seconds": ratio.second_seconds,
            "machine": machine,
            **versions,
        }
        for ratio in ratios
    ]
    pd.DataFrame(rows).to_csv(out, index=False)


if __name__ == "__main__":
    main()
