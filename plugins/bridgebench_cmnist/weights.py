"""Weights files: safetensors that name their network, and a manifest that says what they are.

Nothing is believed: a shipped file has to have the size and sha256 of its manifest; any file has to
name its architecture and hold exactly the tensors of that network, in shape and dtype.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from bridgebench.errors import IntegrityError
from bridgebench.nn.files import read_tensors, write_tensors

_KEY = "bridgebench_cmnist"
_MANIFEST_FIELDS = {"file", "bytes", "sha256", "network", "training"}
_Module = TypeVar("_Module", bound=nn.Module)


@dataclass(frozen=True)
class Manifest:
    """What a weights file is.

    Attributes:
        file: its name, beside the manifest.
        bytes: its size.
        sha256: its hash.
        network: kind and architecture, as in the file's own metadata.
        training: command, recipe, seed, steps, images seen, seconds, versions.
    """

    file: str
    bytes: int
    sha256: str
    network: Mapping[str, Any]
    training: Mapping[str, Any]

    def check(self, path: Path) -> None:
        """Raise IntegrityError unless `path` has this size and hash."""
        remedy = "reinstall bridgebench, or name your own file with weights=PATH"
        size, found = _size_and_sha256(path, remedy)
        if size != self.bytes:
            raise IntegrityError(f"{path}: {size} bytes, its manifest says {self.bytes}; {remedy}")
        if found != self.sha256:
            raise IntegrityError(
                f"{path}: sha256 {found[:12]}, its manifest says {self.sha256[:12]}; {remedy}"
            )


def write_weights(
    folder: Path,
    name: str,
    network: nn.Module,
    description: Mapping[str, Any],
    training: Mapping[str, Any],
) -> Path:
    """Write `name`.safetensors and its manifest `name`.json, both atomically.

    Args:
        folder: where to.
        name: of the score model or extractor.
        network: what to write the state of.
        description: kind and architecture, JSON types; goes into the file's own metadata, too.
        training: where the weights come from, JSON types.

    Returns:
        The path of the safetensors file.
    """
    path = folder / f"{name}.safetensors"
    state = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
    write_tensors(path, state, {_KEY: json.dumps(description, sort_keys=True)})
    content = path.read_bytes()
    manifest = {
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "network": description,
        "training": training,
    }
    partial = folder / f"{name}.json.partial"
    partial.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / f"{name}.json")
    return path


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`; IntegrityError if it is missing or malformed."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"{path}: not a readable manifest ({error}); reinstall bridgebench"
        ) from error
    if not isinstance(fields, dict) or set(fields) != _MANIFEST_FIELDS:
        raise IntegrityError(
            f"{path}: a manifest has the fields {', '.join(sorted(_MANIFEST_FIELDS))}; "
            "reinstall bridgebench"
        )
    return Manifest(**fields)


def shipped_path(name: str) -> Path:
    """Where the package keeps the weights `name`."""
    with as_file(files("bridgebench_cmnist") / "weights") as folder:
        return folder / f"{name}.safetensors"


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


def _size_and_sha256(path: Path, remedy: str) -> tuple[int, str]:
    try:
        status = path.stat()
        return status.st_size, _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise IntegrityError(f"{path}: {error.strerror or error}; {remedy}") from error


@lru_cache
def _sha256(path: Path, size: int, modified: int) -> str:
    """The hash of a file, computed anew when its size or time of change is another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_weights(
    path: Path, kind: str, make: Callable[[dict[str, Any]], _Module]
) -> tuple[_Module, dict[str, Any]]:
    """Build the network that a weights file describes and fill it.

    Args:
        path: a safetensors file of `write_weights`, with or without its manifest.
        kind: what the file has to say that it is.
        make: architecture -> network.

    Returns:
        The network in float32 on the CPU, in evaluation mode, and the file's description.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the network say.
    """
    checked_sha256(path)
    tensors, metadata = read_tensors(path)
    try:
        description = json.loads(metadata[_KEY])
        found = description["kind"]
        architecture = description["architecture"]
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path}: does not say what network it fits; "
            "use a file that bridgebench_cmnist.train wrote"
        ) from error
    if found != kind:
        raise IntegrityError(f"{path}: holds a {found}, expected a {kind}; name another file")
    try:
        network = make(architecture)
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    _fill(network, tensors, path)
    return network.eval().requires_grad_(False), description


def _fill(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    expected = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
    odd = sorted(set(expected) ^ set(tensors))
    if odd:
        raise IntegrityError(
            f"{path}: {len(odd)} tensors do not match its architecture, {odd[0]} for one; "
            "use a file that bridgebench_cmnist.train wrote"
        )
    for name, tensor in tensors.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise IntegrityError(
                f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, expected "
                f"{wanted.dtype} {tuple(wanted.shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise IntegrityError(f"{path}: {name} has values that are not finite")
    network.load_state_dict(tensors, strict=False)
