"""Parts of pages that are made of the code itself, so that they cannot fall behind it.

A line `<!-- generated: NAME ARGUMENT -->` is replaced by Markdown before its page is read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import click
from click.testing import CliRunner
from sphinx.application import Sphinx

import bridgebench
from bridgebench import errors
from bridgebench.cli import main
from bridgebench.interfaces.metric import Metric
from bridgebench.plan.chance import with_chance
from bridgebench.plugins import hookspecs
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import build
from bridgebench.tasks.lookup import task_of

MARK = re.compile(r"^<!-- generated: (\w+)(?: (\w+))? -->$", re.MULTILINE)
WIDTH = 96
OWN = "bridgebench"
SHARED = (
    "bridgebench.toolkit.noise_levels",
    "bridgebench.toolkit.probability_flow",
    "bridgebench.toolkit.source_label",
    "bridgebench.toolkit.latent_origin",
    "bridgebench.toolkit.citation",
    "bridgebench.toolkit.color",
    "bridgebench.toolkit.nn.preconditioning",
    "bridgebench.toolkit.nn.unet",
    "bridgebench.toolkit.nn.files",
    "bridgebench.toolkit.nn.weights",
    "bridgebench.toolkit.nn.optimizers",
    "bridgebench.toolkit.nn.training",
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True}


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the marks of a page."""
    source[0] = MARK.sub(lambda mark: GENERATORS[mark[1]](mark[2] or ""), source[0])


def commands(_: str) -> str:
    """The help of every command, a section each."""
    return "\n".join(_command(main, ()))


def _command(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    words = " ".join(("bridgebench", *path))
    yield f"## {words}\n\n{_text(said(*path, '--help'))}\n"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, (*path, name))


def plugins(kind: str) -> str:
    """What `bridgebench info` says of each plugin of a kind that comes with the package."""
    registry = load_registry()
    return "\n".join(
        f"### {name}\n\n{_text(said('info', name))}\n"
        for name in registry.names(Kind(kind))
        if registry.entry(Kind(kind), name).source.distribution == OWN
    )


def metric_columns(task: str) -> str:
    """The metric columns of a task's board, as a table."""
    registry = load_registry()
    specs = task_of(registry.entry(Kind.TASK, task)).metrics
    rows = [
        "| column | metric | unit | better | interval | what it is |",
        "|---|---|---|---|---|---|",
    ]
    for spec in (*specs, "cycle"):
        metric = build(registry, Kind.METRIC, Metric, spec)
        rows += [
            f"| `{column.name}` | `{metric.name}` | {column.unit or '1'} | "
            f"{column.better or 'neither'} | {'yes' if column.interval else ''} | "
            f"{column.description} |"
            for column in with_chance(metric.columns())
        ]
    return "\n".join(rows)


def api(_: str) -> str:
    """Every public name, by the module that it is written down in."""
    homes = bridgebench._HOMES
    return "\n".join(
        f"## {home}\n\n```{{eval-rst}}\n" + "\n".join(_member(name) for name in names) + "\n```\n"
        for home, names in homes.items()
    )


def _member(name: str) -> str:
    thing = getattr(bridgebench, name)
    if inspect.isclass(thing):
        return f".. autoclass:: bridgebench.{name}\n   :members:\n   :show-inheritance:\n"
    kind = "function" if inspect.isfunction(thing) else "data"
    return f".. auto{kind}:: bridgebench.{name}\n"


def modules(_: str) -> str:
    """The modules that plugins share, with all that is in them."""
    parts = [f"### {name}\n\n```{{eval-rst}}\n{_module(name)}```\n" for name in SHARED]
    return "\n".join(parts)


def _module(name: str) -> str:
    return f".. automodule:: {name}\n   :members:\n\n"


def hooks(_: str) -> str:
    """Every hook with its signature."""
    names = [kind.hook for kind in Kind]
    parts = [f".. autofunction:: {hookspecs.__name__}.{name}\n" for name in names]
    return "```{eval-rst}\n" + "\n".join(parts) + "\n```"


def error_tree(_: str) -> str:
    """The errors, as the module draws them."""
    tree = (errors.__doc__ or "").split("\n\n")[-1]
    return _text(tree.rstrip())


def said(*words: str) -> str:
    """What a command of bridgebench prints."""
    result = CliRunner().invoke(main, list(words), terminal_width=WIDTH, prog_name="bridgebench")
    if result.exit_code:
        raise RuntimeError(f"bridgebench {' '.join(words)}: {result.output}")
    return result.stdout.rstrip()


def _text(content: str) -> str:
    return f"```text\n{content}\n```"


GENERATORS: dict[str, Callable[[str], str]] = {
    "commands": commands,
    "plugins": plugins,
    "metric_columns": metric_columns,
    "api": api,
    "modules": modules,
    "hooks": hooks,
    "errors": error_tree,
}
