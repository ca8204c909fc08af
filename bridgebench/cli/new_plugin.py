"""`bridgebench new-plugin`."""

from __future__ import annotations

from pathlib import Path

import click

from bridgebench.cli.say import say
from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.plugins.registry import Kind, load_registry

EXAMPLES = """\b
Examples:
  bridgebench new-plugin midpoint --kind solver
  bridgebench new-plugin my_method --kind method --dir ~/plugins
"""


@click.command(name="new-plugin", epilog=EXAMPLES)
@click.argument("name")
@click.option("--kind", default="", help=f"Kind of plugin: {', '.join(Kind)}.")
@click.option("--dir", "parent", default=".", help="Folder to create it in.")
def new_plugin(name: str, kind: str, parent: str) -> None:
    """Create a distribution with a working plugin.

    It has one short file to edit, its hooks, tests that use the conformance kit, and a README.
    """
    from bridgebench.scaffold import distribution_of, write_distribution

    if not kind:
        raise InvalidOption(f"--kind must be given; there are: {', '.join(Kind)}")
    if kind not in set(Kind):
        raise UnknownName("kind of plugin", kind, Kind)
    made = distribution_of(name, Kind(kind), load_registry())
    folder = write_distribution(made, Path(parent).expanduser())
    say(f"{folder}: {made.kind} {made.name}, ready to run; edit {made.edit}")
    say("\nNext:")
    say(f"  cd {folder} && pip install -e '.[test]'")
    say(f"  bridgebench check {made.name}")
    say(f"  {made.run}")
