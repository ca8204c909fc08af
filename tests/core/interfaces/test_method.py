"""What a method gets without asking: one stage, no way back, and checked axes."""

import json
from collections.abc import Sequence
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Chain,
    Context,
    Denoiser,
    Draw,
    Items,
    Method,
    PluginError,
    ScoreModel,
    Setting,
    Solver,
    Spacing,
    Stage,
    Translation,
    Variant,
    needed,
)

SETTING = Setting("a", "a", ("a",), "b", (3, 2, 2))


class Plain(Method):
    """Says nothing about itself."""

    name: ClassVar[str] = "plain"
    strength: float = 0.5

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        return [Translation(batch.images * self.strength) for _ in variants]


class Jump(Solver):
    """Goes to the denoised image at once."""

    name: ClassVar[str] = "jump"
    order: ClassVar[int] = 1

    def intervals(self, nfe: int) -> int:
        return nfe

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float]) -> Tensor:
        return denoiser(x, x.new_full((len(x),), sigmas[0]))


class NoContext:
    """A context of which nothing may be asked."""

    setting = SETTING
    device = torch.device("cpu")

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        raise AssertionError("a plain method asks for no denoiser")

    def real_targets(self) -> Items:
        raise AssertionError("a plain method asks for no real target")


BATCH = Batch(torch.ones(1, 3, 2, 2), ("test/1",), ("a",), Draw(0, ("test/1",)))
CELL = Cell(Plain(), None, None, Jump(), 10, Chain(()), seed=4)


def test_resolved_cell_names_every_option_as_json() -> None:
    resolved = CELL.resolved()
    assert resolved == {
        "method": {"name": "plain", "strength": 0.5},
        "source_score": None,
        "target_score": None,
        "solver": {"name": "jump", "spacing": "karras"},
        "transform": [],
        "nfe": 10,
        "seed": 4,
    }
    assert json.loads(json.dumps(resolved)) == resolved


def test_cells_differ_by_each_option() -> None:
    other = Cell(Plain(), None, None, Jump(spacing=Spacing.LOGSNR), 10, Chain(()), seed=4)
    assert other != CELL
    assert other.resolved() != CELL.resolved()


def test_method_that_says_nothing_is_one_stage_decided_by_the_cell() -> None:
    assert Plain().stages(CELL, SETTING) == (Stage("translate", CELL.resolved(), 0),)
    assert Plain().required_domains(CELL, SETTING) == ()
    assert Plain().skip_reason(CELL, SETTING) == ""
    assert Plain.axes == frozenset()
    assert not Plain().baseline


def test_method_without_a_way_back_gives_none() -> None:
    assert Plain().translate_back(CELL, BATCH, BATCH.images, NoContext()) is None


def test_shared_stage_without_share_is_an_error_that_names_both() -> None:
    with pytest.raises(NotImplementedError, match="plain names the shared stage encode"):
        Plain().share(Stage("encode", {}, 0), CELL, BATCH, None, NoContext())


def test_needed_gives_what_is_there() -> None:
    assert needed(CELL.nfe, Axis.NFE) == 10


def test_needed_names_the_axis_that_is_missing() -> None:
    with pytest.raises(PluginError, match=r"needs a source_score.*Axis\.SOURCE_SCORE"):
        needed(CELL.source_score, Axis.SOURCE_SCORE)
