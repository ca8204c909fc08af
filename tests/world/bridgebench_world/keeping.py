"""A metric that scores nothing and keeps the outputs, for tests that compare images."""

from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field

from bridgebench import ItemMeter, Metric


class Kept(Metric):
    """Writes the outputs of the cell, (n, C, H, W), to a file; for runs of one cell."""

    name: ClassVar[str] = "kept"

    file: Path = Field(description="where to")

    def columns(self):
        return ()

    def meter(self, context):
        def keep(values):
            torch.save(values["output"], self.file)
            return {}

        return ItemMeter(("output",), lambda observed: {"output": observed.output}, keep)
