"""From what a row says of itself to a plan that computes it again.

Nothing is taken from the row on trust but names: a plugin is used only if it is installed, and what
is planned is held against every option, hash and fingerprint that the row names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from bridgebench.errors import BridgebenchError, PluginError
from bridgebench.interfaces.plugin import Plugin
from bridgebench.leaderboard.meaning import first_difference, parts_of
from bridgebench.leaderboard.row_entries import entries_of_row
from bridgebench.plan.choices import Choices, choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plan.provenance import TASK_KEY, plugin_versions
from bridgebench.plan.tasks import task_source
from bridgebench.registry import Kind, Registry
from bridgebench.specs import parse_spec
from bridgebench.taskfile import TaskFile, first_problem

Sources = Literal["same", "any"]


@dataclass(frozen=True)
class Rerun:
    """A row as it would be computed again: the words of a run, and the plan of its one cell."""

    choices: Choices
    plan: Plan


class Missing(Exception):
    """What a row needs to be computed again and is not here, in one line."""


def plan_of(
    cells: Mapping[Any, Any],
    registry: Registry,
    task: TaskFile,
    *,
    task_file: Path | None,
    device: str,
    sources: Sources,
    limit: float | None = None,
) -> Rerun:
    """The plan of one cell: the one that a row describes.

    Args:
        cells: the row.
        registry: the plugins that are installed.
        task: the row's task, read from `task_file` where that is given.
        device: where to compute.
        sources: `same` asks for the very sources that the row names; `any` goes on with others.
        limit: seconds that the cell may take, None for as long as it needs.

    Raises:
        Missing: a plugin, option, weights file or dataset that is not here, or is another.
    """
    if cells["status"] != "ok":
        raise Missing(f"it has no numbers: its status is {cells['status']}")
    _check_plugins(cells, registry, sources)
    try:
        word = str(task_file or task.name)
        if sources == "same":
            _check_task(cells, task_source(registry, word))
        choices = _choices(cells, registry, task, word, device)
        choices = choices.model_copy(update={"limit": limit})
        plan = make_plan(registry, choices)
    except BridgebenchError as error:
        raise Missing(str(error)) from error
    _check_same(cells, plan)
    return Rerun(choices, plan)


def _check_task(cells: Mapping[Any, Any], here: Mapping[str, str]) -> None:
    """Missing where the row names another text of its task than the one here."""
    named = json.loads(cells["plugins"]).get(TASK_KEY)
    if named is not None and named["sha256"] != here["sha256"]:
        raise Missing(
            f"task {cells['task']} is not the one that the row names: its file has the sha256 "
            f"{here['sha256'][:12]} here and had {named['sha256'][:12]}; sources=any goes on with "
            "the one here"
        )


def _check_plugins(cells: Mapping[Any, Any], registry: Registry, sources: Sources) -> None:
    named = {k: v for k, v in json.loads(cells["plugins"]).items() if k != TASK_KEY}
    installed = {"bridgebench", *_packages(registry)}
    for package, source in sorted(named.items()):
        if package not in installed:
            raise Missing(
                f"{source['distribution']} {source['version']} with the package {package} is not "
                "installed"
            )
    here = plugin_versions(entries_of_row(cells, registry))
    for package in sorted(named.keys() & here.keys()):
        difference = first_difference(named[package], here[package])
        if difference and sources == "same":
            raise Missing(
                f"{package} is not what the row names and what is installed: they differ in "
                f"{difference}; sources=any goes on with what is installed"
            )


def _packages(registry: Registry) -> set[str]:
    return {
        entry.where.partition(":")[0].partition(".")[0]
        for entries in registry.entries.values()
        for entry in entries.values()
    }


def _choices(
    cells: Mapping[Any, Any], registry: Registry, task: TaskFile, task_word: str, device: str
) -> Choices:
    options = json.loads(cells["options"])
    own = {parse_spec(spec)[0] for spec in task.metrics}
    metrics = [
        _spec(registry, Kind.METRIC, part["options"])
        for name, part in parts_of(cells)["metrics"].items()
        if name not in own
    ]
    words = {
        "task": task_word,
        "protocol": cells["protocol"],
        "method": _spec(registry, Kind.METHOD, options["method"]),
        "source_score": _optional(registry, Kind.SCORE, options["source_score"]),
        "target_score": _optional(registry, Kind.SCORE, options["target_score"]),
        "solver": _optional(registry, Kind.SOLVER, options["solver"]),
        "transform": _chain(registry, options["transform"]),
        "nfe": options["nfe"],
        "seed": options["seed"],
        "n": cells["n"],
        "metric": metrics or None,
        "batch": cells["batch"],
        "device": device,
        "precision": cells["precision"],
    }
    return choices_of({name: word for name, word in words.items() if word is not None})


def _optional(registry: Registry, kind: Kind, resolved: Mapping[str, Any] | None) -> str | None:
    return None if resolved is None else _spec(registry, kind, resolved)


def _chain(registry: Registry, links: list[Mapping[str, Any]] | None) -> str | None:
    if links is None:
        return None
    return "+".join(_spec(registry, Kind.TRANSFORM, link) for link in links)


def _spec(registry: Registry, kind: Kind, resolved: Mapping[str, Any]) -> str:
    """What to type for a plugin of these options, as its installed version understands them."""
    options = {name: value for name, value in resolved.items() if name != "name"}
    cls = registry.load(kind, str(resolved["name"]))
    if not issubclass(cls, Plugin):
        raise PluginError(f"{kind} '{resolved['name']}' is not a plugin with options")
    try:
        return cls(**options).spec
    except ValidationError as error:
        raise Missing(
            f"{kind} '{resolved['name']}' no longer takes the row's options: {first_problem(error)}"
        ) from error


def _check_same(cells: Mapping[Any, Any], plan: Plan) -> None:
    """Missing where the plan would compute something else than the row says."""
    (planned,) = plan.cells
    if planned.skip:
        raise Missing(f"the combination cannot be run here: {planned.skip}")
    pairs = (
        ("options", json.loads(cells["options"]), json.loads(planned.provenance["options"])),
        ("weights", json.loads(cells["weights"]), json.loads(planned.provenance["weights"])),
        ("the fingerprint", parts_of(cells), json.loads(json.dumps(plan.fingerprint))),
    )
    for what, published, here in pairs:
        difference = first_difference(published, here)
        if difference:
            raise Missing(f"{what} of the row and of what is installed differ in {difference}")
