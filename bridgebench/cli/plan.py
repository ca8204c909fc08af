"""`bridgebench plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridgebench.cli.words import describe_words, parse_words
from bridgebench.files.shown_path import shown

if TYPE_CHECKING:
    from bridgebench.interfaces.cell import Cell, Stage
    from bridgebench.plan.model import Group, Plan

EXAMPLES = """\b
Examples:
  bridgebench plan task=cmnist_to7
  bridgebench plan task=cmnist_to7 protocol=standard method=ddib
"""


@click.command(
    epilog=EXAMPLES,
    help=f"""Show what a run would do, without doing it.

\b
WORDS are those of `bridgebench run`:
{describe_words()}
""",
)
@click.argument("words", nargs=-1, required=True)
def plan(words: tuple[str, ...]) -> None:
    """Show a plan."""
    choices = parse_words(words)
    from rich.table import Table

    from bridgebench.api import default_out
    from bridgebench.cli.console import output
    from bridgebench.execute.finished import valid_record
    from bridgebench.execute.folder import RunFolder
    from bridgebench.execute.sharing import cached_share
    from bridgebench.execute.store import user_store
    from bridgebench.plan.make import make_plan
    from bridgebench.plugins.registry import load_registry

    made = make_plan(load_registry(), choices)
    folder = RunFolder(default_out(choices, made))
    store = user_store()
    table = Table(
        "seed", "method", "solver", "shared", "cells", "done", "cached", "evaluations per image"
    )
    spared = 0.0
    for group in made.groups:
        there = sum(valid_record(folder.records, member) is not None for member in group.cells)
        cached = cached_share(group, made, store)
        spared += cached * _shared_evaluations(group)
        table.add_row(*_row(group, there, cached))
    console = output()
    console.print(table)
    for line in (*_totals(made, spared), f"out: {shown(folder.path)}"):
        console.print(line, highlight=False, soft_wrap=True)


def _shared_evaluations(group: Group) -> int:
    return sum(stage.evaluations for stage, _ in group.shared)


def _own_evaluations(group: Group) -> int:
    return sum(member.evaluations for member in group.cells)


def _row(group: Group, there: int, cached: float) -> tuple[str, ...]:
    cell = group.cells[0].cell
    shared, own = _shared_evaluations(group), _own_evaluations(group)
    return (
        str(group.seed),
        cell.method.spec,
        cell.parts.solver.spec if cell.parts.solver else "-",
        _shared(cell, [stage.name for stage, _ in (*_fits(group), *group.shared)]),
        str(len(group.cells)),
        str(there),
        f"{cached:.0%}" if group.shared else "-",
        f"{shared} shared + {own}" if shared else str(own),
    )


def _fits(group: Group) -> tuple[tuple[Stage, str], ...]:
    """The fit of a group, if it has one."""
    fit = group.cells[0].fit
    return () if fit is None else (fit,)


def _totals(made: Plan, spared: float) -> tuple[str, ...]:
    own = sum(map(_own_evaluations, made.groups))
    total = own + sum(map(_shared_evaluations, made.groups))
    alone = own + sum(_shared_evaluations(group) * len(group.cells) for group in made.groups)
    return (
        f"{len(made.cells)} cells in {len(made.groups)} groups; {made.n} images in batches of "
        f"{made.batch}, {made.device}, {made.precision}",
        f"{total} network evaluations per image, {total * made.padded_n} in all; {alone} per image "
        f"without sharing; {spared:g} per image are in the cache",
    )


def _shared(cell: Cell, stages: list[str]) -> str:
    if not stages:
        return "-"
    transform = cell.parts.transform
    image = transform.image_stage.spec if transform else ""
    return " ".join([*stages, *([f"of {image}"] if image else [])])
