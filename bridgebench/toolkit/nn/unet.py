"""A small U-Net that spends its time in convolutions, for CPUs as well as GPUs.

The shape follows the DDPM++ family (Song et al., ICLR 2021; Karras et al., NeurIPS 2022): residual
blocks whose second norm is modulated by the embedding of noise level and class, attention at the
coarse levels. What differs is chosen for speed: the image is folded into patches first, a level is
left by a strided convolution and entered again by a 1x1 convolution and nearest-neighbor
upsampling, and skips are added instead of concatenated.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class UNetConfig:
    """The architecture, in plain numbers: what a weights file stores beside its tensors.

    Attributes:
        image_channels: channels of the image.
        patch: side of the square that is folded into channels before the first level.
        channels: width of each level, finest first.
        blocks: residual blocks of each level, on the way down and again on the way up (the last
            level is passed once).
        attention: whether a level's blocks are followed by self-attention.
        head_width: channels of one attention head.
        group_width: channels of one normalization group.
        embedding: width of the embedding of noise level and class.
        classes: number of classes, 0 for an unconditional network.
    """

    image_channels: int = 3
    patch: int = 2
    channels: tuple[int, ...] = (64, 128, 256)
    blocks: tuple[int, ...] = (2, 2, 2)
    attention: tuple[bool, ...] = (False, False, True)
    head_width: int = 64
    group_width: int = 16
    embedding: int = 256
    classes: int = 0

    def __post_init__(self) -> None:
        if not len(self.channels) == len(self.blocks) == len(self.attention) > 0:
            raise ValueError(
                "channels, blocks and attention need one entry a level: got "
                f"{len(self.channels)}, {len(self.blocks)} and {len(self.attention)}"
            )
        for width in self.channels:
            if width % self.group_width:
                raise ValueError(f"width {width} is no multiple of group_width {self.group_width}")

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> UNetConfig:
        """The inverse of `to_json`; an unknown or missing field is a `ValueError`."""
        known = set(cls.__dataclass_fields__)
        if set(fields) != known:
            odd = ", ".join(sorted(set(fields) ^ known))
            raise ValueError(f"architecture fields do not match: {odd}")
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()
        }
        return cls(**plain)


class NoiseEmbedding(nn.Module):
    """Sinusoids of c_noise = ln(sigma)/4 through a two-layer perceptron, plus the class."""

    frequencies: Tensor

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        width = config.embedding
        # c_noise spans about [-1, 1.1]; wavelengths from 8 down to 1/16 resolve it evenly.
        self.register_buffer(
            "frequencies",
            2 * math.pi * torch.logspace(-3, 4, width // 4, base=2.0),
            persistent=False,
        )
        self.first = nn.Linear(width // 4 * 2, width)
        self.second = nn.Linear(width, width)
        # The last row is the null label, for dropout and for the unconditional domain.
        self.label = nn.Embedding(config.classes + 1, width) if config.classes else None

    def forward(self, c_noise: Tensor, label: Tensor | None) -> Tensor:
        """(B,), (B,) or None -> (B, embedding)."""
        # The phase needs float32: in bfloat16 the high frequencies would be noise.
        phase = c_noise.float()[:, None] * self.frequencies.float()  # (B, E/4)
        sinusoids = torch.cat([phase.cos(), phase.sin()], dim=1).to(self.first.weight.dtype)
        hidden = self.second(F.silu(self.first(sinusoids)))
        if self.label is not None and label is not None:
            hidden = hidden + self.label(label)
        return F.silu(hidden)


class ResidualBlock(nn.Module):
    """norm, SiLU, conv, modulated norm, SiLU, conv, added to the input; starts as the identity."""

    def __init__(self, width: int, config: UNetConfig) -> None:
        super().__init__()
        groups = width // config.group_width
        self.norm1 = nn.GroupNorm(groups, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.modulation = nn.Linear(config.embedding, 2 * width)
        self.norm2 = nn.GroupNorm(groups, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]  # a Conv2d made with bias

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(B, C, H, W), (B, E) or (1, E) for all images -> (B, C, H, W)."""
        scale, shift = self.modulation(embedding).chunk(2, dim=1)  # (B, C) or (1, C)
        hidden = self.conv1(_silu(self.norm1(x)))
        hidden = self.conv2(_silu(_modulated(self.norm2, hidden, scale, shift)))
        return _added(hidden, x)


def _modulated(norm: nn.GroupNorm, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """norm(x)·(1 + scale) + shift: (B, C, H, W), (B, C) or (1, C) -> (B, C, H, W)."""
    if len(scale) == 1:
        # One modulation for all images goes into the weights of the norm, two passes fewer.
        gain = 1 + scale[0]
        return F.group_norm(
            x, norm.num_groups, norm.weight * gain, norm.bias * gain + shift[0], norm.eps
        )
    # The image comes first, so that the result keeps its memory format.
    out: Tensor = norm(x) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
    return out


def _silu(fresh: Tensor) -> Tensor:
    """SiLU of a tensor that nobody else holds; in place unless it is needed for a gradient."""
    return F.silu(fresh, inplace=not torch.is_grad_enabled())


def _added(fresh: Tensor, x: Tensor) -> Tensor:
    """The sum of two tensors, of which nobody else holds the first."""
    return x + fresh if torch.is_grad_enabled() else fresh.add_(x)


class Attention(nn.Module):
    """Self-attention over all pixels of a level, added to its input; starts as the identity."""

    def __init__(self, width: int, config: UNetConfig) -> None:
        super().__init__()
        self.heads = max(1, width // config.head_width)
        self.norm = nn.GroupNorm(width // config.group_width, width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        b, c, h, w = x.shape
        tokens = self.norm(x).permute(0, 2, 3, 1).reshape(b, h * w, c)  # a view in channels_last
        qkv = self.qkv(tokens).view(b, h * w, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, heads, HW, C/heads)
        # Few tokens: plain products are faster than a fused kernel, above all backward on a CPU.
        scores = (q @ k.transpose(-1, -2)) * (c // self.heads) ** -0.5
        mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(b, h * w, c)
        return _added(self.out(mixed).view(b, h, w, c).permute(0, 3, 1, 2), x)


class Level(nn.Module):
    """The residual blocks of one resolution, each followed by attention where the level has it."""

    def __init__(self, width: int, blocks: int, attention: bool, config: UNetConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(width, config) for _ in range(blocks))
        self.attention = nn.ModuleList(
            Attention(width, config) for _ in range(blocks if attention else 0)
        )

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(B, C, H, W), (B, E) or (1, E) for all images -> (B, C, H, W)."""
        for i, block in enumerate(self.blocks):
            x = block(x, embedding)
            if self.attention:
                x = self.attention[i](x)
        return x


class UNet(nn.Module):
    """The raw network F of a preconditioned denoiser.

    Images go in and out as (B, C, H, W) with H and W multiples of `patch * 2**(levels - 1)`.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, folded = config.channels, config.image_channels * config.patch**2
        self.embed = NoiseEmbedding(config)
        self.stem = nn.Conv2d(folded, widths[0], 3, padding=1)
        layout = list(zip(widths, config.blocks, config.attention, strict=True))
        self.down = nn.ModuleList(Level(w, n, a, config) for w, n, a in layout)
        self.up = nn.ModuleList(Level(w, n, a, config) for w, n, a in layout[:-1])
        pairs = list(pairwise(widths))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.widen = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.skip = nn.ModuleList(nn.Conv2d(a, a, 1) for a, _ in pairs)
        self.norm = nn.GroupNorm(widths[0] // config.group_width, widths[0])
        self.head = nn.Conv2d(widths[0], folded, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # a Conv2d made with bias

    def forward(self, x: Tensor, c_noise: Tensor, label: Tensor | None = None) -> Tensor:
        """Evaluate the network.

        Args:
            x: (B, C, H, W), scaled to about unit variance.
            c_noise: (B,), the noise level as the preconditioning gives it; (1,) for all images,
                which is faster.
            label: as long as `c_noise`, int64 in [0, classes], where `classes` is the null label;
                None for an unconditional network.

        Returns:
            (B, C, H, W).
        """
        embedding = self.embed(c_noise, label)
        h = self.stem(F.pixel_unshuffle(x, self.config.patch))
        skips = []
        for i, level in enumerate(self.down):
            h = level(h, embedding)
            if i < len(self.shrink):
                skips.append(h)
                h = self.shrink[i](h)
        for i in reversed(range(len(self.up))):
            wide = F.interpolate(self.widen[i](h), scale_factor=2.0, mode="nearest")
            h = self.up[i](_added(wide, self.skip[i](skips[i])), embedding)
        out: Tensor = F.pixel_shuffle(self.head(_silu(self.norm(h))), self.config.patch)
        return out
