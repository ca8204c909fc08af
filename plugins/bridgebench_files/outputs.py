"""The method `outputs`: images that a model made somewhere else."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Batch,
    Cell,
    IntegrityError,
    Method,
    RunContext,
    Setting,
    Supervision,
    Translation,
)
from bridgebench.toolkit.item_files import item_file, seed_folder
from bridgebench_files.listing import IGNORED_FILES

if TYPE_CHECKING:
    from torch import Tensor


class Outputs(Method):
    """Outputs made by any model in any framework: one PNG for each source item.

    The output of item test/00042 at seed 0 is the file FOLDER/seed-0/test/00042.png, which is how
    `bridgebench export` names the source images and `save=images` the outputs. Every item of the
    run needs one, of the task's size, and there may be no others. The hash of all files is part of
    the row. What the row says of the cost is that of reading the files, and `given` is believed.
    """

    name: ClassVar[str] = "outputs"
    sees_items: ClassVar[bool] = True
    made_elsewhere: ClassVar[bool] = True
    family: ClassVar[str] = "made elsewhere"

    folder: Path = Field(description="where the PNG files are; its last part is in the row")
    given: Supervision = Field(
        Supervision.UNPAIRED,
        description="what the model was given: none, unpaired, labels, paired or oracle",
    )
    label: str = Field(
        "", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$", description="a name for the row"
    )

    @property
    def supervision(self) -> Supervision:
        """What `given` says."""
        return self.given

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Only images of one or three channels and a finite range can be PNG files."""
        fits = len(setting.shape) == 3 and setting.shape[0] in (1, 3)
        if fits and math.isfinite(setting.high - setting.low):
            return ""
        return (
            f"outputs needs images of 1 or 3 channels and a finite range, and this task's are "
            f"{setting.shape} in [{setting.low:g}, {setting.high:g}]"
        )

    def files(self) -> Mapping[str, str]:
        """One hash over the names and contents of all files, each of which has to be an image."""
        from bridgebench_files.picture import facts_of

        total = hashlib.sha256()
        for path in self._files_below(self._checked_folder().glob(seed_folder("*"))):
            name = path.relative_to(self.folder).as_posix()
            total.update(f"{name}\0{facts_of(path).sha256}\0".encode())
        return {self.folder.name: total.hexdigest()}

    def check_items(self, cell: Cell, ids: Sequence[str], setting: Setting) -> None:
        """IntegrityError unless there is one file of the right size for each item, and no other."""
        from bridgebench_files.picture import facts_of

        inner = self._checked_folder() / seed_folder(cell.seed)
        wanted = {self.folder / item_file(cell.seed, item_id) for item_id in ids}
        there = set(self._files_below([inner]))
        missing, extra = sorted(wanted - there), sorted(there - wanted)
        if missing:
            raise IntegrityError(
                f"{self.folder} lacks {len(missing)} of {len(wanted)} outputs, the first is "
                f"{missing[0]}; `bridgebench export` says which items a run has"
            )
        if extra:
            raise IntegrityError(
                f"{inner} has {len(extra)} files that are no output of this run, the first is "
                f"{extra[0]}; give the n and the task of the export, or remove them"
            )
        _, height, width = setting.shape
        for path in sorted(wanted):
            facts = facts_of(path)
            if (facts.width, facts.height) != (width, height):
                raise IntegrityError(
                    f"{path} has {facts.width}x{facts.height} pixels, but the task's images have "
                    f"{width}x{height}"
                )

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """The images of a batch, read from their files."""
        return Translation(self._read(batch, context.setting).to(batch.images))

    def _read(self, batch: Batch, setting: Setting) -> Tensor:
        import numpy as np
        import torch

        from bridgebench_files.picture import Channels, read_pixels, scaled

        channels: Channels = "grey" if setting.shape[0] == 1 else "rgb"
        paths = [self.folder / item_file(batch.draw.seed, item_id) for item_id in batch.ids]
        pixels = np.stack([read_pixels(path, channels, None) for path in paths])
        return torch.from_numpy(scaled(pixels, setting.low, setting.high))

    def _checked_folder(self) -> Path:
        if not self.folder.is_dir():
            raise IntegrityError(
                f"there is no folder {self.folder}; give folder=PATH with the outputs in it"
            )
        return self.folder

    def _files_below(self, folders: Iterable[Path]) -> list[Path]:
        """The files below some folders, sorted, less those that systems leave behind."""
        return sorted(
            path
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".") and path.name not in IGNORED_FILES
        )
