"""Which checks there are for each kind, and those of a plugin as people type it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bridgebench.conformance import (
    dataset,
    extractor,
    method,
    metric,
    plugin,
    score,
    solver,
    task,
    transform,
)
from bridgebench.conformance.check import BoundCheck, Check
from bridgebench.conformance.harness import DEFAULT_TASK, Harness, make_harness
from bridgebench.errors import BridgebenchError, PluginError, UnknownName, UsageError
from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.plugin import Plugin
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build, parse_spec, split_chain
from bridgebench.tasks.lookup import SUFFIXES, find_task, task_of

_OWN: Mapping[Kind, Sequence[Callable[[Any, Harness], None]]] = {
    Kind.DATASET: dataset.CHECKS,
    Kind.SCORE: score.CHECKS,
    Kind.SOLVER: solver.CHECKS,
    Kind.TRANSFORM: transform.CHECKS,
    Kind.EXTRACTOR: extractor.CHECKS,
    Kind.METHOD: method.CHECKS,
    Kind.METRIC: metric.CHECKS,
    Kind.TASK: task.CHECKS,
}


def checks_of(kind: Kind) -> tuple[Check[Any], ...]:
    """The checks of a kind, those that all plugins share first.

    >>> [check.name for check in checks_of(Kind.TRANSFORM)][:4]
    ['documented', 'options', 'spec', 'run']
    """
    common = () if kind is Kind.TASK else plugin.CHECKS
    return tuple(Check(kind, function) for function in (*common, *_OWN[kind]))


@dataclass(frozen=True)
class Wanted:
    """What is to be checked, as people type it.

    spec    a plugin with its options, a task's name, or the path of a task file
    kind    of the plugin, or "" for each kind that has one of that name
    task    whose images it is tried with, by name or path; "" for one that fits
    device  auto, cpu, cuda or cuda:N
    """

    spec: str
    kind: str = ""
    task: str = ""
    device: str = "auto"


def bound_checks(registry: Registry, wanted: Wanted) -> tuple[BoundCheck, ...]:
    """The checks of what is wanted, ready to be called.

    UsageError, one line, for a name, an option, a kind or a task that is not there. A plugin that
    cannot be loaded has one check, which says so.
    """
    if wanted.spec.endswith(SUFFIXES):
        return _of_task(registry, wanted.spec, wanted)
    found: list[BoundCheck] = []
    errors: list[UsageError] = []
    for kind in _kinds(registry, wanted):
        try:
            found += _of_kind(registry, kind, wanted)
        except UsageError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return tuple(found)


def _kinds(registry: Registry, wanted: Wanted) -> list[Kind]:
    name, _ = parse_spec(wanted.spec)
    if wanted.kind:
        if wanted.kind not in set(Kind):
            raise UnknownName("kind of plugin", wanted.kind, Kind)
        registry.entry(Kind(wanted.kind), name)
        return [Kind(wanted.kind)]
    kinds = [kind for kind in Kind if name in registry.entries[kind]]
    if not kinds:
        known = {each for kind in Kind for each in registry.entries[kind]}
        raise UnknownName("plugin or task", name, known)
    return kinds


def _of_kind(registry: Registry, kind: Kind, wanted: Wanted) -> tuple[BoundCheck, ...]:
    if kind is Kind.TASK:
        return _of_task(registry, wanted.spec, wanted)
    try:
        made = build(registry, kind, Plugin, wanted.spec)
    except PluginError as error:
        return (_broken(kind, error),)
    fitting = wanted.task or _fitting_task(registry, kind, made)
    make = cache(lambda: make_harness(registry, fitting, wanted.device))
    if wanted.task:
        make()
    return tuple(BoundCheck(check, made, make) for check in checks_of(kind))


def _of_task(registry: Registry, where: str, wanted: Wanted) -> tuple[BoundCheck, ...]:
    try:
        found = find_task(registry, where)
    except PluginError as error:
        return (_broken(Kind.TASK, error),)
    make = cache(lambda: make_harness(registry, where, wanted.device))
    return tuple(BoundCheck(check, found, make) for check in checks_of(Kind.TASK))


def _broken(kind: Kind, error: PluginError) -> BoundCheck:
    def loads(_plugin: object, _harness: object) -> None:
        """The plugin can be loaded."""
        raise error

    # The one check that looks at neither: there is no plugin, and making a harness might fail for
    # the same reason and hide it.
    return BoundCheck(Check(kind, loads), None, lambda: None)  # type: ignore[arg-type, return-value]


def _fitting_task(registry: Registry, kind: Kind, made: Plugin) -> str:
    """The first task that names the plugin with its options, by its name, or by its domains.

    "" where there is none: any task will do.
    """
    names = sorted(registry.names(Kind.TASK), key=lambda name: name != DEFAULT_TASK)
    for fits in (_has_spec, _has_name, _has_domains):
        for name in names:
            try:
                if fits(registry, name, kind, made):
                    return name
            except BridgebenchError:
                continue
    return ""


def _has_spec(registry: Registry, name: str, kind: Kind, made: Plugin) -> bool:
    written = [spec for spec in _named(registry, name, kind) if parse_spec(spec)[0] == made.name]
    return any(build(registry, kind, Plugin, spec) == made for spec in written)


def _has_name(registry: Registry, name: str, kind: Kind, made: Plugin) -> bool:
    return made.name in {parse_spec(spec)[0] for spec in _named(registry, name, kind)}


def _named(registry: Registry, name: str, kind: Kind) -> Sequence[str]:
    """What a task names of a kind, by spec."""
    task = task_of(registry.entry(Kind.TASK, name))
    named: dict[Kind, Sequence[str]] = {
        Kind.DATASET: [task.dataset],
        Kind.SCORE: task.score_models,
        Kind.SOLVER: task.solvers,
        Kind.TRANSFORM: [link for chain in task.transforms for link in split_chain(chain)],
        Kind.EXTRACTOR: [task.extractor] if task.extractor else [],
        Kind.METHOD: task.methods,
        Kind.METRIC: task.metrics,
    }
    return named[kind]


def _has_domains(registry: Registry, name: str, kind: Kind, made: Plugin) -> bool:
    if not isinstance(made, ScoreModel):
        return False
    spec = task_of(registry.entry(Kind.TASK, name)).dataset
    return bool(set(build(registry, Kind.DATASET, Dataset, spec).domains) & set(made.domains))


def verdicts(checks: Sequence[BoundCheck]) -> Iterator[tuple[BoundCheck, PluginError | None]]:
    """Each check with what it found wrong, or None."""
    for check in checks:
        try:
            check()
        except PluginError as error:
            yield check, error
        else:
            yield check, None
