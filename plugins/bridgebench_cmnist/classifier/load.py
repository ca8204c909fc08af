"""A digit classifier from its weights file, ready to extract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bridgebench import Extracted
from bridgebench_cmnist.classifier.convolutional import DigitClassifier
from bridgebench_cmnist.classifier.residual import ResidualClassifier
from bridgebench_cmnist.weights import load_weights

Classifier = DigitClassifier | ResidualClassifier


class Architecture(Protocol):
    """A description from which a classifier is built."""

    def build(self) -> Classifier:
        """The network with fresh weights."""


class Architectures(Protocol):
    """The class of such descriptions, by the kind that a weights file names."""

    kind: str

    def from_json(self, fields: dict[str, Any], /) -> Architecture:
        """The description that a weights file holds; ValueError where it does not fit."""


@dataclass(frozen=True)
class LoadedClassifier:
    """A digit classifier in memory.

    Attributes:
        network: in evaluation mode, float32, channels_last, its norms folded into the convolutions.
    """

    network: Classifier

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Extracted:
        """(B, 3, 32, 32) in [-1, 1] -> features (B, F) and logits (B, 10), float32."""
        features = self.network.features(images.float().to(memory_format=torch.channels_last))
        return Extracted(features=features, logits=self.network.classify(features))


def load_classifier(
    path: Path, device: torch.device, architectures: Architectures
) -> LoadedClassifier:
    """Load a classifier of one kind; IntegrityError for a file that holds none of it."""

    def make(fields: dict[str, Any]) -> Classifier:
        return architectures.from_json(fields).build()

    network, _ = load_weights(path, architectures.kind, make)
    _fold(network)
    network.to(device).to(memory_format=torch.channels_last)
    return LoadedClassifier(network)


def _fold(module: nn.Module) -> None:
    """Fold each norm into the convolution before it, which halves the passes over memory."""
    for name, child in module.named_children():
        match list(child.children()):
            case [nn.Conv2d() as convolution, nn.BatchNorm2d() as norm, *rest]:
                setattr(module, name, nn.Sequential(fuse_conv_bn_eval(convolution, norm), *rest))
            case _:
                _fold(child)
