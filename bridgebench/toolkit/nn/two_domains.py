"""Networks that lead from one domain to another: what their weights files say, and what they need.

`by` is the package whose training writes the files, as in `bridgebench.toolkit.nn.weights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridgebench.errors import IntegrityError, InvalidOption, UnknownName
from bridgebench.interfaces.dataset import Dataset
from bridgebench.toolkit.nn.files import read_tensors
from bridgebench.toolkit.nn.weights import read_description, write_weights

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class TwoDomains:
    """What a weights file says of itself.

    Attributes:
        dataset: the name of the dataset that it learned from.
        source: the domain that it leads from.
        target: the domain that it leads to.
        shape: (C, H, W) of an image.
        architecture: of the network, in JSON types.
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

    def unfit_for(self, source: str, target: str, shape: tuple[int, ...], by: str) -> str:
        """Why the weights cannot lead items of a shape from a domain to another; "" if they can."""
        if (self.source, self.target) != (source, target):
            return (
                f"its weights lead from {self.source} to {self.target} alone, not from "
                f"{source} to {target}; train others with `python -m "
                f"{by}.train --source {source} --target {target}` and give weights=PATH"
            )
        if self.shape != shape:
            return f"its weights are for items of shape {self.shape}, not {shape}"
        return ""

    def write(
        self, folder: Path, name: str, network: nn.Module, training: Mapping[str, Any], by: str
    ) -> Path:
        """Write `name`.safetensors, which says this, and its manifest; returns the former's path.

        `training` says where the weights come from, in JSON types.
        """
        return write_weights(folder, name, network, asdict(self), training, by)


def describe_two_domains(path: Path, by: str) -> TwoDomains:
    """What a weights file says of itself, after the check of its hash, without its tensors.

    Raises:
        IntegrityError: the file is not the one of its manifest, or does not say its domains.
    """
    try:
        return TwoDomains(**read_description(path, by))
    except (TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path}: does not say which domains it leads between ({error}); "
            f"use a file that {by}.train wrote"
        ) from error


def read_two_domains(path: Path, by: str) -> tuple[TwoDomains, dict[str, Tensor]]:
    """What a weights file says of itself, and its tensors; errors as `describe_two_domains`."""
    return describe_two_domains(path, by), read_tensors(path)[0]


def check_trainable(dataset: Dataset, domain: str, together: int, option: str) -> None:
    """Raise a UsageError unless a domain has as many training images as are drawn together.

    Args:
        dataset: the images.
        domain: which of them.
        together: images of it that are drawn together.
        option: what decides how many, as typed, for the remedy.
    """
    if domain not in dataset.domains:
        raise UnknownName(f"domain of {dataset.name}", domain, dataset.domains)
    if "train" not in dataset.splits:
        raise UnknownName(f"split of {dataset.name}", "train", dataset.splits)
    size = dataset.size(domain, "train")
    if size < together:
        raise InvalidOption(
            f"{domain} has {size} training images, fewer than the {together} that are drawn at "
            f"once; give a smaller {option}"
        )
