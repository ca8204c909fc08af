"""A second digit classifier: a small residual network that ends in a global average."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from bridgebench_cmnist.classifier.convolutional import CLASSES


@dataclass(frozen=True)
class ResidualConfig:
    """The architecture, after He et al., "Deep residual learning" (CVPR 2016).

    Attributes:
        widths: channels at 16, 8 and 4 pixels; the last is the number of features.
        dropout: share of features dropped in training.
    """

    kind: ClassVar[str] = "residual classifier"

    widths: tuple[int, int, int] = (32, 64, 96)
    dropout: float = 0.2

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> ResidualConfig:
        """The inverse of `to_json`; an unknown or missing field is a `ValueError`."""
        if set(fields) != {"widths", "dropout"} or len(fields["widths"]) != 3:
            raise ValueError(f"expected 3 widths and dropout, got {fields}")
        a, b, c = fields["widths"]
        return cls(widths=(a, b, c), dropout=fields["dropout"])

    def build(self) -> ResidualClassifier:
        """The network with fresh weights."""
        return ResidualClassifier(self)


def _normed(inputs: int, outputs: int, size: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, (B, inputs, H, W) -> (B, outputs, H/s, W/s)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_normed(inputs, outputs, 3, stride), nn.ReLU())
        self.end = nn.Sequential(*_normed(outputs, outputs, 3, 1))
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Sequential(*([] if same else _normed(inputs, outputs, 1, stride)))

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways, after the nonlinearity."""
        return F.relu(self.end(self.body(x)) + self.shortcut(x))


class ResidualClassifier(nn.Module):
    """(B, 3, 32, 32) colored digits in [-1, 1] -> features -> 10 logits."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        a, b, c = config.widths
        self.trunk = nn.Sequential(
            nn.Sequential(*_normed(3, a, 5, 2), nn.ReLU()),
            ResidualBlock(a, a, 1),
            ResidualBlock(a, b, 2),
            ResidualBlock(b, c, 2),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(c, CLASSES)

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, widths[-1]), the average over the 4x4 places."""
        maps: Tensor = self.trunk(images)
        return maps.mean(dim=(2, 3))

    def classify(self, features: Tensor) -> Tensor:
        """(B, widths[-1]) -> (B, 10) logits."""
        logits: Tensor = self.last(self.dropout(features))
        return logits

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, 32, 32) -> (B, 10) logits."""
        return self.classify(self.features(images))
