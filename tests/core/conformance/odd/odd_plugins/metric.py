"""A metric without interval or direction, and an extractor without logits."""

import hashlib
from typing import ClassVar

import torch
import torchmetrics

from bridgebench import Column, Extracted, Extractor, Metric, Score


class Mean(torchmetrics.Metric):
    full_state_update = False

    def __init__(self):
        super().__init__()
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, observed):
        self.total += observed.output.flatten(1).mean(1).double().sum()
        self.count += len(observed.output)

    def compute(self):
        return {"brightness": Score((self.total / self.count).item())}


class Brightness(Metric):
    """The mean value of the outputs, which is neither good nor bad."""

    name: ClassVar[str] = "brightness"

    def columns(self):
        return (Column("brightness", "", "", "mean value of the outputs"),)

    def meter(self, context):
        return Mean()


class FullState(Mean):
    full_state_update = None


class Unmerged(Brightness):
    """The same with a meter as torchmetrics makes it if nothing is said."""

    name: ClassVar[str] = "unmerged"

    def meter(self, context):
        return FullState()


class Flat(Extractor):
    """The first eight values."""

    name: ClassVar[str] = "flat"

    def sha256(self):
        return hashlib.sha256(b"flat 1").hexdigest()

    def load(self, device):
        return lambda images: Extracted(images.flatten(1)[:, :8].float(), None)
