"""Methods that take items of any shape."""

import hashlib
from enum import StrEnum
from typing import ClassVar

import torch
from pydantic import Field

from bridgebench import Method, Supervision, Translation


class How(StrEnum):
    MEAN = "mean"
    ADD = "add"


class Shift(Method):
    """The mean of real targets, alone or added."""

    name: ClassVar[str] = "offset"
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    how: How = Field(How.ADD, description="mean: alone; add: to the source")

    def translate(self, cell, batch, shared, context):
        real = next(context.held_out_targets().batches(64))
        mean = real.images.mean(0).to(batch.images)
        out = batch.images + mean if self.how is How.ADD else mean.expand_as(batch.images)
        return Translation(out.clamp(context.setting.low, context.setting.high))


class OwnWeights(Method):
    """A network with weights of its own, which were given labels if an option says so."""

    name: ClassVar[str] = "own_weights"
    labeled: bool = Field(False, description="whether it was trained with labels")

    @property
    def supervision(self):
        return Supervision.LABELS if self.labeled else Supervision.UNPAIRED

    def files(self):
        return {"net.pt": hashlib.sha256(b"weights").hexdigest()}

    def translate(self, cell, batch, shared, context):
        weights = torch.linspace(-1, 1, batch.images[0].numel()).view_as(batch.images[0])
        out = batch.images + 0.1 * weights.to(batch.images)
        return Translation(out.clamp(context.setting.low, context.setting.high))
