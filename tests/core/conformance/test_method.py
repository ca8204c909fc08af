"""A broken method for each check of methods."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import torch
from pydantic import Field
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Context,
    Failure,
    Method,
    ScoreModel,
    Setting,
    Stage,
    Translation,
    Variant,
    needed,
)
from bridgebench.plugins.registry import Kind


class Bridge(Method):
    """Denoise with the target's model after a shared shift."""

    name: ClassVar[str] = "sound"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.TRANSFORM})
    shift: float = Field(0.1, description="added to the image")

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        return ((needed(cell.target_score, Axis.TARGET_SCORE), setting.target),)

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        decided_by = {"shift": self.shift}
        return (Stage("shift", decided_by, 0), Stage("denoise", cell.resolved(), 1))

    def share(
        self, stage: Stage, cell: Cell, batch: Batch, previous: Tensor | None, context: Context
    ) -> Tensor:
        return batch.images + self.shift

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation | Failure]:
        return [self.one(batch, variant, context) for variant in variants]

    def one(self, batch: Batch, variant: Variant, context: Context) -> Translation | Failure:
        score = needed(variant.cell.target_score, Axis.TARGET_SCORE)
        denoiser = context.denoiser(score, (context.setting.target,) * len(batch.ids))
        x = variant.shared
        assert x is not None
        return Translation(denoiser(x, x.new_full((len(x),), 0.5)).clamp(-1, 1))


class Crops(Bridge):
    """Outputs of another shape."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        return Translation(super().one(batch, variant, context).images[..., :8])


class TooBright(Bridge):
    """Outputs out of range."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        return Translation(super().one(batch, variant, context).images + 3)


class Fails(Bridge):
    """A failure for every variant."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        return Failure("no bridge here")


class InPlace(Bridge):
    """Changes the source images."""

    def share(self, stage, cell, batch, previous, context):
        return batch.images.add_(self.shift)


class Restless(Bridge):
    """Random outputs."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        made = super().one(batch, variant, context).images
        return Translation((made + 0.1 * torch.randn_like(made)).clamp(-1, 1))


class NormalizesTheBatch(Bridge):
    """Outputs that depend on the other items."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        made = super().one(batch, variant, context).images
        ranks = torch.linspace(0, 0.5, len(made)).view(-1, 1, 1, 1)
        return Translation((made + ranks.to(made)).clamp(-1, 1))


class FirstVariant(Bridge):
    """One answer, however many variants."""

    def translate(self, batch, variants, context):
        return super().translate(batch, variants[:1], context)


class TwinStages(Bridge):
    """Two stages of one name."""

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (*super().stages(cell, setting)[:1], *super().stages(cell, setting))


class UnnamedMaker(Bridge):
    """Uses a score model in a shared stage and does not say so."""

    def share(self, stage, cell, batch, previous, context):
        context.denoiser(cell.target_score, (context.setting.target,) * len(batch.ids))
        return batch.images + self.shift


class ForgetsTheShift(Bridge):
    """A shared stage that is decided by more than it says."""

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (Stage("shift", {}, 0), Stage("denoise", cell.resolved(), 1))


class Uncounted(Bridge):
    """Loads the score model itself."""

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        score = needed(variant.cell.target_score, Axis.TARGET_SCORE)
        domains = (context.setting.target,) * len(batch.ids)
        denoiser = score.load(context.device, "fp32").denoiser(domains)
        x = batch.images
        return Translation(denoiser(x, x.new_full((len(x),), 0.5)).clamp(-1, 1))


class SaysNothing(Bridge):
    """Does not say that it evaluates a network."""

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (super().stages(cell, setting)[0], Stage("denoise", cell.resolved(), 0))


class Overspends(Bridge):
    """One evaluation more than its budget."""

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.SOLVER, Axis.NFE})

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        nfe = needed(cell.nfe, Axis.NFE)
        return (super().stages(cell, setting)[0], Stage("denoise", cell.resolved(), nfe))

    def one(self, batch: Batch, variant: Variant, context: Context) -> Any:
        for _ in range(needed(variant.cell.nfe, Axis.NFE)):
            super().one(batch, variant, context)
        return super().one(batch, variant, context)


class AsksMore(Bridge):
    """Asks for a domain that it did not name."""

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        return ()


class LosesTheWay(Bridge):
    """Carries back to another shape."""

    def translate_back(self, cell: Cell, batch: Batch, images: Tensor, context: Context) -> Tensor:
        return images[:, :1]


class HidesItsPartners(Bridge):
    """Asks for other source images of the run and does not say so."""

    def share(self, stage, cell, batch, previous, context):
        return context.permuted(batch).images + self.shift


class Impossible(Bridge):
    """No combination that can be run."""

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        return "never"


BROKEN = [
    (Crops, "outputs", "the outputs of shape (6, 3, 32, 32)"),
    (TooBright, "outputs", "outputs in [-1, 1], clamped by the method"),
    (Fails, "outputs", "got a Failure: no bridge here"),
    (Impossible, "outputs", "a combination of task world that the method can be run with"),
    (InPlace, "inputs", "the input `images` to be left as it is"),
    (Restless, "repeatability", "random numbers from `draw` alone"),
    (NormalizesTheBatch, "batch-independence", "the same outputs as in the whole batch"),
    (FirstVariant, "variants", "one answer for each of 2 variants"),
    (TwinStages, "stages", "names of their own"),
    (UnnamedMaker, "stages", "world_exact in made_by of 'shift'"),
    (HidesItsPartners, "stages", "whole_run = True of 'shift', which asks for permuted()"),
    (ForgetsTheShift, "stage-keys", "to be named in decided_by"),
    (Uncounted, "evaluations", "networks from context.denoiser(), which counts"),
    (SaysNothing, "evaluations", "about the 0 evaluations"),
    (Overspends, "evaluations", "the 4 evaluations that its stages say; got 5"),
    (AsksMore, "asked-domains", "world_exact green asked besides"),
    (LosesTheWay, "way-back", "images of the same shape back"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_method_is_caught(broken, check, said, caught):
    assert said in caught(Kind.METHOD, check, broken())


def test_a_sound_one_passes(passes):
    passes(Kind.METHOD, Bridge())


def test_every_check_has_a_broken_method():
    from bridgebench.conformance import method

    named = {function.__name__.replace("_", "-") for function in method.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
