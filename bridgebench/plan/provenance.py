"""What decides the numbers of a cell, and what its row says of how it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.extractor import Extractor
from bridgebench.interfaces.method import Cell, Method
from bridgebench.interfaces.metric import Metric
from bridgebench.interfaces.plugin import Plugin
from bridgebench.interfaces.score_model import Precision, ScoreModel
from bridgebench.interfaces.solver import Solver
from bridgebench.interfaces.transform import Transform
from bridgebench.registry import Entry, Kind, Registry, source_sha256
from bridgebench.taskfile import TaskFile

TASK_KEY = "task file"
"""Where a row's `plugins` names the task's own file; no package has a name with a space."""

REFERENCE_SEED = 0
"""The seed of the reference images: the same for every run, so that its seeds can be compared."""


def plugin_versions(entries: Iterable[Entry]) -> dict[str, dict[str, str]]:
    """Package of each plugin -> its distribution, version and source hash, with the core's own."""
    packages = {entry.where.partition(":")[0].partition(".")[0]: entry for entry in entries}
    out = {
        package: {
            "distribution": entry.source.distribution,
            "version": entry.source.version,
            "sha256": source_sha256(package),
        }
        for package, entry in packages.items()
    }
    out["bridgebench"] = {
        "distribution": "bridgebench",
        "version": _installed("bridgebench"),
        "sha256": source_sha256("bridgebench"),
    }
    return dict(sorted(out.items()))


@cache
def _installed(distribution: str) -> str:
    """Its version; each cell asks, and the answer takes reading its metadata."""
    return version(distribution)


_KINDS: dict[type[Plugin], Kind] = {
    Method: Kind.METHOD,
    ScoreModel: Kind.SCORE,
    Solver: Kind.SOLVER,
    Transform: Kind.TRANSFORM,
}


def cell_entries(registry: Registry, cell: Cell) -> list[Entry]:
    """The registry entries of the plugins that make a cell's outputs."""
    solver = () if cell.solver is None else (cell.solver,)
    links = () if cell.transform is None else cell.transform.links
    return entries_of(registry, (cell.method, *cell_scores(cell), *solver, *links))


def entries_of(registry: Registry, plugins: Iterable[Plugin]) -> list[Entry]:
    """The registry entries of methods, score models, solvers and transforms."""
    return [
        registry.entry(kind, plugin.name)
        for plugin in plugins
        for interface, kind in _KINDS.items()
        if isinstance(plugin, interface)
    ]


def cell_scores(cell: Cell) -> tuple[ScoreModel, ...]:
    """The score models of a cell."""
    return tuple(score for score in (cell.source_score, cell.target_score) if score is not None)


def cell_weights(cell: Cell) -> dict[str, str]:
    """File -> sha256 of the weights of a cell's score models and of its method's own files."""
    parts: tuple[ScoreModel | Method, ...] = (*cell_scores(cell), cell.method)
    return {
        f"{part.name}/{name}": sha for part in parts for name, sha in sorted(part.files().items())
    }


def items_key(
    task: TaskFile, dataset: Dataset, n: int, batch: int, seed: int, precision: Precision
) -> dict[str, Any]:
    """What decides the source images, how they are batched, and in what they are computed."""
    return {
        "dataset": dataset.resolved(),
        "files": dict(dataset.files()),
        "source": task.source.model_dump(mode="json"),
        "target": task.target.model_dump(mode="json"),
        "range": [str(task.item.low), str(task.item.high)],
        "n": n,
        "batch": batch,
        "seed": seed,
        "precision": precision,
    }


def fingerprint(
    task: TaskFile,
    dataset: Dataset,
    metrics: Sequence[Metric],
    extractors: Mapping[str, Extractor],
    n: int,
) -> dict[str, Any]:
    """All that decides the meaning of the metrics; rows that differ in it are never compared."""
    reference = {
        "dataset": dataset.resolved(),
        "files": dict(dataset.files()),
        "domain": task.target.domain,
        "split": task.target.reference,
        "seed": REFERENCE_SEED,
    }
    parts = {
        metric.name: {
            "options": metric.resolved(),
            "version": metric.version,
            "extractors": {
                spec: extractors[spec].sha256() for spec in metric.extractors(task.extractor or "")
            },
            "reference": reference if metric.needs_reference else None,
        }
        for metric in metrics
    }
    source = {"domain": task.source.domain, "split": task.source.split, "n": n}
    return {"task": task.name, "source": source, "metrics": parts}


def provenance(
    registry: Registry,
    cell: Cell,
    extra: Iterable[Entry],
    task: Mapping[str, str],
    device: str,
    precision: Precision,
    batch: int,
) -> dict[str, Any]:
    """What a row says of how it was made.

    `extra` are the plugins that measured it, `task` says where the task's file is from.
    """
    plugins = plugin_versions([*cell_entries(registry, cell), *extra])
    return {
        "options": json.dumps(cell.resolved(), sort_keys=True),
        "plugins": json.dumps({**plugins, TASK_KEY: dict(task)}),
        "weights": json.dumps(cell_weights(cell), sort_keys=True),
        "torch": _installed("torch"),
        "bridgebench": _installed("bridgebench"),
        "device": device,
        "precision": precision,
        "batch": batch,
    }
