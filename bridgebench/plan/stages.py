"""Keys of the results that cells share: fits and stages, each by all that decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Stage
from bridgebench.interfaces.dataset import Dataset
from bridgebench.plan.provenance import cell_entries, cell_weights, plugin_code
from bridgebench.plugins.registry import Entry, Registry
from bridgebench.tasks.task_file import TaskFile

TRAINING = "training"

OF_SCORES = frozenset({"n", "fingerprint"})
"""What all cells of a seed share and no stage sees."""

OF_BATCHES = frozenset({"batch"})
"""What stages see, and fits do not."""


def training_refusal(domains: Sequence[str], task: TaskFile, dataset: Dataset) -> str:
    """Why a method cannot be fitted to images of some domains, or ""."""
    split = dataset.training_split
    if not domains:
        return ""
    if split not in dataset.splits:
        return f"it is fitted to training images, and {dataset.name} has no split '{split}'"
    if split == task.source.split:
        return f"it is fitted to images of the split '{split}', which task {task.name} evaluates"
    for domain in domains:
        if domain not in dataset.domains:
            return f"it is fitted to images of {domain}, a domain that {dataset.name} does not have"
    return ""


def training_data(domains: Sequence[str], split: str, images: Mapping[str, Any]) -> dict[str, str]:
    """The training images of some domains, each with a hash of all that decides them.

    `split` is the training split, `images` the `dataset_key`.
    """
    data = [images["dataset"], images["files"], split]
    return {f"{TRAINING}/{split}/{domain}": digest([*data, domain]) for domain in domains}


@dataclass(frozen=True)
class StageKeys:
    """The keys of the fit and of the shared stages of a cell.

    common    what decides all cells of the seed
    dataset   the registry entry of the dataset
    n         source images of the run
    training  the training images of the method
    """

    registry: Registry
    cell: Cell
    common: Mapping[str, Any]
    dataset: Entry
    n: int
    training: Mapping[str, str]

    def of_fit(self, stage: Stage | None) -> tuple[Stage, str] | None:
        """A fit, decided by its stage and the training images, whatever is evaluated."""
        if stage is None:
            return None
        common = {k: v for k, v in self.common.items() if k not in OF_SCORES | OF_BATCHES}
        inputs = [common, dict(self.training), plugin_code([self.dataset]), self._inputs(stage)]
        return stage, digest(["fit", *inputs])

    def of_shared(
        self, fit: Stage | None, stages: Sequence[Stage]
    ) -> tuple[tuple[Stage, str], ...]:
        """The shared stages: each is decided by itself, by all before it, and by the fit."""
        fitted = self.of_fit(fit)
        images = {k: v for k, v in self.common.items() if k not in OF_SCORES}
        so_far: list[Any] = [images, plugin_code([self.dataset]), fitted and fitted[1]]
        out = []
        for stage in stages:
            so_far.append(self._inputs(stage))
            if stage.whole_run:
                so_far.append({"n": self.n})
            out.append((stage, digest(so_far)))
        return tuple(out)

    def _inputs(self, stage: Stage) -> dict[str, Any]:
        """What a stage declares, with the weights and the code behind it."""
        limited = self.cell.for_stage(stage)
        options = self.cell.method.resolved()
        return {
            "method": self.cell.method.name,
            "stage": stage.name,
            "parts": limited.parts.resolved(),
            "options": {option: options[option] for option in stage.options},
            "weights": cell_weights(Cell(self.cell.method, limited.parts)),
            "code": plugin_code(cell_entries(self.registry, limited)),
        }
