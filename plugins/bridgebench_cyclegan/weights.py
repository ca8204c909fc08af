"""Weights of a pair of generators: where ours is, and the networks of any."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench import IntegrityError
from bridgebench.toolkit.nn.two_domains import TwoDomains, describe_two_domains, read_two_domains
from bridgebench.toolkit.nn.weights import fill

if TYPE_CHECKING:
    from torch import nn

SHIPPED = "cmnist_to7"
TO_TARGET = "to_target"
TO_SOURCE = "to_source"

BY = "bridgebench_cyclegan"


def shipped_path() -> Path:
    """Where the package keeps its weights."""
    with as_file(files(BY) / "weights") as folder:
        return folder / f"{SHIPPED}.safetensors"


def read_description(path: Path) -> TwoDomains:
    """What the file at `path` says of itself, after the check of its hash."""
    return describe_two_domains(path, BY)


def load_pair(path: Path) -> nn.ModuleDict:
    """The generators `to_target` and `to_source` of a file: float32, on the CPU, for evaluation.

    Raises:
        IntegrityError: the file is not what its manifest, its metadata or the networks say.
    """
    from torch import nn

    from bridgebench_cyclegan.networks import Generator, GeneratorConfig

    description, tensors = read_two_domains(path, BY)
    try:
        config = GeneratorConfig.from_json(description.architecture)
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: an architecture that cannot be built: {error}") from error
    pair = nn.ModuleDict({TO_TARGET: Generator(config), TO_SOURCE: Generator(config)})
    fill(pair, tensors, path, BY)
    return pair
