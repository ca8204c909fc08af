"""The digit classifier: a small convolutional network whose penultimate layer is 64 wide."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

FEATURES = 64
CLASSES = 10


@dataclass(frozen=True)
class ClassifierConfig:
    """The architecture.

    Attributes:
        widths: channels at 32, 16, 8 and 4 pixels.
        dropout: share of features dropped in training.
    """

    kind: ClassVar[str] = "classifier"

    widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    dropout: float = 0.3

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> ClassifierConfig:
        """The inverse of `to_json`; an unknown or missing field is a `ValueError`."""
        if set(fields) != {"widths", "dropout"} or len(fields["widths"]) != 4:
            raise ValueError(f"expected 4 widths and dropout, got {fields}")
        a, b, c, d = fields["widths"]
        return cls(widths=(a, b, c, d), dropout=fields["dropout"])

    def build(self) -> DigitClassifier:
        """The network with fresh weights."""
        return DigitClassifier(self)


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    )


class DigitClassifier(nn.Module):
    """(B, 3, 32, 32) colored digits in [-1, 1] -> 64 features -> 10 logits."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        a, b, c, d = config.widths
        self.trunk = nn.Sequential(
            _convolution(3, a, 1),
            _convolution(a, b, 2),
            _convolution(b, b, 1),
            _convolution(b, c, 2),
            _convolution(c, c, 1),
            _convolution(c, d, 2),
            _convolution(d, d, 1),
        )
        self.penultimate = nn.Linear(d * 16, FEATURES)
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(FEATURES, CLASSES)

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 64), after the nonlinearity."""
        return F.silu(self.penultimate(self.trunk(images).flatten(1)))

    def classify(self, features: Tensor) -> Tensor:
        """(B, 64) -> (B, 10) logits."""
        logits: Tensor = self.last(self.dropout(features))
        return logits

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 10) logits."""
        return self.classify(self.features(images))
