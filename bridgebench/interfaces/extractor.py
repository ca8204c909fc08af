"""Extractors: networks whose features and logits the metrics look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bridgebench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Extracted:
    """What an extractor sees in a batch.

    features  (B, F) float32
    logits    (B, K) float32, or None for an extractor that classifies nothing
    """

    features: Tensor
    logits: Tensor | None

    def slice(self, start: int, stop: int) -> Extracted:
        """The rows from `start` to `stop`."""
        logits = None if self.logits is None else self.logits[start:stop]
        return Extracted(self.features[start:stop], logits)


class LoadedExtractor(Protocol):
    """An extractor in memory, on its device."""

    def __call__(self, images: Tensor) -> Extracted:
        """Features and logits of (B, C, H, W) images in [-1, 1], computed in float32."""


class Extractor(Plugin, ABC):
    """Makes features and logits of images. Metrics name the one they need."""

    @abstractmethod
    def sha256(self) -> str:
        """The hash of its weights: part of each fingerprint.

        Checked against the file; IntegrityError where it does not fit or is not there.
        """

    @abstractmethod
    def load(self, device: torch.device) -> LoadedExtractor:
        """Load it; IntegrityError for a damaged, altered or missing file. Called once a run."""
