"""What decides the numbers of a cell, and what its row says of how it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell
from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.extractor import Extractor
from bridgebench.interfaces.method import Method
from bridgebench.interfaces.metric import Metric
from bridgebench.interfaces.plugin import Plugin
from bridgebench.interfaces.score_model import Precision, ScoreModel
from bridgebench.interfaces.solver import Solver
from bridgebench.interfaces.transform import Transform
from bridgebench.plan.code import CodeReader
from bridgebench.plugins.registry import Entry, Kind, Registry
from bridgebench.tasks.task_file import TaskFile
from bridgebench.toolkit.randomness import generator

TASK_KEY = "task file"
"""Where a row's `plugins` names the task's own file; no package has a name with a space."""

DRAWS_LENGTH = 12
REFERENCE_SEED = 0
"""The seed of the reference images: the same for every run, so that its seeds can be compared."""


def plugin_versions(entries: Iterable[Entry]) -> dict[str, dict[str, str]]:
    """Package of each plugin -> its distribution, version and code hash, with the core's own."""
    named = tuple(entries)
    sources = {_package(entry): entry.source for entry in named}
    return {
        package: {
            "distribution": sources[package].distribution if package in sources else package,
            "version": sources[package].version if package in sources else _installed(package),
            "sha256": sha256,
        }
        for package, sha256 in plugin_code(named).items()
    }


def plugin_code(entries: Iterable[Entry]) -> dict[str, str]:
    """Package -> sha256 of the code of some plugins that computes, with the core's own.

    Keys are made of it and not of versions: a release that changes a comment keeps all rows.
    """
    return _code_of(tuple(dict.fromkeys(entry.where.partition(":")[0] for entry in entries)))


@cache
def _code_of(modules: tuple[str, ...]) -> dict[str, str]:
    """Cells of one method, solver and transform share it."""
    return _reader().code_of(modules)


@cache
def _reader() -> CodeReader:
    """One for all cells, so that each module is read once."""
    return CodeReader()


def _package(entry: Entry) -> str:
    return entry.where.partition(":")[0].partition(".")[0]


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
    solver = () if cell.parts.solver is None else (cell.parts.solver,)
    links = () if cell.parts.transform is None else cell.parts.transform.links
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
    scores = (cell.parts.source_score, cell.parts.target_score)
    return tuple(score for score in scores if score is not None)


def cell_weights(cell: Cell) -> dict[str, str]:
    """File -> sha256 of the weights of a cell's score models and of its method's own files."""
    parts: tuple[ScoreModel | Method, ...] = (*cell_scores(cell), cell.method)
    return {
        f"{part.name}/{name}": sha for part in parts for name, sha in sorted(part.files().items())
    }


def dataset_key(dataset: Dataset) -> dict[str, Any]:
    """What decides the images of a dataset: its options and its files, which are hashed."""
    return {"dataset": dataset.resolved(), "files": dict(dataset.files())}


def items_key(
    task: TaskFile,
    images: Mapping[str, Any],
    n: int,
    batch: int,
    seed: int,
    precision: Precision,
) -> dict[str, Any]:
    """What decides the source images, how they are batched, and in what they are computed.

    `images` is the `dataset_key`.
    """
    return {
        **images,
        "source": task.source.fingerprint(),
        "target": task.target.model_dump(mode="json"),
        "range": [str(task.item.low), str(task.item.high)],
        "n": n,
        "batch": batch,
        "seed": seed,
        "precision": precision,
    }


def fingerprint(
    task: TaskFile,
    images: Mapping[str, Any],
    metrics: Sequence[Metric],
    extractors: Mapping[str, Extractor],
    n: int,
    precision: Precision,
) -> dict[str, Any]:
    """All that decides the meaning of the metrics; rows that differ in it are never compared.

    Versions of torch are no part: they move last digits, within the tolerance of `verify`, and a
    row names its own. Versions of libraries whose functions a metric calls are, and so are the
    draws of NumPy, whose streams may change between releases. `images` is the `dataset_key`.
    """
    parts = {
        metric.name: {
            "options": metric.resolved(),
            "version": metric.version,
            "extractors": {
                spec: extractors[spec].sha256() for spec in metric.extractors(task.extractor or "")
            },
            "libraries": {name: _installed(name) for name in metric.libraries},
        }
        for metric in metrics
    }
    return {
        "task": task.name,
        **images,
        "source": {**task.source.fingerprint(), "n": n},
        "target": {**task.target.model_dump(mode="json"), "seed": REFERENCE_SEED},
        "item": [list(task.item.shape), str(task.item.low), str(task.item.high)],
        "precision": precision,
        "draws": _draws(),
        "metrics": parts,
    }


@cache
def _draws() -> str:
    """A hash of the first draws of each kind, the same on every machine with equal streams."""
    stream = generator(0, "fingerprint", "")
    drawn = (
        stream.standard_normal(8, dtype="float32"),
        stream.random(8),
        stream.integers(1000, size=8),
        stream.permutation(8),
    )
    return digest([values.tolist() for values in drawn])[:DRAWS_LENGTH]


def provenance(
    registry: Registry,
    cell: Cell,
    extra: Iterable[Entry],
    task: Mapping[str, str],
    device: str,
    precision: Precision,
    batch: int,
    training: Mapping[str, str],
) -> dict[str, Any]:
    """What a row says of how it was made.

    `extra` are the plugins that measured it, `task` says where the task's file is from, `training`
    which images the method was fitted to.
    """
    plugins = plugin_versions([*cell_entries(registry, cell), *extra])
    return {
        "options": json.dumps(cell.resolved(), sort_keys=True),
        "plugins": json.dumps({**plugins, TASK_KEY: dict(task)}),
        "weights": json.dumps({**cell_weights(cell), **training}, sort_keys=True),
        "torch": _installed("torch"),
        "bridgebench": _installed("bridgebench"),
        "device": device,
        "precision": precision,
        "batch": batch,
    }
