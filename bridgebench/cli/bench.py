"""`bridgebench bench`."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridgebench.cli.say import say
from bridgebench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridgebench.bench.ratio import Ratio

EXAMPLES = """\b
Examples:
  bridgebench bench
  bridgebench bench --short
  bridgebench bench --out speed.csv --skip diffusers --skip ray
"""

FIGURES = ("network", "diffusers", "fid", "second-run", "run", "study-loop", "ray")

SHORT = {"n": "16", "batch": "16", "nfe": "4", "solver": "dpm", "transform": "identity,normalize"}
SHARED_BY_WORKERS = {
    "method": "ddib",
    "solver": "euler,heun",
    "transform": "identity,normalize,scale:c=0.8,scale:c=1.2",
}
"""Two groups of cells, each with an encode of its own, so that each worker has one."""


@click.command(epilog=EXAMPLES)
@click.option("--short", is_flag=True, help="A few images and rounds: for a first look.")
@click.option("--skip", multiple=True, type=click.Choice(FIGURES), help="Leave a figure out.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("bench.csv"),
    show_default=True,
    help="The CSV to write, with a plot beside it.",
)
def bench(short: bool, skip: tuple[str, ...], out: Path) -> None:
    """Measure how fast this machine runs bridgebench, as ratios.

    Both sides of a ratio are timed in turns. The machine should have nothing else to do. The cache
    is not used. Written are a CSV and, beside it, a plot of how far each ratio is from what is
    aimed at. Takes a quarter of an hour to an hour on 2 cores, --short a minute or two.
    """
    import os

    from rich.table import Table

    from bridgebench.bench.machine import machine_in_words
    from bridgebench.bench.plot import save_ratios
    from bridgebench.cli.console import output
    from bridgebench.execute.store import LIMIT_VARIABLE

    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is no folder; give --out in one that is there")
    os.environ[LIMIT_VARIABLE] = "0"
    machine = machine_in_words()
    table = Table("figure", "ratio", "reach", "first (s)", "second (s)", title=machine)
    ratios = []
    for ratio in _ratios(short, frozenset(FIGURES) - frozenset(skip)):
        say(f"{ratio.name}: {ratio.value:.2f}", err=True)
        ratios.append(ratio)
        seconds = (f"{ratio.first_seconds:.4g}", f"{ratio.second_seconds:.4g}")
        table.add_row(ratio.name, f"{ratio.value:.2f}", str(ratio.reach), *seconds)
        # After each figure, so that Ctrl-C loses none that is there.
        _write(ratios, machine, out)
    if not ratios:
        raise UsageError("every figure is skipped; leave one to be measured")
    output().print(table)
    save_ratios(out.with_suffix(".png"), ratios, machine)
    say(f"written: {out} and {out.with_suffix('.png')}")


def _ratios(short: bool, wanted: frozenset[str]) -> Iterator[Ratio]:
    from bridgebench.bench.diffusers_loop import decode_speed, step_speed
    from bridgebench.bench.frechet import fid_speed
    from bridgebench.bench.networks import network_speed
    from bridgebench.bench.scaling import worker_scaling
    from bridgebench.bench.whole_run import overhead, second_run, study_loop
    from bridgebench.execute.memory import keep_freed_memory
    from bridgebench.plugins.registry import load_registry

    for package in ("diffusers", "ray"):
        if package in wanted and find_spec(package) is None:
            raise UsageError(
                f"bench compares with {package}, which is not installed; pip install {package}, "
                f"or leave its figure out with --skip {package}"
            )
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
    import pandas as pd

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
