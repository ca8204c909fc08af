"""Transforms and chains of them."""

from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import Chain, Draw, Transform


class Add(Transform):
    """Adds to the image."""

    name: ClassVar[str] = "add"
    by: float = 1.0

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        return x + self.by


class Double(Transform):
    """Doubles the latent."""

    name: ClassVar[str] = "double"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return 2 * z


class AddSource(Transform):
    """Adds the source image to the latent."""

    name: ClassVar[str] = "add_source"

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return z + x


class Both(Transform):
    """Doubles the image and negates the latent."""

    name: ClassVar[str] = "both"

    def image(self, x: Tensor, draw: Draw) -> Tensor:
        return 2 * x

    def latent(self, z: Tensor, x: Tensor, draw: Draw) -> Tensor:
        return -z


X, Z = torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), 5.0)
DRAW = Draw(seed=0, ids=("a",))


def test_transform_does_nothing_where_it_overrides_nothing() -> None:
    assert torch.equal(Double().image(X, DRAW), X)
    assert torch.equal(Add().latent(Z, X, DRAW), Z)


@pytest.mark.parametrize(("transform", "acts"), [(Add(), True), (Double(), False), (Both(), True)])
def test_acts_on_image_where_it_overrides_it(transform: Transform, acts: bool) -> None:
    assert transform.acts_on_image is acts


def test_links_act_in_their_order() -> None:
    assert Chain((Add(), Both())).image(X, DRAW).item() == (3 + 1) * 2
    assert Chain((Both(), Add())).image(X, DRAW).item() == 3 * 2 + 1
    assert Chain((Double(), AddSource())).latent(Z, X, DRAW).item() == 5 * 2 + 3
    assert Chain((AddSource(), Double())).latent(Z, X, DRAW).item() == (5 + 3) * 2


def test_image_stage_is_the_links_that_act_on_the_image() -> None:
    chain = Chain((Add(), Double(), Both(), AddSource()))
    assert chain.image_stage == Chain((Add(), Both()))
    assert Chain((Double(),)).image_stage == Chain(())
    assert Chain((Add(), Double())).image_stage == Chain((Double(), Add())).image_stage


def test_chain_is_written_with_plus_signs() -> None:
    chain = Chain((Add(by=2.5), Double()))
    assert chain.spec == "add:by=2.5+double"
    assert chain.resolved() == [{"name": "add", "by": 2.5}, {"name": "double"}]


def test_chains_are_equal_by_value() -> None:
    assert Chain((Add(by=2.0),)) == Chain((Add(by=2.0),))
    assert hash(Chain((Add(by=2.0),))) == hash(Chain((Add(by=2.0),)))
    assert Chain((Add(by=2.0),)) != Chain((Add(by=3.0),))
