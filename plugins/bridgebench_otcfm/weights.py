"""Weights of a flow: safetensors that say what they are, and a manifest with their hash.

Nothing is believed: a file with a manifest beside it has to have its size and sha256; any file has
to name its architecture and domains and to hold exactly the tensors of that network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bridgebench import IntegrityError
from bridgebench.nn.files import read_tensors, write_tensors
from bridgebench.nn.unet import UNet, UNetConfig

SHIPPED = "cmnist_to7"

_KEY = "bridgebench_otcfm"
_REMEDY = "use a file that bridgebench_otcfm.train wrote"
_REINSTALL = "reinstall bridgebench, or name your own file with weights=PATH"


@dataclass(frozen=True)
class FlowDescription:
    """What a weights file says of itself.

    Attributes:
        dataset: the name of the dataset that it learned from.
        source: the domain that the flow sets out from.
        target: the domain that it carries into.
        shape: (C, H, W) of an image.
        architecture: of the network, as `UNetConfig` gives it.
    """

    dataset: str
    source: str
    target: str
    shape: tuple[int, int, int]
    architecture: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if len(self.shape) != 3 or not all(isinstance(size, int) for size in self.shape):
            raise ValueError(f"shape is {self.shape}, expected three numbers")


def shipped_path() -> Path:
    """Where the package keeps its weights."""
    with as_file(files("bridgebench_otcfm") / "weights") as folder:
        return folder / f"{SHIPPED}.safetensors"


def write_flow(
    folder: Path,
    name: str,
    network: torch.nn.Module,
    description: FlowDescription,
    training: Mapping[str, Any],
) -> Path:
    """Write `name`.safetensors and its manifest `name`.json, both atomically; returns the former.

    `training` says where the weights come from, in JSON types.
    """
    path = folder / f"{name}.safetensors"
    said = asdict(description)
    write_tensors(path, network.state_dict(), {_KEY: json.dumps(said, sort_keys=True)})
    content = path.read_bytes()
    manifest = {
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "flow": said,
        "training": training,
    }
    partial = folder / f"{name}.json.partial"
    partial.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / f"{name}.json")
    return path


def checked_sha256(path: Path) -> str:
    """The sha256 of a weights file, checked against the manifest beside it where there is one.

    Raises:
        IntegrityError: the file is missing, or not the one of its manifest.
    """
    try:
        status = path.stat()
        found = _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise IntegrityError(f"{path}: {error.strerror or error}; {_REINSTALL}") from error
    manifest = path.with_suffix(".json")
    if manifest.exists():
        expected = _expected_sha256(manifest)
        if found != expected:
            raise IntegrityError(
                f"{path}: sha256 {found[:12]}, its manifest says {expected[:12]}; {_REINSTALL}"
            )
    return found


def read_description(path: Path) -> FlowDescription:
    """What the file at `path` says of itself, after the check of its hash."""
    return _read(path, checked_sha256(path))[0]


def load_flow(path: Path) -> UNet:
    """The network of a weights file: float32, on the CPU, in evaluation mode.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the network say.
    """
    description, tensors = _read(path, checked_sha256(path))
    try:
        network = UNet(UNetConfig.from_json(dict(description.architecture)))
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    expected = network.state_dict()
    odd = sorted(set(expected) ^ set(tensors))
    if odd:
        raise IntegrityError(
            f"{path}: {len(odd)} tensors do not match its architecture, {odd[0]} for one; {_REMEDY}"
        )
    for name, tensor in tensors.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise IntegrityError(
                f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, expected "
                f"{wanted.dtype} {tuple(wanted.shape)}; {_REMEDY}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise IntegrityError(f"{path}: {name} has values that are not finite; {_REMEDY}")
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str) -> tuple[FlowDescription, dict[str, Tensor]]:
    """The description and tensors of a file, read anew when its hash is another."""
    tensors, metadata = read_tensors(path)
    try:
        return FlowDescription(**json.loads(metadata[_KEY])), tensors
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path}: does not say which flow it is ({type(error).__name__}: {error}); {_REMEDY}"
        ) from error


@lru_cache
def _sha256(path: Path, size: int, modified: int) -> str:
    """The hash of a file, computed anew when its size or time of change is another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _expected_sha256(manifest: Path) -> str:
    try:
        return str(json.loads(manifest.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{manifest}: not a readable manifest; {_REINSTALL}") from error
