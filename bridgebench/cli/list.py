"""`bridgebench list`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import click

from bridgebench.cli.say import say
from bridgebench.cli.supervision import given_to, levels_of
from bridgebench.errors import BridgebenchError, InvalidOption, PluginError, UnknownName
from bridgebench.plugins.registry import Entry, Kind, Registry, load_registry

if TYPE_CHECKING:
    from bridgebench.interfaces.method import Method

_TEXT = "tag:yaml.org,2002:str"
ABOUT = ("family", "supervision", "paper")
EXAMPLES = """\b
Examples:
  bridgebench list
  bridgebench list solvers
  bridgebench list methods
  bridgebench list methods --supervision none,unpaired
"""


@click.command(name="list", epilog=EXAMPLES)
@click.argument("kind", required=False)
@click.option(
    "--supervision",
    "levels",
    metavar="LEVELS",
    help="Only methods with one of these supervision levels.",
)
def list_(kind: str | None, levels: str | None) -> None:
    """List installed plugins: all, or those of one KIND.

    Kinds: dataset, score, solver, transform, extractor, method, metric, task. `list methods` also
    shows the family, supervision and paper of each method.
    """
    from rich.table import Table

    from bridgebench.cli.console import output

    kinds = tuple(Kind) if kind is None else (_kind(kind),)
    if levels is not None and kinds != (Kind.METHOD,):
        raise InvalidOption("--supervision chooses among methods; write list methods")
    wanted = None if levels is None else levels_of(levels)
    registry = load_registry()
    about = kinds == (Kind.METHOD,)
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "name", "what it is", *(ABOUT if about else ()), "from"):
        table.add_column(heading, no_wrap=heading in ("kind", "name"), overflow="fold")
    for each in kinds:
        for name in registry.names(each):
            if wanted is not None and not _given_one_of(registry, name, wanted):
                continue
            entry = registry.entry(each, name)
            facts = _facts(registry, name) if about else ()
            summary = _summary(registry, each, name)
            table.add_row(each, name, summary, *facts, entry.source.distribution)
    output().print(table)
    for clash in registry.clashes.values():
        say(f"warning: {clash}", err=True)
    for fault in registry.faults:
        say(f"not usable: {fault.source}: {fault.reason}", err=True)


def _given_one_of(registry: Registry, name: str, levels: Sequence[str]) -> bool:
    """Whether a method's level is among some; one without a level is never left out."""
    try:
        cls = _method(registry, name)
    except PluginError:
        return True
    level = given_to(cls).level if cls else ""
    return level in ("", *levels)


def _facts(registry: Registry, name: str) -> tuple[str, ...]:
    """Family, supervision and paper of a method; one that cannot be imported says so instead."""
    try:
        cls = _method(registry, name)
    except PluginError as error:
        say(f"not usable: {error}", err=True)
        return ("-",) * len(ABOUT)
    if cls is None:
        return ("-",) * len(ABOUT)
    return cls.family or "-", str(given_to(cls)), cls.paper or "-"


def _method(registry: Registry, name: str) -> type[Method] | None:
    """The class of a method, None where it is none; PluginError for one that cannot be imported."""
    from bridgebench.interfaces.method import Method

    cls = registry.load(Kind.METHOD, name)
    return cls if issubclass(cls, Method) else None


def _summary(registry: Registry, kind: Kind, name: str) -> str:
    """One line on a plugin, "-" for one that says nothing; a task that cannot be used says so."""
    entry = registry.entry(kind, name)
    try:
        summary = _task_summary(entry) if kind is Kind.TASK else entry.summary()
    except BridgebenchError as error:
        say(f"not usable: {error}", err=True)
        summary = ""
    return summary.strip() or "-"


def _task_summary(entry: Entry) -> str:
    """The summary in a task's file; all of a task is checked where it is used, which is slow."""
    import yaml

    package, _, inner = str(entry.target).partition(":")
    try:
        text = files(package).joinpath(inner).read_text(encoding="utf-8")
        summary = _top_level_text(text, "summary")
    except (OSError, ModuleNotFoundError, ValueError, yaml.YAMLError):
        summary = None
    if summary is not None:
        return summary
    from bridgebench.tasks.lookup import task_of

    return task_of(entry).summary


def _top_level_text(text: str, key: str) -> str | None:
    """The text under a key of a YAML mapping, None where it has none; what follows is not read.

    What is no text, such as null, is none.
    """
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    resolver: Any = yaml.resolver.Resolver()
    depth, last = 0, None
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth, last = depth - 1, None
        elif depth == 1 and isinstance(event, yaml.ScalarEvent):
            if last == key:
                tag = resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
                return str(event.value) if tag == _TEXT else None
            last = None if last is not None else event.value
    return None


def _kind(text: str) -> Kind:
    word = text.lower().removesuffix("s")
    if word not in set(Kind):
        raise UnknownName("kind of plugin", text, Kind)
    return Kind(word)
