"""What checks of several kinds claim of tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from bridgebench.conformance.check import ConformanceError, require

_SHA256 = re.compile(r"[0-9a-f]{64}")


def require_like(out: object, x: Tensor, what: str) -> None:
    """`out` is a tensor with the shape, the dtype and the device of `x`."""
    if not isinstance(out, Tensor):
        raise ConformanceError(f"{what} as a tensor", f"a {type(out).__name__}")
    wanted, found = (f"shape {tuple(t.shape)}, {t.dtype} on {t.device.type}" for t in (x, out))
    require(wanted == found, f"{what} of {wanted}", found)


def require_finite(out: Tensor, what: str) -> None:
    """No element of `out` is NaN or infinite."""
    bad = int((~out.isfinite()).sum())
    require(bad == 0, f"{what} without NaN or infinity", f"{bad} of {out.numel()} that are not")


def require_close(out: Tensor, other: Tensor, tolerance: float, what: str) -> None:
    """`out` and `other` have one shape and differ by no more than `tolerance` anywhere."""
    require(out.shape == other.shape, f"{what}", f"shapes {tuple(out.shape)}, {tuple(other.shape)}")
    most = (out.double() - other.double()).abs().max().item() if out.numel() else 0.0
    require(most <= tolerance, f"{what}, to {tolerance:g}", f"a difference of {most:.3g}")


def require_sha256(files: Mapping[str, str]) -> None:
    """Each value is a sha256 in hexadecimal."""
    for name, sha in files.items():
        fits = isinstance(sha, str) and _SHA256.fullmatch(sha) is not None
        require(fits, f"the sha256 of '{name}' as 64 hexadecimal digits", repr(sha))


@contextmanager
def unchanged(**tensors: Tensor) -> Iterator[None]:
    """What runs inside leaves these tensors as they are."""
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    yield
    for name, tensor in tensors.items():
        same = tensor.shape == before[name].shape and torch.equal(
            tensor.nan_to_num(), before[name].nan_to_num()
        )
        require(same, f"the input `{name}` to be left as it is", "a changed one; work on a copy")
