"""The extractor `cmnist_digits`: the digit classifier, its features and its logits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Extractor, LoadedExtractor

if TYPE_CHECKING:
    import torch


class DigitExtractor(Extractor):
    """A small digit classifier, trained on colored MNIST; its 64 features are for FID and KID."""

    name: ClassVar[str] = "cmnist_digits"

    weights: Path | None = Field(None, description="another weights file, safetensors")

    def sha256(self) -> str:
        """The hash of its weights file, checked against the manifest; IntegrityError otherwise."""
        from bridgebench.nn.weights import checked_sha256

        return checked_sha256(self._path())

    def load(self, device: torch.device) -> LoadedExtractor:
        """The classifier on `device`; IntegrityError for a damaged, altered or missing file."""
        from bridgebench_cmnist.classifier_file import load_classifier

        return load_classifier(self._path(), device)

    def _path(self) -> Path:
        from bridgebench_cmnist.weights import shipped_path

        return self.weights or shipped_path(self.name)
