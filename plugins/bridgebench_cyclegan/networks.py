"""The two kinds of network of CycleGAN, small: a residual generator and a patch discriminator.

Zhu et al., ICCV 2017, section 7.2, for images of 32 pixels on a CPU: the image is folded into
patches of 2x2 first, which takes the place of the first downsampling, and one more follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class GeneratorConfig:
    """The architecture of a generator, in plain numbers: what a weights file stores.

    Attributes:
        image_channels: channels of the image.
        width: channels at half the side of the image; twice as many at a quarter.
        blocks: residual blocks at a quarter.
        group_width: channels that are normalized together; 1 is the instance norm of the paper.
        skip: whether the image itself is added before the last tanh.
    """

    image_channels: int = 3
    width: int = 64
    blocks: int = 4
    group_width: int = 1
    skip: bool = False

    def __post_init__(self) -> None:
        if min(self.image_channels, self.width, self.blocks, self.group_width) < 1:
            raise ValueError(f"a generator needs sizes of at least 1, got {self.to_json()}")
        if self.width % self.group_width:
            raise ValueError(f"width {self.width} is no multiple of group_width {self.group_width}")

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> GeneratorConfig:
        """The inverse of `to_json`; an unknown or missing field is a `ValueError`."""
        known = set(cls.__dataclass_fields__)
        if set(fields) != known:
            odd = ", ".join(sorted(set(fields) ^ known))
            raise ValueError(f"architecture fields do not match: {odd}")
        return cls(**fields)


def norm(width: int, group_width: int) -> nn.Module:
    """A norm, with a scale and a shift for each channel, over groups of `group_width` channels.

    Group norm does all widths, but on a CPU it is many times slower than instance norm at 1.
    """
    if group_width == 1:
        return nn.InstanceNorm2d(width, affine=True)
    return nn.GroupNorm(width // group_width, width)


class Block(nn.Module):
    """conv, norm, ReLU, conv, norm, added to the input."""

    def __init__(self, width: int, group_width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm1 = norm(width, group_width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.norm2 = norm(width, group_width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        hidden = F.relu(self.norm1(self.conv1(x)))
        out: Tensor = x + self.norm2(self.conv2(hidden))
        return out


class Generator(nn.Module):
    """Image of one domain -> image of the other, (B, C, H, W) in [-1, 1]; H and W multiples of 4.

    The norms are affine, and their groups are of `group_width` channels. A norm of each channel on
    its own, as in the paper, takes away how much of it there is, which is what a hue is told by.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        folded, width, group = 4 * config.image_channels, config.width, config.group_width
        self.stem = nn.Conv2d(folded, width, 3, padding=1)
        self.stem_norm = norm(width, group)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.down_norm = norm(2 * width, group)
        self.blocks = nn.Sequential(*(Block(2 * width, group) for _ in range(config.blocks)))
        self.up = nn.Conv2d(2 * width, width, 3, padding=1)
        self.up_norm = norm(width, group)
        self.head = nn.Conv2d(width, folded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W), in the precision of the weights but for the last step."""
        fine = F.relu(self.stem_norm(self.stem(F.pixel_unshuffle(x, 2))))  # (B, width, H/2, W/2)
        coarse = F.relu(self.down_norm(self.down(fine)))  # (B, 2 width, H/4, W/4)
        coarse = F.interpolate(self.blocks(coarse), scale_factor=2, mode="nearest")
        out = F.relu(self.up_norm(self.up(coarse)))  # (B, width, H/2, W/2)
        changed = F.pixel_shuffle(self.head(out).float(), 2)
        # tanh(2) is 0.96: an image that is left alone comes out nearly as it was.
        return torch.tanh(changed + 2.0 * x if self.config.skip else changed)


class Discriminator(nn.Module):
    """Image -> one score for each of its overlapping patches: near 1 for real, near 0 for made.

    (B, C, H, W) -> (B, 1, H/8, W/8), a patch being 38 pixels wide.
    """

    def __init__(self, image_channels: int, width: int, group_width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(image_channels, width, 4, stride=2, padding=1)
        self.second = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
        self.second_norm = norm(2 * width, group_width)
        self.third = nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1)
        self.third_norm = norm(4 * width, group_width)
        self.head = nn.Conv2d(4 * width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores, float32, without bounds."""
        x = F.leaky_relu(self.first(x), 0.2)
        x = F.leaky_relu(self.second_norm(self.second(x)), 0.2)
        x = F.leaky_relu(self.third_norm(self.third(x)), 0.2)
        scores: Tensor = self.head(x).float()
        return scores
