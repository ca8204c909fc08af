"""The device and the precision that a run uses, checked before anything is planned."""

from __future__ import annotations

from typing import Literal

import torch

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.score_model import Precision


def resolve_device(text: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` names; InvalidOption if it is not there."""
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    there = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    try:
        device = torch.device(text)
    except RuntimeError:
        device = None
    known = device is not None and (
        device.type == "cpu" or (device.type == "cuda" and (device.index or 0) < len(there) - 1)
    )
    if device is None or not known:
        raise InvalidOption(f"device={text} is not on this machine; there are: {', '.join(there)}")
    return device


def resolve_precision(
    choice: Literal["auto", "fp32", "bf16"], named: Precision, device: torch.device
) -> Precision:
    """The precision of the networks: `auto` is the one that the protocol names.

    A device that does not compute in bf16 takes fp32 instead, which the fingerprint says.
    """
    if choice != "auto":
        return choice
    return "bf16" if named == "bf16" and computes_bf16(device) else "fp32"


def computes_bf16(device: torch.device) -> bool:
    """Whether the device has instructions for bf16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
