"""Pictures of what cells give, on their way to the folder of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from bridgebench.execute.folder import RunFolder
from bridgebench.interfaces.cell import Cell
from bridgebench.plan.model import Plan
from bridgebench.toolkit.item_files import item_file
from bridgebench.toolkit.pictures import image_png, strip_png

NAMES = RunFolder(Path())
"""Where files lie below the folder of a run."""


@dataclass(frozen=True)
class Pictures:
    """Makes the pictures of the cells of a plan.

    write  is given each by its name below the folder of the run
    every  whether each output is a file of its own
    """

    plan: Plan
    write: Callable[[str, bytes], None]
    every: bool

    @cached_property
    def _identities(self) -> dict[Cell, str]:
        return {planned.cell: planned.identity for planned in self.plan.cells}

    def strip(self, cell: Cell, rows: dict[str, Tensor]) -> None:
        """The strip of a cell, of the rows by their label."""
        if rows:
            item, path = self.plan.task.item, NAMES.strip(self._identities[cell])
            self.write(path.as_posix(), strip_png(rows, item.low, item.high))

    def outputs(self, cell: Cell, ids: tuple[str, ...], output: Tensor) -> None:
        """A batch of outputs, each in a file, where that is asked for."""
        if not self.every:
            return
        item, folder = self.plan.task.item, NAMES.images(self._identities[cell])
        for item_id, image in zip(ids, output, strict=True):
            name = (folder / item_file(cell.seed, item_id)).as_posix()
            self.write(name, image_png(image, item.low, item.high))
