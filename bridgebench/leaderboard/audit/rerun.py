"""From a published row to a plan that computes it again.

Only names are taken from the row on trust: a plugin is used only if it is installed, and the plan
is compared with every option, hash and fingerprint that the row names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bridgebench.errors import BridgebenchError, PluginError
from bridgebench.interfaces.plugin import Plugin
from bridgebench.leaderboard.audit.local_files import spec_with_local_files
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.differences import first_difference
from bridgebench.plan.choices import Choices, choices_of
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Plan
from bridgebench.plan.provenance import TASK_KEY
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.tasks.task_file import TaskFile, first_problem

LIBRARIES = "libraries"
"""Where a metric's part of the fingerprint names the versions of libraries that it calls."""


@dataclass(frozen=True)
class Rerun:
    """A row as it would be computed again.

    choices      the options of a run
    plan         the plan of its one cell
    differences  sources that are not those that the row names, a line each
    """

    choices: Choices
    plan: Plan
    differences: tuple[str, ...]

    @property
    def made_elsewhere(self) -> bool:
        """Whether the outputs are read and not made, so that they are only scored again."""
        return self.plan.cells[0].cell.method.made_elsewhere


class Missing(Exception):
    """What a row needs to be computed again and is not installed here, in one line."""

    def __init__(self, message: str, differences: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences


def plan_of(
    row: Row,
    registry: Registry,
    task: TaskFile,
    *,
    task_file: Path | None,
    device: str,
    weights_path: tuple[Path, ...] = (),
    limit: float | None = None,
) -> Rerun:
    """The plan of one cell: the one that a row describes.

    A row is computed also where the sources differ from those that it names: a changed comment is
    another source. The differences are listed, as they may explain a different number.

    Args:
        row: the published row.
        registry: the plugins that are installed.
        task: the row's task, read from `task_file` where that is given.
        device: where to compute.
        weights_path: folders to search for files that the row names by their hash.
        limit: seconds that the cell may take, None for as long as it needs.

    Raises:
        Missing: a plugin, option, weights file or dataset that is not here, or is another.
    """
    if not row.ok:
        raise Missing(f"it has no numbers: its status is {row.cells['status']}")
    named = row.parsed("plugins")
    differences = tuple(_not_installed(named, registry))
    try:
        word = str(task_file or task.name)
        choices = _choices(row, registry, word, device, weights_path)
        choices = choices.model_copy(update={"limit": limit})
        plan = make_plan(registry, choices)
        here = json.loads(plan.cells[0].provenance["plugins"])
        differences += tuple(_other_sources(named, here))
        differences += tuple(_other_libraries(row.fingerprint_parts, plan.fingerprint))
        _check_same(row, plan)
    except (BridgebenchError, Missing) as error:
        raise Missing(str(error), differences) from error
    return Rerun(choices, plan, differences)


def _not_installed(named: Mapping[str, Any], registry: Registry) -> Iterator[str]:
    """The packages that the row names and no plugin is from."""
    known = {"bridgebench", TASK_KEY} | {
        entry.where.partition(":")[0].partition(".")[0]
        for entries in registry.entries.values()
        for entry in entries.values()
    }
    for package in sorted(named.keys() - known):
        source = named[package]
        yield f"{package} of {source['distribution']} {source['version']} is not installed"


def _other_sources(named: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """How each source that the row names differs from the one that computes it here."""
    for package in sorted(named.keys() & here.keys()):
        parts = ("sha256",) if package == TASK_KEY else named[package].keys() | here[package].keys()
        ours, theirs = ({part: of[package].get(part) for part in parts} for of in (here, named))
        yield from _said(package, theirs, ours)


def _choices(
    row: Row,
    registry: Registry,
    task_word: str,
    device: str,
    weights_path: Sequence[Path],
) -> Choices:
    options = dict.fromkeys(_PARTS) | row.parsed("options")
    if options["method"] is None:
        raise Missing("its options do not name the method")
    specs = _Specs(registry, row.parsed("weights"), tuple(weights_path))
    named = {name: part.get("options") for name, part in row.fingerprint_parts["metrics"].items()}
    for name, resolved in named.items():
        if not resolved:
            raise Missing(f"its fingerprint does not name the options of metric '{name}'")
    metrics = [specs.spec(Kind.METRIC, resolved) for resolved in named.values() if resolved]
    words = {
        "task": task_word,
        "protocol": row.cells["protocol"],
        "method": specs.spec(Kind.METHOD, options["method"]),
        "source_score": specs.optional(Kind.SCORE, options["source_score"]),
        "target_score": specs.optional(Kind.SCORE, options["target_score"]),
        "solver": specs.optional(Kind.SOLVER, options["solver"]),
        "transform": specs.chain(options["transform"]),
        "nfe": options["nfe"],
        "seed": options["seed"],
        "n": row.cells["n"],
        "metric": metrics or None,
        "batch": row.cells["batch"],
        "device": device,
        "precision": row.cells["precision"],
    }
    return choices_of({name: word for name, word in words.items() if word is not None})


_PARTS = ("method", "source_score", "target_score", "solver", "transform", "nfe", "seed")


@dataclass(frozen=True)
class _Specs:
    """Writes the plugin specs of a row.

    weights  the files in the row, "NAME/FILE" to sha256
    folders  where to search for them
    """

    registry: Registry
    weights: Mapping[str, str]
    folders: tuple[Path, ...]

    def optional(self, kind: Kind, resolved: Mapping[str, Any] | None) -> str | None:
        return None if resolved is None else self.spec(kind, resolved)

    def chain(self, links: Sequence[Mapping[str, Any]] | None) -> str | None:
        if links is None:
            return None
        return "+".join(self.spec(Kind.TRANSFORM, link) for link in links)

    def spec(self, kind: Kind, resolved: Mapping[str, Any]) -> str:
        """The spec of a plugin with these options, for its installed version."""
        options = {name: value for name, value in resolved.items() if name != "name"}
        cls = self.registry.load(kind, str(resolved["name"]))
        if not issubclass(cls, Plugin):
            raise PluginError(f"{kind} '{resolved['name']}' is not a plugin with options")
        try:
            return spec_with_local_files(cls(**options), self.weights, self.folders)
        except (ValidationError, TypeError) as error:
            why = first_problem(error) if isinstance(error, ValidationError) else str(error)
            raise Missing(
                f"{kind} '{resolved['name']}' does not take the row's options: {why}"
            ) from error


def _check_same(row: Row, plan: Plan) -> None:
    """Missing where the plan would compute something else than the row says."""
    (planned,) = plan.cells
    if planned.skip:
        raise Missing(f"the combination cannot be run here: {planned.skip}")
    pairs = (
        ("options", row.parsed("options"), json.loads(planned.provenance["options"])),
        ("weights", row.parsed("weights"), json.loads(planned.provenance["weights"])),
        ("the fingerprint", *_meanings(row.fingerprint_parts, plan.fingerprint)),
    )
    for what, published, here in pairs:
        difference = first_difference(published, here)
        if difference:
            raise Missing(f"{what} of the row and of what is installed differ in {difference}")


def _meanings(
    published: Mapping[str, Any], here: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both fingerprints without metrics that the row does not have and versions of libraries."""
    named = published["metrics"]
    found = []
    for parts in (published, here):
        metrics = {
            name: {key: value for key, value in part.items() if key != LIBRARIES}
            for name, part in parts["metrics"].items()
            if name in named
        }
        found.append(json.loads(json.dumps({**parts, "metrics": metrics})))
    return found[0], found[1]


def _other_libraries(published: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """How the libraries that a metric calls differ from those that the row names."""
    for name, part in published["metrics"].items():
        ours = here["metrics"].get(name, {}).get(LIBRARIES, {})
        yield from _said(f"metric {name}", part.get(LIBRARIES, {}), dict(ours))


def _said(what: str, published: object, here: object) -> Iterator[str]:
    """The first difference of two descriptions, if there is one, as a line."""
    found = first_difference(published, here)
    if found:
        yield f"{what}: {found.part} is {found.right} here, {found.left} in the row"
