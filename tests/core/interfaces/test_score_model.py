"""Score models say which domains they have."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Denoiser, Precision, ScoreModel, UnknownName


class Point:
    """The exact denoiser of one image."""

    sigma_min = 0.02
    sigma_max = 80.0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.zeros_like(x)


class Points(ScoreModel):
    """One image a domain."""

    name: ClassVar[str] = "points"
    domains: ClassVar[tuple[str, ...]] = ("digit:1", "digit:7")

    @property
    def sigma_range(self) -> tuple[float, float]:
        return 0.02, 80.0

    def files(self) -> Mapping[str, str]:
        return {}

    def load(self, device: torch.device, precision: Precision) -> "Points":
        return self

    def denoiser(self, domains: Sequence[str]) -> Point:
        return Point()


def test_domain_that_is_there_passes() -> None:
    for domain in Points.domains:
        Points().check_domain(domain)


def test_domain_that_is_not_there_is_named_with_those_near_it() -> None:
    with pytest.raises(UnknownName) as caught:
        Points().check_domain("digit:8")
    message = str(caught.value)
    assert "unknown domain of score model points 'digit:8'" in message
    assert "digit:7" in message


def test_domain_that_weights_do_not_cover_is_an_error_with_the_training_command() -> None:
    class Trained(Points):
        """Points that were learned."""

        training: ClassVar[str] = "python -m points.train"

    with pytest.raises(UnknownName) as caught:
        Trained().check_domain("digit:8")
    assert str(caught.value) == (
        "unknown domain of score model points 'digit:8'; there are: digit:1, digit:7; "
        "its weights are trained by `python -m points.train`"
    )


def test_denoiser_is_recognized_by_its_shape() -> None:
    assert isinstance(Points().denoiser(["digit:7"]), Denoiser)
    assert not isinstance(torch.zeros(1), Denoiser)
