"""The device and the precision that a run uses, checked before anything is planned.

Torch takes a second to import, so it is asked only what the system cannot tell: a run that is
finished already does without it.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.score_model import Precision

_DRIVER = "libcuda.so.1"
_CPU_FLAGS = Path("/proc/cpuinfo")


def resolve_device(text: str) -> str:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` names; InvalidOption if it is not there."""
    if text == "cpu" or (text == "auto" and not _may_have_gpu()):
        return "cpu"
    import torch

    if text == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
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
    return str(device)


def device_type(device: str) -> str:
    """What kind of device it is.

    >>> device_type("cuda:1")
    'cuda'
    """
    return device.partition(":")[0]


def resolve_precision(
    choice: Literal["auto", "fp32", "bf16"], named: Precision, device: str
) -> Precision:
    """The precision of the networks: `auto` is the one that the protocol names.

    A device that does not compute in bf16 takes fp32 instead, which the fingerprint says.
    """
    if choice != "auto":
        return choice
    return "bf16" if named == "bf16" and computes_bf16(device) else "fp32"


def computes_bf16(device: str) -> bool:
    """Whether the device has instructions for bf16."""
    if device_type(device) == "cuda":
        import torch

        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = _cpu_flags()
    if flags is not None:
        return not flags.isdisjoint({"avx512_bf16", "amx_tile"})
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@cache
def _may_have_gpu() -> bool:
    """False only where torch would find no GPU: on Linux without NVIDIA's driver."""
    if sys.platform != "linux" or "rocm" in version("torch"):
        return True
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return False
    return True


@cache
def _cpu_flags() -> frozenset[str] | None:
    """What the processor can do, as Linux says it of x86; None where it is not said."""
    try:
        lines = _CPU_FLAGS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("flags")), None)
    return None if found is None else frozenset(found.partition(":")[2].split())
