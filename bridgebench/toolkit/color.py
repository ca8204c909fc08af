"""HSV colors and the mean hue of an image, shared by datasets, metrics and baselines.

Hues are degrees on [0, 360); RGB, saturation and value lie in [0, 1] unless a function says
otherwise. Everything is a pure function of tensors and keeps their device and floating dtype.
"""

from __future__ import annotations

import torch
from torch import Tensor


def hsv_to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """HSV to RGB, by the formula f(n) = V - V·S·max(0, min(k, 4 - k, 1)), k = (n + H/60) mod 6.

    Args:
        hue: degrees, any shape; taken modulo 360.
        saturation: in [0, 1], broadcastable with `hue`.
        value: in [0, 1], broadcastable with `hue`.

    Returns:
        The broadcast shape with a last dimension of 3.

    Example:
        >>> hsv_to_rgb(torch.tensor(120.0), torch.tensor(1.0), torch.tensor(0.5)).tolist()
        [0.0, 0.5, 0.0]
    """
    channels = []
    for n in (5.0, 3.0, 1.0):
        k = torch.remainder(n + hue / 60.0, 6.0)
        channels.append(value - value * saturation * torch.minimum(k, 4.0 - k).clamp(0.0, 1.0))
    return torch.stack(channels, dim=-1)


def chroma(images: Tensor) -> Tensor:
    """Largest minus smallest channel of images in [-1, 1]: (B, 3, H, W) -> (B, H, W) in [0, 1].

    Values outside [-1, 1] are clamped first, as a viewer would.

    Example:
        >>> chroma(torch.tensor([1.0, -1.0, 0.0]).view(1, 3, 1, 1)).item()
        1.0
    """
    rgb = (images.clamp(-1.0, 1.0) + 1.0) / 2.0
    return rgb.amax(dim=1) - rgb.amin(dim=1)


def pixel_hue(images: Tensor) -> Tensor:
    """The hue of each pixel of images in [-1, 1]: (B, 3, H, W) -> (B, H, W), degrees on [0, 360).

    A grey pixel has no hue and gets 0; weigh by `chroma` before averaging.

    Example:
        >>> pixel_hue(torch.tensor([-1.0, -1.0, 1.0]).view(1, 3, 1, 1)).item()
        240.0
    """
    red, green, blue = ((images.clamp(-1.0, 1.0) + 1.0) / 2.0).unbind(dim=1)
    largest = torch.maximum(torch.maximum(red, green), blue)
    spread = largest - torch.minimum(torch.minimum(red, green), blue)
    safe = torch.where(spread > 0, spread, torch.ones_like(spread))
    sextant = torch.where(
        largest == red,
        torch.remainder((green - blue) / safe, 6.0),
        torch.where(largest == green, (blue - red) / safe + 2.0, (red - green) / safe + 4.0),
    )
    degrees = torch.remainder(60.0 * sextant, 360.0)
    return torch.where(spread > 0, degrees, torch.zeros_like(degrees))


def mean_hue(images: Tensor) -> Tensor:
    """The circular mean hue of each image, weighted by chroma.

    Args:
        images: (B, 3, H, W) in [-1, 1].

    Returns:
        (B,), degrees on [0, 360). Meaningless for an image without chroma: see `total_chroma`.

    Example:
        >>> red_and_black = torch.full((1, 3, 1, 2), -1.0)
        >>> red_and_black[0, 0, 0, 0] = 1.0
        >>> mean_hue(red_and_black).item()
        0.0
    """
    angle = torch.deg2rad(pixel_hue(images))
    weight = chroma(images)
    sine = (weight * angle.sin()).sum(dim=(-2, -1))
    cosine = (weight * angle.cos()).sum(dim=(-2, -1))
    return torch.remainder(torch.rad2deg(torch.atan2(sine, cosine)), 360.0)


def in_hue(images: Tensor, hue: Tensor, saturated: bool = True) -> Tensor:
    """The images in one hue each, the value of every pixel, its largest channel, as it was.

    Args:
        images: (B, 3, H, W) on the scale of [-1, 1]; what lies outside is not clamped.
        hue: (B,), degrees.
        saturated: give every pixel full saturation; otherwise each keeps its own.

    Returns:
        (B, 3, H, W).

    Example:
        >>> in_hue(torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1), torch.tensor([240.0])).flatten()
        tensor([-1., -1.,  1.])
    """
    one = torch.ones_like(hue)
    pure = hsv_to_rgb(hue, one, one).to(images.dtype)[..., None, None]
    value = (images.amax(dim=1, keepdim=True) + 1.0) / 2.0
    grey = torch.zeros_like(value)
    if not saturated:
        grey = (images.amin(dim=1, keepdim=True) + 1.0) / 2.0
    return 2.0 * (grey + (value - grey) * pure) - 1.0


def onto_hue(images: Tensor, hue: Tensor) -> Tensor:
    """The nearest colors of full saturation in one hue each, of any value.

    The projection of each pixel on the line from black through the pure hue. It is linear, so that
    noise of mean 0 leaves the mean as it was, where the largest channel of a noisy pixel, which
    `in_hue` keeps, is too large.

    Args:
        images: (B, 3, H, W) on the scale of [-1, 1]; what lies outside is not clamped.
        hue: (B,), degrees.

    Returns:
        (B, 3, H, W); values below black come out below -1.

    Example:
        >>> onto_hue(torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1), torch.tensor([0.0])).flatten()
        tensor([ 1., -1., -1.])
    """
    one = torch.ones_like(hue)
    pure = hsv_to_rgb(hue, one, one).to(images.dtype)[..., None, None]  # (B, 3, 1, 1)
    along = ((images + 1.0) / 2.0 * pure).sum(dim=1, keepdim=True)
    value = along / pure.square().sum(dim=1, keepdim=True)
    return 2.0 * value * pure - 1.0


def total_chroma(images: Tensor) -> Tensor:
    """The chroma of each image summed over its pixels: (B, 3, H, W) -> (B,)."""
    return chroma(images).sum(dim=(-2, -1))


def hue_difference(first: Tensor, second: Tensor) -> Tensor:
    """The angle between two hues, degrees on [0, 180], broadcasting.

    Example:
        >>> hue_difference(torch.tensor(350.0), torch.tensor(20.0)).item()
        30.0
    """
    return (torch.remainder(first - second + 180.0, 360.0) - 180.0).abs()
