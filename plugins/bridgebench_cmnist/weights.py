"""Weights files of this package: what kind of network one holds, and where the shipped ones are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bridgebench import IntegrityError
from bridgebench.toolkit.nn import weights

if TYPE_CHECKING:
    from torch import nn

_BY = "bridgebench_cmnist"
_Module = TypeVar("_Module", bound="nn.Module")


def write_weights(
    folder: Path,
    name: str,
    network: nn.Module,
    description: Mapping[str, Any],
    training: Mapping[str, Any],
) -> Path:
    """Write `name`.safetensors and its manifest; returns the path of the former.

    Args:
        folder: where to.
        name: of the score model or extractor.
        network: what to write the state of.
        description: kind and architecture, JSON types.
        training: where the weights come from, JSON types.
    """
    return weights.write_weights(folder, name, network, description, training, _BY)


def shipped_path(name: str) -> Path:
    """Where the package keeps the weights `name`."""
    with as_file(files(_BY) / "weights") as folder:
        return folder / f"{name}.safetensors"


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
    description, tensors = weights.read_weights(path, _BY)
    found = description.get("kind")
    if found != kind:
        raise IntegrityError(f"{path}: holds a {found}, expected a {kind}; name another file")
    try:
        network = make(description["architecture"])
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    weights.fill(network, tensors, path, _BY)
    return network, description
