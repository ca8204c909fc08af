"""A plan: what will run, in which order, in which batches, and what decides each number."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Setting, Stage
from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.extractor import Extractor
from bridgebench.interfaces.metric import Column, Metric
from bridgebench.interfaces.score_model import Precision
from bridgebench.plan.answers import evaluations_of
from bridgebench.tasks.task_file import TaskFile

IDENTITY_LENGTH = 24


def identity_of(axes: Mapping[str, str | int | None]) -> str:
    """The name of a cell among the files of a run: a hash of its axes, None on an unused one."""
    return digest(dict(axes))[:IDENTITY_LENGTH]


@dataclass(frozen=True)
class PlannedCell:
    """A cell with what its row says of it.

    axes        the columns that name it; None on an axis that its method does not use
    identity    hash of `axes`
    key         hash of all that decides its numbers
    fit         the stage of its fit with the key of its result, or None
    shared      its shared stages with the key of each result, in order
    skip        why it cannot be run, or ""
    provenance  what the row says of how it was made
    """

    cell: Cell
    axes: Mapping[str, str | int | None]
    identity: str
    key: str
    fit: tuple[Stage, str] | None
    shared: tuple[tuple[Stage, str], ...]
    skip: str
    provenance: Mapping[str, Any]

    @cached_property
    def evaluations(self) -> int:
        """Network evaluations of an image that its translation is expected to need.

        Asked when it is needed: a method may have to integrate to know, and a finished run does not
        need it. PluginError where the method does not give a whole number.
        """
        return 0 if self.skip else evaluations_of(self.cell)


@dataclass(frozen=True)
class Group:
    """Cells of one seed that share all their shared stages, which are computed once for them."""

    seed: int
    shared: tuple[tuple[Stage, str], ...]
    cells: tuple[PlannedCell, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first image is touched.

    batch        source images at once; the last batch is padded to it
    extractors   by the spec that metrics ask for
    limit        seconds that a cell may take, or None
    measuring    package -> code hash of the plugins that measure
    fingerprint  all that decides the meaning of the metrics
    """

    task: TaskFile
    protocol: str
    setting: Setting
    dataset: Dataset
    n: int
    batch: int
    seeds: tuple[int, ...]
    metrics: tuple[Metric, ...]
    extractors: Mapping[str, Extractor]
    columns: tuple[Column, ...]
    device: str
    precision: Precision
    limit: float | None
    groups: tuple[Group, ...]
    measuring: Mapping[str, Any]
    fingerprint: Mapping[str, Any]

    @property
    def cells(self) -> tuple[PlannedCell, ...]:
        """All cells, in the order in which they run."""
        return tuple(cell for group in self.groups for cell in group.cells)

    @property
    def contract(self) -> dict[str, Any]:
        """What a folder of results has to agree on, as JSON values."""
        return {
            "task": self.task.name,
            "protocol": self.protocol,
            "n": self.n,
            "batch": self.batch,
            "seeds": list(self.seeds),
            "metrics": [metric.spec for metric in self.metrics],
            "precision": self.precision,
            "device": self.device.partition(":")[0],
            "fingerprint": json.loads(json.dumps(self.fingerprint)),
        }

    @property
    def padded_n(self) -> int:
        """Images that the networks see in a pass: n, with the last batch filled up."""
        return -(-self.n // self.batch) * self.batch

    @property
    def needs_cycle(self) -> bool:
        """Whether a metric needs the outputs translated back."""
        return any(metric.needs_cycle for metric in self.metrics)

    @property
    def samples(self) -> int:
        """The most outputs of each source that a metric wants of a stochastic method."""
        return max((metric.samples for metric in self.metrics), default=1)


def evaluations(group: Group, missing: Collection[str]) -> int:
    """Expected network evaluations of a source image for the cells of some identities."""
    wanted = [cell for cell in group.cells if cell.identity in missing and not cell.skip]
    shared = sum(stage.evaluations for stage, _ in group.shared) if wanted else 0
    return shared + sum(cell.evaluations for cell in wanted)


def evaluations_for(plan: Plan, missing: Collection[str]) -> int:
    """Network evaluations that the cells of some identities are expected to need."""
    return sum(evaluations(group, missing) for group in plan.groups) * plan.padded_n
