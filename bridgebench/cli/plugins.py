"""`bridgebench plugins`."""

from __future__ import annotations

import click

from bridgebench.cli.say import say
from bridgebench.plugins.registry import OFF_VARIABLE, Kind, load_registry


@click.command(epilog=f"{OFF_VARIABLE}=NAME blocks a distribution or entry point.")
def plugins() -> None:
    """Show the distributions that provide plugins, and which ones cannot be used.

    Exit status 1 if one cannot.
    """
    from rich.table import Table

    from bridgebench.cli.console import output

    registry = load_registry()
    table = Table("distribution", "version", "module", "plugins", box=None, pad_edge=False)
    for source in registry.sources:
        counts = [
            (kind, sum(entry.source == source for entry in registry.entries[kind].values()))
            for kind in Kind
        ]
        said = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts if count)
        table.add_row(source.distribution, source.version, source.module, said or "none")
    output().print(table)
    for name in registry.blocked:
        say(f"blocked by {OFF_VARIABLE}: {name}")
    for clash in registry.clashes.values():
        say(f"warning: {clash}", err=True)
    for fault in registry.faults:
        say(f"not usable: {fault.source}: {fault.reason}", err=True)
    if registry.faults:
        raise SystemExit(1)
