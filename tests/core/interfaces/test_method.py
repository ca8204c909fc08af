"""What a method gets without asking, and what its cells and stages answer."""

import json
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Chain,
    Denoiser,
    Draw,
    Method,
    Noise,
    Parts,
    PluginError,
    RunContext,
    Setting,
    Solver,
    Spacing,
    Stage,
    Translation,
)
from bridgebench.interfaces.cell import naming_options
from bridgebench_transforms.blur import BlurImage
from bridgebench_transforms.scale import Scale

SETTING = Setting("a", "a", ("a",), "b", (3, 2, 2))


class Plain(Method):
    """Says nothing about itself."""

    name: ClassVar[str] = "plain"
    strength: float = 0.5
    power: int = 1

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        return Translation(batch.images * self.strength)


class Jump(Solver):
    """Goes to the denoised image at once."""

    name: ClassVar[str] = "jump"
    order: ClassVar[int] = 1

    def intervals(self, nfe: int) -> int:
        return nfe

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: list[float], noise: Noise) -> Tensor:
        return denoiser(x, x.new_full((len(x),), sigmas[0]))


BATCH = Batch(torch.ones(1, 3, 2, 2), ("test/1",), ("a",), Draw(0, ("test/1",)))
PARTS = Parts(solver=Jump(), nfe=10, transform=Chain((BlurImage(), Scale(c=0.8))))
CELL = Cell(Plain(), PARTS, seed=4)


def test_resolved_cell_names_every_option_as_json() -> None:
    resolved = Cell(Plain(), Parts(solver=Jump(), nfe=10, transform=Chain(())), seed=4).resolved()
    assert resolved == {
        "method": {"name": "plain", "strength": 0.5, "power": 1},
        "source_score": None,
        "target_score": None,
        "solver": {"name": "jump", "spacing": "karras"},
        "transform": [],
        "nfe": 10,
        "seed": 4,
    }
    assert json.loads(json.dumps(resolved)) == resolved


def test_cells_differ_by_each_option() -> None:
    other = Cell(Plain(), Parts(solver=Jump(spacing=Spacing.LOGSNR), nfe=10), seed=4)
    assert other != Cell(Plain(), Parts(solver=Jump(), nfe=10), seed=4)


def test_a_method_that_says_nothing_shares_nothing_and_is_not_fitted() -> None:
    assert Plain().shared_stages(CELL, SETTING) == ()
    assert Plain().fit_stage(CELL, SETTING) is None
    assert Plain().training_domains(SETTING) == ()
    assert Plain().networks() == {}
    assert Plain().required_domains(CELL, SETTING) == ()
    assert Plain().skip_reason(CELL, SETTING) == ""
    assert Plain().evaluations(CELL) == 0
    assert Plain.axes == frozenset()
    assert not Plain().baseline
    assert not Plain().stochastic(CELL)


def test_a_method_without_a_way_back_gives_none() -> None:
    assert Plain().translate_back(CELL, BATCH, BATCH.images, None) is None  # type: ignore[arg-type]


def test_what_is_declared_and_not_written_is_an_error_that_names_both() -> None:
    staged = CELL.for_stage(Stage("encode"))
    with pytest.raises(
        NotImplementedError, match=r"'plain' declares the stage 'encode' but has no"
    ):
        Plain().run_stage(staged, BATCH, None, None)  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match=r"'plain' declares a fit_stage but has no fit"):
        Plain().fit(CELL, None)  # type: ignore[arg-type]


def test_an_axis_with_a_value_is_that_value() -> None:
    assert CELL.nfe == 10
    assert CELL.solver == Jump()
    assert CELL.transform == PARTS.transform


@pytest.mark.parametrize("axis", Axis)
def test_an_axis_without_a_value_is_one_line_that_names_it(axis: Axis) -> None:
    with pytest.raises(PluginError) as caught:
        getattr(Cell(Plain()), axis)
    assert str(caught.value) == (
        f"method 'plain' uses a {axis}, but its `axes` do not name Axis.{axis.name}; add it"
    )
    assert getattr(Cell(Plain()).parts, axis) is None


def test_a_stage_has_the_axes_that_it_declares_and_no_others() -> None:
    limited = CELL.for_stage(Stage("encode", axes=(Axis.NFE,)))
    assert limited.nfe == 10
    assert limited.seed == 4
    with pytest.raises(PluginError) as caught:
        _ = limited.solver
    assert str(caught.value) == (
        "method 'plain' uses a solver, but its stage 'encode' does not name Axis.SOLVER; add it"
    )


def test_a_stage_may_have_the_image_stage_of_the_transform_alone() -> None:
    limited = CELL.for_stage(Stage("encode", image_stage=True))
    assert limited.transform == Chain((BlurImage(),))
    whole = CELL.for_stage(Stage("encode", axes=(Axis.TRANSFORM,)))
    assert whole.transform == PARTS.transform


def test_a_stage_has_the_options_that_it_declares_and_no_others() -> None:
    limited = CELL.for_stage(Stage("encode", options=("power",)))
    assert limited.method.power == 1  # type: ignore[attr-defined]
    with pytest.raises(PluginError) as caught, naming_options(limited):
        _ = limited.method.strength  # type: ignore[attr-defined]
    assert str(caught.value) == (
        "method 'plain' uses the option 'strength' in its stage 'encode', whose options do not "
        "name it; add it"
    )
    assert CELL.method.strength == 0.5  # type: ignore[attr-defined]


def test_an_attribute_that_is_no_option_stays_an_attribute_error() -> None:
    limited = CELL.for_stage(Stage("encode"))
    with pytest.raises(AttributeError), naming_options(limited):
        _ = limited.method.no_such_thing  # type: ignore[attr-defined]


def test_a_stage_that_names_no_option_of_the_method_is_one_line() -> None:
    with pytest.raises(PluginError) as caught:
        CELL.for_stage(Stage("encode", options=("strenght",)))
    assert str(caught.value) == (
        "method 'plain' has no option 'strenght', which its stage 'encode' names; its options: "
        "strength, power"
    )
