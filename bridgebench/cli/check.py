"""`bridgebench check`."""

from __future__ import annotations

import click

from bridgebench.cli.say import say
from bridgebench.plugins.registry import load_registry

EXAMPLES = """\b
Examples:
  bridgebench check heun
  bridgebench check scale:c=0.8
  bridgebench check identity --kind transform
  bridgebench check my_task.yaml
"""


@click.command(epilog=EXAMPLES)
@click.argument("spec")
@click.option("--kind", default="", help="Kind of the plugin, if several kinds share the name.")
@click.option("--task", default="", help="Task to test it on, by name or path.")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
def check(spec: str, kind: str, task: str, device: str) -> None:
    """Check a plugin against the interface of its kind, and print each result.

    Exit status: 0 if all checks passed, 1 if some did not, 2 if there is no such plugin, option or
    task.
    """
    registry = load_registry()
    for fault in registry.faults:
        say(f"not usable: {fault.source}: {fault.reason}", err=True)
    from bridgebench.conformance.catalog import Wanted, bound_checks, verdicts

    checks = bound_checks(registry, Wanted(spec, kind, task, device))
    width = max(len(each.name) for each in checks)
    failed = 0
    for each, error in verdicts(checks):
        word, said = ("ok", each.check.what) if error is None else ("FAIL", str(error))
        failed += error is not None
        say(f"{word:<4}  {each.name:<{width}}  {said}")
    say(f"{spec}: {len(checks) - failed} of {len(checks)} checks passed")
    if failed:
        raise SystemExit(1)
