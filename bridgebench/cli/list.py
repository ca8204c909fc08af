"""`bridgebench list`."""

from __future__ import annotations

import click

from bridgebench.errors import UnknownName
from bridgebench.registry import Kind, Registry, load_registry

EXAMPLES = """\b
Examples:
  bridgebench list
  bridgebench list solvers
"""


@click.command(name="list", epilog=EXAMPLES)
@click.argument("kind", required=False)
def list_(kind: str | None) -> None:
    """List the plugins that are installed, all of them or those of one KIND.

    Kinds: dataset, score, solver, transform, extractor, method, metric, task.
    """
    from rich.table import Table

    from bridgebench.cli.console import output

    kinds = tuple(Kind) if kind is None else (_kind(kind),)
    registry = load_registry()
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "name", "what it is", "from"):
        table.add_column(heading, no_wrap=heading in ("kind", "name"), overflow="fold")
    for each in kinds:
        for name in registry.names(each):
            entry = registry.entry(each, name)
            table.add_row(each, name, summary_of(registry, each, name), entry.source.distribution)
    output().print(table)
    for fault in registry.faults:
        click.echo(f"not usable: {fault.source}: {fault.reason}", err=True)


def summary_of(registry: Registry, kind: Kind, name: str) -> str:
    """One line on a plugin."""
    entry = registry.entry(kind, name)
    if kind is not Kind.TASK:
        return entry.summary()
    from bridgebench.plan.tasks import task_of

    return task_of(entry).summary


def _kind(text: str) -> Kind:
    word = text.lower().removesuffix("s")
    if word not in set(Kind):
        raise UnknownName("kind of plugin", text, Kind)
    return Kind(word)
