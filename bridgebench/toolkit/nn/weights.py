"""Weights files: safetensors that say what they are, and a manifest with their hash.

Nothing is believed: a file with a manifest beside it has to have its size and sha256; any file has
to describe itself and to hold exactly the tensors of the network that it describes, in shape and
dtype. `by` is the package whose training writes the file; it is the key of the description and
stands in the remedy of an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridgebench.errors import IntegrityError
from bridgebench.files.atomic import write_atomically
from bridgebench.files.regular_files import check_regular, read_regular
from bridgebench.files.strict_json import loads
from bridgebench.toolkit.nn.files import read_metadata, read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor, nn

_MANIFEST_TYPES = {"file": str, "bytes": int, "sha256": str, "network": dict, "training": dict}
MAX_MANIFEST_BYTES = 2**24

_REMEDY = "reinstall bridgebench, or name your own file with weights=PATH"


@dataclass(frozen=True)
class Manifest:
    """What a weights file is.

    Attributes:
        file: its name, beside the manifest.
        bytes: its size.
        sha256: its hash.
        network: what the file says of itself.
        training: command, recipe, seed, steps, images seen, seconds, versions.
    """

    file: str
    bytes: int
    sha256: str
    network: Mapping[str, Any]
    training: Mapping[str, Any]

    def check(self, path: Path) -> None:
        """Raise IntegrityError unless `path` has this size and hash."""
        size, found = _size_and_sha256(path, _REMEDY)
        if size != self.bytes:
            raise IntegrityError(f"{path}: {size} bytes, its manifest says {self.bytes}; {_REMEDY}")
        if found != self.sha256:
            raise IntegrityError(
                f"{path}: sha256 {found[:12]}, its manifest says {self.sha256[:12]}; {_REMEDY}"
            )


def write_weights(
    folder: Path,
    name: str,
    network: nn.Module,
    description: Mapping[str, Any],
    training: Mapping[str, Any],
    by: str,
) -> Path:
    """Write `name`.safetensors and its manifest `name`.json, both atomically.

    Args:
        folder: where to.
        name: of the weights.
        network: what to write the state of.
        description: what the file is to say of itself, JSON types.
        training: where the weights come from, JSON types.
        by: the package that writes it.

    Returns:
        The path of the safetensors file.
    """

    path = folder / f"{name}.safetensors"
    write_tensors(path, _state(network), {by: json.dumps(description, sort_keys=True)})
    content = path.read_bytes()
    manifest = {
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "network": description,
        "training": training,
    }
    write_atomically(folder / f"{name}.json", (json.dumps(manifest, indent=2) + "\n").encode())
    return path


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`; IntegrityError if it is missing or malformed."""
    try:
        fields = loads(read_regular(path, MAX_MANIFEST_BYTES), str(path))
    except (OSError, IntegrityError) as error:
        raise IntegrityError(
            f"{path}: not a readable manifest ({error}); reinstall bridgebench"
        ) from error
    if not _is_manifest(fields):
        raise IntegrityError(
            f"{path}: a manifest has the fields {', '.join(sorted(_MANIFEST_TYPES))}; "
            "reinstall bridgebench"
        )
    return Manifest(**fields)


def _is_manifest(fields: object) -> bool:
    return (
        isinstance(fields, dict)
        and fields.keys() == _MANIFEST_TYPES.keys()
        and all(isinstance(fields[name], kind) for name, kind in _MANIFEST_TYPES.items())
    )


def checked_sha256(path: Path) -> str:
    """The sha256 of a weights file, checked against the manifest beside it where there is one.

    Raises:
        IntegrityError: the file is missing, or not the one of its manifest.
    """
    manifest = path.with_suffix(".json")
    if manifest.exists():
        expected = read_manifest(manifest)
        expected.check(path)
        return expected.sha256
    return _size_and_sha256(path, "give weights=PATH of a safetensors file")[1]


def read_description(path: Path, by: str) -> dict[str, Any]:
    """What a weights file says of itself, without its tensors.

    Raises:
        IntegrityError: the file is not the one of its manifest, or says nothing of itself.
    """
    checked_sha256(path)
    metadata = read_metadata(path)
    try:
        description = loads(metadata[by], str(path))
    except (KeyError, IntegrityError) as error:
        raise _undescribed(path, by) from error
    if not isinstance(description, dict):
        raise _undescribed(path, by)
    return description


def read_weights(path: Path, by: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What a weights file says of itself, and its tensors; errors as `read_description`."""
    return read_description(path, by), read_tensors(path)[0]


def fill(network: nn.Module, tensors: Mapping[str, Tensor], path: Path, by: str) -> None:
    """Give a network the tensors of the file at `path`, for evaluation alone.

    Raises:
        IntegrityError: they are not exactly those of the network, or not finite.
    """
    import torch

    expected = _state(network)
    odd = sorted(set(expected) ^ set(tensors))
    if odd:
        raise IntegrityError(
            f"{path}: {len(odd)} tensors do not match its architecture, {odd[0]} for one; "
            f"use a file that {by}.train wrote"
        )
    for name, tensor in tensors.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise IntegrityError(
                f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, expected "
                f"{wanted.dtype} {tuple(wanted.shape)}; use a file that {by}.train wrote"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise IntegrityError(
                f"{path}: {name} has values that are not finite; use a file that {by}.train wrote"
            )
    network.load_state_dict(dict(tensors), strict=False)
    network.eval().requires_grad_(False)


def _state(network: nn.Module) -> dict[str, Tensor]:
    """The tensors that a file holds: a counter of batches, which a norm has, is none of them."""
    return {k: v for k, v in network.state_dict().items() if v.is_floating_point()}


def _undescribed(path: Path, by: str) -> IntegrityError:
    return IntegrityError(
        f"{path}: does not say what network it fits; use a file that {by}.train wrote"
    )


def _size_and_sha256(path: Path, remedy: str) -> tuple[int, str]:
    try:
        check_regular(path)
        status = path.stat()
        return status.st_size, _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise IntegrityError(f"{path}: {error.strerror or error}; {remedy}") from error


@lru_cache
def _sha256(path: Path, size: int, modified: int) -> str:
    """The hash of a file, computed anew when its size or time of change is another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
