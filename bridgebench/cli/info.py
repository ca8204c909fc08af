"""`bridgebench info`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from bridgebench.cli.facts import domains_of
from bridgebench.cli.say import say, say_lines
from bridgebench.cli.supervision import given_to
from bridgebench.errors import UnknownName
from bridgebench.plugins.registry import Kind, Registry, load_registry

if TYPE_CHECKING:
    from bridgebench.interfaces.metric import Metric
    from bridgebench.interfaces.plugin import Plugin
    from bridgebench.tasks.task_file import TaskFile

EXAMPLES = """\b
Examples:
  bridgebench info dpm
  bridgebench info cmnist_to7
  bridgebench info ddib:start=noised
"""


@click.command(epilog=EXAMPLES)
@click.argument("spec")
def info(spec: str) -> None:
    """Show a plugin or task, with the options that SPEC gives it."""
    from bridgebench.plugins.specs import parse_spec

    registry = load_registry()
    name, _ = parse_spec(spec)
    kinds = [kind for kind in Kind if name in registry.entries[kind]]
    if not kinds:
        everything = {each for kind in Kind for each in registry.entries[kind]}
        raise UnknownName("plugin or task", name, everything)
    for number, kind in enumerate(kinds):
        if number:
            say("")
        entry = registry.entry(kind, name)
        say(f"{kind} {name}, from {entry.source}")
        if kind is Kind.TASK:
            _show_task(registry, name)
        else:
            _show_plugin(registry, kind, spec, name)


def _show_task(registry: Registry, name: str) -> None:
    from bridgebench.tasks.lookup import task_of

    task: TaskFile = task_of(registry.entry(Kind.TASK, name))
    say_lines(f"\n{task.summary}\n")
    say(f"from {task.source.domain} ({task.source.split}) to {task.target.domain}")
    say(f"ranked by {task.ranked_by}; metrics: {', '.join(task.metrics)}")
    for protocol, what in task.protocols.items():
        budgets, seeds = (", ".join(map(str, values)) for values in (what.nfe, what.seeds))
        say(f"protocol {protocol}: n={what.n}, nfe={budgets}, seeds {seeds}, batch {what.batch}")
    _show_intervals(task)
    for axis, values in task.axes.model_dump().items():
        say(f"{axis} ({len(values)}): {', '.join(values)}")
    for part in task.also:
        named = part.model_dump(exclude_none=True).items()
        say("also " + "; ".join(f"{axis} {', '.join(values)}" for axis, values in named))


def _show_intervals(task: TaskFile) -> None:
    several = [name for name, what in task.protocols.items() if len(what.seeds) > 1]
    say("95 % intervals are over the choice of source images, at a fixed seed")
    if several:
        say(
            f"with several seeds ({', '.join(several)}): `leaderboard show` gives means over "
            "seeds, their interval for both sources, the choice of images and the seed"
        )


def _show_plugin(registry: Registry, kind: Kind, spec: str, name: str) -> None:
    from bridgebench.cli.limits import limits_of
    from bridgebench.interfaces.metric import Metric
    from bridgebench.interfaces.plugin import Plugin, format_option
    from bridgebench.plugins.specs import build, parse_spec

    cls = registry.load(kind, name)
    say_lines(f"\n{inspect.cleandoc(cls.__doc__ or '')}")
    if not issubclass(cls, Plugin):
        return
    _, given = parse_spec(spec)
    made = build(registry, kind, Plugin, spec) if given else None
    _show_class_facts(cls, made)
    if issubclass(cls, Metric):
        _show_columns(cls, made)
    if not cls.model_fields:
        say_lines("\nno options")
        return
    say_lines("\noptions")
    limits = limits_of(cls)
    for option, field in cls.model_fields.items():
        if made is not None:
            value = format_option(getattr(made, option))
        elif field.is_required():
            value = "must be given"
        else:
            value = format_option(field.get_default(call_default_factory=True))
        said = "; ".join(part for part in (field.description or "", limits[option]) if part)
        say(f"  {option}={value}    {said}".rstrip())


def _show_class_facts(cls: type[Plugin], made: Plugin | None) -> None:
    from bridgebench.interfaces.method import Method
    from bridgebench.interfaces.score_model import ScoreModel
    from bridgebench.interfaces.solver import Solver

    if issubclass(cls, Method):
        axes = ", ".join(sorted(cls.axes)) or "none"
        given = made.supervision if isinstance(made, Method) else given_to(cls)
        say_lines(f"\naxes: {axes}; supervision: {given}")
        if isinstance(made, Method) and made.baseline:
            say("a baseline or a control: its rows have no rank")
        for label, text in (("family", cls.family), ("paper", cls.paper), ("license", cls.license)):
            if text:
                say(f"{label}: {text}")
    if issubclass(cls, ScoreModel):
        domains = ", ".join(made.domains) if isinstance(made, ScoreModel) else domains_of(cls)
        say_lines(f"\ndomains: {domains}")
        reason = cls.unfit_to_encode
        if isinstance(reason, str) and reason:
            say(f"not suitable for encoding: {reason}")
    if issubclass(cls, Method | Solver) and cls.citation:
        say_lines(f"\n{inspect.cleandoc(cls.citation)}")


def _show_columns(cls: type[Metric], made: Plugin | None) -> None:
    """The columns with the options that were given; without them, those of every value."""
    from bridgebench.plan.chance import chance_name

    needed = {option for option, field in cls.model_fields.items() if field.is_required()}
    plain = cls.model_construct() if needed else cls()
    try:
        columns = (made if isinstance(made, cls) else plain).columns()
    except AttributeError as error:
        if error.name not in needed:
            raise
        say_lines(f"\ncolumns: those that {error.name} decides; give {cls.name}:{error.name}=...")
        return
    for column in columns:
        bounds = f"[{_bound(column.low)}, {_bound(column.high)}]"
        besides = ", with an interval of 95 %" if column.interval else ""
        besides += f"; {chance_name(column.name)}: by chance" if column.chance else ""
        say_lines(
            f"\ncolumn {column.name}: {column.description}\n"
            f"  unit {column.unit or '1'}, range {bounds}, {column.better or 'neither'} is "
            f"better{besides}"
        )


def _bound(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
