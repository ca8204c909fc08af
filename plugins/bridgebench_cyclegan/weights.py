"""Weights of a pair of generators: which domains a file leads between, and where ours is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from bridgebench import IntegrityError
from bridgebench.nn.weights import fill, read_weights, write_weights
from bridgebench_cyclegan.networks import Generator, GeneratorConfig

SHIPPED = "cmnist_to7"
TO_TARGET = "to_target"
TO_SOURCE = "to_source"

_BY = "bridgebench_cyclegan"


@dataclass(frozen=True)
class PairDescription:
    """What a weights file says of itself.

    Attributes:
        dataset: the name of the dataset that it learned from.
        source: the domain that `to_target` takes images of.
        target: the domain that `to_source` takes images of.
        shape: (C, H, W) of an image.
        architecture: of both generators, as `GeneratorConfig` gives it.
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


def write_pair(
    folder: Path,
    name: str,
    generators: nn.Module,
    description: PairDescription,
    training: Mapping[str, Any],
) -> Path:
    """Write `name`.safetensors and its manifest; returns the path of the former.

    `generators` has the submodules `to_target` and `to_source`; `training` says where the weights
    come from, in JSON types.
    """
    return write_weights(folder, name, generators, asdict(description), training, _BY)


def read_description(path: Path) -> PairDescription:
    """What the file at `path` says of itself, after the check of its hash."""
    return _described(path)[0]


def load_pair(path: Path) -> nn.ModuleDict:
    """The generators `to_target` and `to_source` of a file: float32, on the CPU, for evaluation.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the networks say.
    """
    description, tensors = _described(path)
    try:
        config = GeneratorConfig.from_json(description.architecture)
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    pair = nn.ModuleDict({TO_TARGET: Generator(config), TO_SOURCE: Generator(config)})
    fill(pair, tensors, path, _BY)
    return pair


def _described(path: Path) -> tuple[PairDescription, dict[str, Tensor]]:
    fields, tensors = read_weights(path, _BY)
    try:
        return PairDescription(**fields), tensors
    except (TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path}: does not say which domains it leads between ({error}); "
            f"use a file that {_BY}.train wrote"
        ) from error
