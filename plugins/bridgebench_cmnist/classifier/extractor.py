"""The extractors `cmnist_digits` and `cmnist_digits_2`: digit classifiers, features and logits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Extractor, LoadedExtractor

if TYPE_CHECKING:
    import torch

_WEIGHTS = "another weights file, safetensors"


class DigitExtractor(Extractor):
    """A small digit classifier, trained on colored MNIST; its 64 features are for FID and KID."""

    name: ClassVar[str] = "cmnist_digits"

    weights: Path | None = Field(None, description=_WEIGHTS)

    def sha256(self) -> str:
        """The hash of its weights file, checked against the manifest; IntegrityError otherwise."""
        return _sha256(self.weights, self.name)

    def load(self, device: torch.device) -> LoadedExtractor:
        """The classifier on `device`; IntegrityError for a damaged, altered or missing file."""
        from bridgebench_cmnist.classifier.convolutional import ClassifierConfig
        from bridgebench_cmnist.classifier.load import load_classifier

        return load_classifier(_path(self.weights, self.name), device, ClassifierConfig)


class SecondDigitExtractor(Extractor):
    """A second digit classifier, a residual network, to check what `cmnist_digits` says."""

    name: ClassVar[str] = "cmnist_digits_2"

    weights: Path | None = Field(None, description=_WEIGHTS)

    def sha256(self) -> str:
        """The hash of its weights file, checked against the manifest; IntegrityError otherwise."""
        return _sha256(self.weights, self.name)

    def load(self, device: torch.device) -> LoadedExtractor:
        """The classifier on `device`; IntegrityError for a damaged, altered or missing file."""
        from bridgebench_cmnist.classifier.load import load_classifier
        from bridgebench_cmnist.classifier.residual import ResidualConfig

        return load_classifier(_path(self.weights, self.name), device, ResidualConfig)


def _path(weights: Path | None, name: str) -> Path:
    from bridgebench_cmnist.weights import shipped_path

    return weights or shipped_path(name)


def _sha256(weights: Path | None, name: str) -> str:
    from bridgebench.toolkit.nn.weights import checked_sha256

    return checked_sha256(_path(weights, name))
