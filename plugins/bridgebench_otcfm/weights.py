"""Weights of a flow: where ours is, and the network of any."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench import IntegrityError
from bridgebench.toolkit.nn.two_domains import TwoDomains, describe_two_domains, read_two_domains
from bridgebench.toolkit.nn.weights import fill

if TYPE_CHECKING:
    from bridgebench.toolkit.nn.unet import UNet

SHIPPED = "cmnist_to7"

BY = "bridgebench_otcfm"


def shipped_path() -> Path:
    """Where the package keeps its weights."""
    with as_file(files(BY) / "weights") as folder:
        return folder / f"{SHIPPED}.safetensors"


def read_description(path: Path) -> TwoDomains:
    """What the file at `path` says of itself, after the check of its hash."""
    return describe_two_domains(path, BY)


def load_flow(path: Path) -> UNet:
    """The network of a weights file: float32, on the CPU, in evaluation mode.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the network say.
    """
    from bridgebench.toolkit.nn.unet import UNet, UNetConfig

    description, tensors = read_two_domains(path, BY)
    try:
        network = UNet(UNetConfig.from_json(dict(description.architecture)))
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    fill(network, tensors, path, BY)
    return network
