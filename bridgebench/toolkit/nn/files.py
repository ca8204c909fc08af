"""Tensors on disk: safetensors, written atomically, with text metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from bridgebench.errors import IntegrityError
from bridgebench.files.atomic import write_atomically
from bridgebench.files.regular_files import check_regular

if TYPE_CHECKING:
    from torch import Tensor


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file; a reader sees the old file or the new one, never a part."""
    import torch
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    # A separate copy in plain row-major order: the file must not depend on the memory format.
    plain = {k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()}
    write_atomically(path, save(plain, metadata))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, without its tensors; errors as `read_tensors`."""
    try:
        check_regular(path)
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise IntegrityError(f"{path}: not a readable safetensors file ({error})") from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and metadata of a safetensors file.

    Raises:
        IntegrityError: it is missing, or no safetensors file.
    """
    try:
        check_regular(path)
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise IntegrityError(f"{path}: not a readable safetensors file ({error})") from error
