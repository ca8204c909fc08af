"""Weights of a flow: safetensors that say what they are, and a manifest with their hash.

Any file has to name its architecture and domains and to hold exactly the tensors of that network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch

from bridgebench import IntegrityError
from bridgebench.nn.unet import UNet, UNetConfig
from bridgebench.nn.weights import fill, read_weights, write_weights

SHIPPED = "cmnist_to7"

_BY = "bridgebench_otcfm"


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
    with as_file(files(_BY) / "weights") as folder:
        return folder / f"{SHIPPED}.safetensors"


def write_flow(
    folder: Path,
    name: str,
    network: torch.nn.Module,
    description: FlowDescription,
    training: Mapping[str, Any],
) -> Path:
    """Write `name`.safetensors and its manifest; returns the path of the former.

    `training` says where the weights come from, in JSON types.
    """
    return write_weights(folder, name, network, asdict(description), training, _BY)


def read_description(path: Path) -> FlowDescription:
    """What the file at `path` says of itself, after the check of its hash."""
    return _described(path)[0]


def load_flow(path: Path) -> UNet:
    """The network of a weights file: float32, on the CPU, in evaluation mode.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the network say.
    """
    description, tensors = _described(path)
    try:
        network = UNet(UNetConfig.from_json(dict(description.architecture)))
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    fill(network, tensors, path, _BY)
    return network


def _described(path: Path) -> tuple[FlowDescription, dict[str, torch.Tensor]]:
    description, tensors = read_weights(path, _BY)
    try:
        return FlowDescription(**description), tensors
    except (TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path}: does not say which flow it is ({error}); use a file that {_BY}.train wrote"
        ) from error
