"""The score models `cmnist_labels` and `cmnist_sevens`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from bridgebench import DenoiserFamily, InvalidOption, Precision, ScoreModel

if TYPE_CHECKING:
    import torch

SIGMA_MIN = 0.02
SEVENS_SIGMA_MIN = 0.05
"""From lower down, what bfloat16 rounds off adds up to more on the way there and back."""

SIGMA_MAX = 80.0

_LOWEST = "lowest noise level of the ODE, in units of images in [-1, 1]"
_HIGHEST = "highest noise level of the ODE"
_WEIGHTS = "another weights file, safetensors, as bridgebench_cmnist.train writes it"


class CmnistLabels(ScoreModel):
    """A denoiser of colored digits that can be told the digit (`digit:7`) or not (`digits`)."""

    name: ClassVar[str] = "cmnist_labels"
    domains: ClassVar[tuple[str, ...]] = ("digits", *(f"digit:{d}" for d in range(10)))
    training: ClassVar[str] = "python -m bridgebench_cmnist.train labels"

    sigma_min: float = Field(SIGMA_MIN, gt=0, description=_LOWEST)
    sigma_max: float = Field(SIGMA_MAX, gt=0, description=_HIGHEST)
    weights: Path | None = Field(None, description=_WEIGHTS)

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        check_range(self.sigma_min, self.sigma_max)
        return self

    @property
    def sigma_range(self) -> tuple[float, float]:
        """(sigma_min, sigma_max)."""
        return self.sigma_min, self.sigma_max

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return _hashed(_path(self.weights, self.name))

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """The network on `device`; IntegrityError for a file that does not fit."""
        from bridgebench_cmnist.score.family import load_conditional

        path = _path(self.weights, self.name)
        return load_conditional(path, device, precision, self.sigma_range)


class CmnistSevens(ScoreModel):
    """A denoiser of colored sevens, trained on nothing else, as in the study."""

    name: ClassVar[str] = "cmnist_sevens"
    domains: ClassVar[tuple[str, ...]] = ("digit:7",)
    training: ClassVar[str] = "python -m bridgebench_cmnist.train sevens"

    sigma_min: float = Field(SEVENS_SIGMA_MIN, gt=0, description=_LOWEST)
    sigma_max: float = Field(SIGMA_MAX, gt=0, description=_HIGHEST)
    weights: Path | None = Field(None, description=_WEIGHTS)

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        check_range(self.sigma_min, self.sigma_max)
        return self

    @property
    def sigma_range(self) -> tuple[float, float]:
        """(sigma_min, sigma_max)."""
        return self.sigma_min, self.sigma_max

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return _hashed(_path(self.weights, self.name))

    def load(self, device: torch.device, precision: Precision) -> DenoiserFamily:
        """The network on `device`; IntegrityError for a file that does not fit."""
        from bridgebench_cmnist.score.family import load_unconditional

        path = _path(self.weights, self.name)
        return load_unconditional(path, device, precision, self.sigma_range, self.domains)


def check_range(sigma_min: float, sigma_max: float) -> None:
    """Raise InvalidOption unless sigma_min < sigma_max."""
    if sigma_min >= sigma_max:
        raise InvalidOption(
            f"sigma_min={sigma_min} and sigma_max={sigma_max}: sigma_min has to be the smaller one"
        )


def _path(weights: Path | None, name: str) -> Path:
    from bridgebench_cmnist.weights import shipped_path

    return weights or shipped_path(name)


def _hashed(path: Path) -> Mapping[str, str]:
    from bridgebench.toolkit.nn.weights import checked_sha256

    return {path.name: checked_sha256(path)}
