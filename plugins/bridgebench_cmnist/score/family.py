"""Score networks from their weights files, as families of denoisers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from bridgebench import IntegrityError, Precision, UnknownName
from bridgebench.toolkit.nn.preconditioning import EDMDenoiser, EDMScaling
from bridgebench.toolkit.nn.unet import UNet, UNetConfig
from bridgebench_cmnist.weights import load_weights

NULL_LABEL = 10
"""The label of an image of any digit."""

_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class ScoreFamily:
    """A score network in memory.

    Attributes:
        network: in evaluation mode, on its device, in the precision it computes in.
        scaling: the preconditioning that it was trained with.
        sigma_range: lowest and highest noise level.
        labels: domain -> label for a conditional network, domain -> None for another.
    """

    network: UNet
    scaling: EDMScaling
    sigma_range: tuple[float, float]
    labels: dict[str, int | None]

    def denoiser(self, domains: Sequence[str]) -> EDMDenoiser:
        """The denoiser of a batch whose i-th image belongs to `domains[i]`."""
        parameter = self.network.head.weight
        label = self._label(domains, parameter.device)
        alike = len(set(domains)) == 1

        def raw(x: Tensor, c_noise: Tensor) -> Tensor:
            scaled = x.to(parameter.dtype, memory_format=torch.channels_last)
            out: Tensor
            if alike and _equal(c_noise):
                out = self.network(scaled, c_noise[:1], None if label is None else label[:1])
            else:
                out = self.network(scaled, c_noise, label)
            return out

        return EDMDenoiser(raw, self.scaling, *self.sigma_range)

    def _label(self, domains: Sequence[str], device: torch.device) -> Tensor | None:
        numbers: list[int] = []
        for domain in domains:
            if domain not in self.labels:
                raise UnknownName("domain of this score model", domain, self.labels)
            number = self.labels[domain]
            if number is not None:
                numbers.append(number)
        return torch.tensor(numbers, device=device) if numbers else None


def _equal(c_noise: Tensor) -> bool:
    """Whether all images are at one noise level; on a GPU to look would make the CPU wait."""
    return c_noise.device.type == "cpu" and bool((c_noise == c_noise[0]).all())


def load_conditional(
    path: Path, device: torch.device, precision: Precision, sigma_range: tuple[float, float]
) -> ScoreFamily:
    """A network that takes the digit, or the null label for `digits`."""
    labels: dict[str, int | None] = {f"digit:{d}": d for d in range(NULL_LABEL)}
    labels["digits"] = NULL_LABEL
    return _load(path, device, precision, sigma_range, labels, classes=NULL_LABEL)


def load_unconditional(
    path: Path,
    device: torch.device,
    precision: Precision,
    sigma_range: tuple[float, float],
    domains: Sequence[str],
) -> ScoreFamily:
    """A network that takes no label; it stands for `domains`."""
    return _load(path, device, precision, sigma_range, dict.fromkeys(domains), classes=0)


def _load(
    path: Path,
    device: torch.device,
    precision: Precision,
    sigma_range: tuple[float, float],
    labels: dict[str, int | None],
    classes: int,
) -> ScoreFamily:
    network, description = load_weights(
        path, "score network", lambda fields: UNet(UNetConfig.from_json(fields))
    )
    if network.config.classes != classes:
        raise IntegrityError(
            f"{path}: a network of {network.config.classes} classes, expected {classes}; "
            "name another file with weights=PATH"
        )
    sigma_data = description.get("sigma_data")
    if not isinstance(sigma_data, float) or sigma_data <= 0:
        raise IntegrityError(f"{path}: sigma_data is {sigma_data}, expected a positive number")
    network.to(device=device, dtype=_DTYPES[precision])
    network.to(memory_format=torch.channels_last)
    return ScoreFamily(network, EDMScaling(sigma_data), sigma_range, labels)
