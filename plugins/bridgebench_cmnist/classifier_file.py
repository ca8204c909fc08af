"""The digit classifier from its weights file, ready to extract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bridgebench import Extracted
from bridgebench_cmnist.classifier import ClassifierConfig, DigitClassifier
from bridgebench_cmnist.weights import load_weights


@dataclass(frozen=True)
class LoadedClassifier:
    """The digit classifier in memory.

    Attributes:
        network: in evaluation mode, float32, channels_last, its norms folded into the convolutions.
    """

    network: DigitClassifier

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Extracted:
        """(B, 3, 32, 32) in [-1, 1] -> features (B, 64) and logits (B, 10), float32."""
        features = self.network.features(images.float().to(memory_format=torch.channels_last))
        return Extracted(features=features, logits=self.network.classify(features))


def load_classifier(path: Path, device: torch.device) -> LoadedClassifier:
    """Load a classifier; IntegrityError for a file that is not one."""
    network, _ = load_weights(
        path,
        "classifier",
        lambda fields: DigitClassifier(ClassifierConfig.from_json(fields)),
    )
    network.trunk = nn.Sequential(*(_fused(step) for step in network.trunk))
    network.to(device).to(memory_format=torch.channels_last)
    return LoadedClassifier(network)


def _fused(step: nn.Module) -> nn.Sequential:
    """A convolution, its norm and the nonlinearity in two passes over memory instead of four."""
    match list(step.children()):
        case [nn.Conv2d() as convolution, nn.BatchNorm2d() as norm, nn.SiLU()]:
            return nn.Sequential(fuse_conv_bn_eval(convolution, norm), nn.SiLU(inplace=True))
    raise TypeError(f"expected a convolution, its norm and SiLU, got {step}")
