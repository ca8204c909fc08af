"""A broken method for each check of methods."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest
import torch
from pydantic import Field
from torch import Tensor

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Method,
    NetworkLoader,
    RunContext,
    ScoreModel,
    Setting,
    Stage,
    Translation,
)
from bridgebench.plugins.registry import Kind


class Bridge(Method):
    """Denoise with the target's model after a shared shift, fitted to the mean of the target."""

    name: ClassVar[str] = "sound"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.TRANSFORM})
    shift: float = Field(0.1, description="added to the image")

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        return ((cell.target_score, setting.target),)

    def training_domains(self, setting: Setting) -> Sequence[str]:
        return (setting.target,)

    def fit_stage(self, cell: Cell, setting: Setting) -> Stage | None:
        return Stage("fit")

    def fit(self, cell: Cell, context: RunContext) -> Mapping[str, Tensor]:
        items = next(context.training(context.setting.target).batches(20))
        return {"mean": items.images.mean(dim=0)}

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (Stage("shift", options=("shift",)),)

    def run_stage(
        self, cell: Cell, batch: Batch, previous: Tensor | None, context: RunContext
    ) -> Tensor:
        return batch.images + self.shift

    def evaluations(self, cell: Cell) -> int:
        return 1

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        return Translation(self.images(cell, batch, shared, context).clamp(-1, 1))

    def images(self, cell: Cell, batch: Batch, shared: Any, context: RunContext) -> Tensor:
        denoiser = context.denoiser(cell.target_score, (context.setting.target,) * len(batch.ids))
        x = 0.9 * shared + 0.1 * context.fitted["mean"]
        return denoiser(x, x.new_full((len(x),), 0.5))

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: RunContext
    ) -> Tensor | None:
        return images


class Crops(Bridge):
    """Outputs of another shape."""

    def images(self, cell, batch, shared, context):
        return super().images(cell, batch, shared, context)[..., :8]


class TooBright(Bridge):
    """Outputs out of range."""

    def translate(self, cell, batch, shared, context):
        return Translation(batch.images + 3)


class Fails(Bridge):
    """An error for every batch."""

    def images(self, cell, batch, shared, context):
        raise RuntimeError("no bridge here")


class InPlace(Bridge):
    """Changes the source images."""

    def run_stage(self, cell, batch, previous, context):
        return batch.images.add_(self.shift)


class Global(Bridge):
    """Changes what other plugins compute."""

    def images(self, cell, batch, shared, context):
        torch.set_default_dtype(torch.float64)
        return super().images(cell, batch, shared, context)


class WrongAxes(Bridge):
    """Uses an axis that it does not declare."""

    def images(self, cell, batch, shared, context):
        return cell.solver.solve(None, batch.images, (), None)


class HidesAnAxis(Bridge):
    """A stage that uses an axis that it does not declare."""

    def run_stage(self, cell, batch, previous, context):
        return batch.images + cell.target_score.sigma_range[0]


class ForgetsTheShift(Bridge):
    """A stage that uses an option that it does not declare."""

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (Stage("shift"),)


class NoSuchOption(Bridge):
    """A stage that declares an option that the method does not have."""

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return (Stage("shift", options=("shift", "shifft")),)


class NoSuchNetwork(Bridge):
    """Uses a network that it does not bring."""

    def images(self, cell, batch, shared, context):
        return context.network("generator")(batch.images)


class TrainsElsewhere(Bridge):
    """Is fitted to a domain that it does not declare."""

    def training_domains(self, setting: Setting) -> Sequence[str]:
        return (setting.source,)


class Gradients(Bridge):
    """Differentiates without switching gradients on."""

    def images(self, cell, batch, shared, context):
        x = shared.clone().requires_grad_()
        (slope,) = torch.autograd.grad(x.square().sum(), x)
        return x.detach() - slope


class Impossible(Bridge):
    """No combination that can be run."""

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        return "never"


class Restless(Bridge):
    """Outputs with global random numbers."""

    def images(self, cell, batch, shared, context):
        made = super().images(cell, batch, shared, context)
        return made + 0.1 * torch.randn_like(made)


class NormalizesTheBatch(Bridge):
    """Outputs that depend on the other items."""

    def images(self, cell, batch, shared, context):
        made = super().images(cell, batch, shared, context)
        ranks = torch.linspace(0, 0.5, len(made)).view(-1, 1, 1, 1)
        return made + ranks.to(made)


class HidesItsDraws(Bridge):
    """Draws random numbers and says that it is deterministic."""

    def images(self, cell, batch, shared, context):
        made = super().images(cell, batch, shared, context)
        return made + 0.1 * batch.draw.each("noise", made.shape[1:]).to(made)


class SaysItDraws(Bridge):
    """Says that it is stochastic, and is not."""

    def stochastic(self, cell: Cell) -> bool:
        return True


class TwinStages(Bridge):
    """Two stages of one name."""

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        return super().shared_stages(cell, setting) * 2


class HidesItsPartners(Bridge):
    """Uses other source images of the run and does not say so."""

    def run_stage(self, cell, batch, previous, context):
        return context.permuted(batch).images + self.shift


class Infinite(Bridge):
    """A stage with infinity, which the outputs do not show."""

    def run_stage(self, cell, batch, previous, context):
        return batch.images / 0

    def images(self, cell, batch, shared, context):
        return super().images(cell, batch, batch.images, context)


class Uncounted(Bridge):
    """Loads the score model itself."""

    def images(self, cell, batch, shared, context):
        domains = (context.setting.target,) * len(batch.ids)
        denoiser = cell.target_score.load(context.device, "fp32").denoiser(domains)
        return denoiser(shared, shared.new_full((len(shared),), 0.5))


class SaysNothing(Bridge):
    """Does not say that it evaluates a network."""

    def evaluations(self, cell: Cell) -> int:
        return 0


class UncountedNetwork(Method):
    """Brings a network and uses it without the runner."""

    name: ClassVar[str] = "uncounted_network"

    def networks(self) -> Mapping[str, NetworkLoader]:
        return {"shift": load_shift}

    def evaluations(self, cell: Cell) -> int:
        return 1

    def translate(self, cell, batch, shared, context):
        return Translation(load_shift(context.device, "fp32")(batch.images))


def load_shift(device, precision):
    return lambda x: (x + 0.1).clamp(-1, 1)


class Overspends(Bridge):
    """One evaluation more than its budget."""

    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE, Axis.SOLVER, Axis.NFE})

    def evaluations(self, cell: Cell) -> int:
        return cell.nfe

    def images(self, cell, batch, shared, context):
        for _ in range(cell.nfe):
            super().images(cell, batch, shared, context)
        return super().images(cell, batch, shared, context)


class UsesMore(Bridge):
    """Uses a domain that it did not name."""

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        return ()


class RandomFit(Bridge):
    """A fit that starts from global random numbers."""

    def fit(self, cell: Cell, context: RunContext) -> Mapping[str, Tensor]:
        return {"mean": torch.rand(3, 32, 32)}


class FitsTheEvaluated(Bridge):
    """A fit to images that are no training images."""

    def fit(self, cell: Cell, context: RunContext) -> Mapping[str, Tensor]:
        return {"mean": context.held_out_targets().take([0]).images[0]}


class LosesTheWay(Bridge):
    """Translates back to another shape."""

    def translate_back(self, cell, batch, images, context):
        return images[:, :1]


class LosesItself(Bridge):
    """Translates back to nothing."""

    def translate_back(self, cell, batch, images, context):
        return images / 0


BROKEN = [
    (Crops, "run", "gave outputs of shape (6, 3, 32, 8), expected (6, 3, 32, 32)"),
    (TooBright, "run", "but the task's items lie in [-1, 1]; clamp them"),
    (Fails, "run", "got RuntimeError: no bridge here"),
    (Impossible, "run", "a combination of task world that can be run; got 'never'"),
    (InPlace, "run", "modified its input batch in place; it must clone it"),
    (Global, "run", "changed torch's default dtype"),
    (WrongAxes, "run", "uses a solver, but its `axes` do not name Axis.SOLVER; add it"),
    (HidesAnAxis, "run", "its stage 'shift' does not name Axis.TARGET_SCORE; add it"),
    (ForgetsTheShift, "run", "uses the option 'shift' in its stage 'shift', whose options do not"),
    (NoSuchOption, "run", "has no option 'shifft', which its stage 'shift' names"),
    (NoSuchNetwork, "run", "uses the network 'generator', but its networks() bring none"),
    (TrainsElsewhere, "run", "uses training images of green, but its training_domains() name red"),
    (Gradients, "run", "got RuntimeError: element 0 of tensors does not require grad"),
    (Restless, "repeatability", "the same outputs in a second run"),
    (NormalizesTheBatch, "batch-independence", "the same outputs of 6 items in reverse order"),
    (HidesItsDraws, "stochastic", "expected stochastic() = True; got outputs of two samples that"),
    (SaysItDraws, "stochastic", "expected stochastic() = False"),
    (TwinStages, "stages", "stages with names of their own"),
    (HidesItsPartners, "stages", "whole_run = True of 'shift', which uses context.permuted"),
    (Infinite, "stages", "a result of stage 'shift' without NaN or infinity"),
    (Uncounted, "evaluations", "networks from context.denoiser() or context.network()"),
    (UncountedNetwork, "evaluations", "networks from context.denoiser() or context.network()"),
    (SaysNothing, "evaluations", "the 0 evaluations that it says; got 1"),
    (Overspends, "evaluations", "the 4 evaluations that it says; got 5"),
    (UsesMore, "required-domains", "world_exact green used besides"),
    (RandomFit, "fit", "the same 'mean' of a second fit"),
    (FitsTheEvaluated, "fit", "the same 'mean' of a second fit, beside other held-out images"),
    (LosesTheWay, "translate-back", "translate_back(), expected a tensor of shape (6, 3, 32, 32)"),
    (LosesItself, "translate-back", "images translated back without NaN or infinity"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_method_is_caught(broken, check, said, caught):
    assert said in caught(Kind.METHOD, check, broken())


class Noised(Bridge):
    """Guided by a gradient, with draws of its own and a latent of another shape."""

    def stochastic(self, cell: Cell) -> bool:
        return True

    def shared_stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        flat = Stage("flat", image_stage=True)
        return (flat, Stage("code", axes=(Axis.TARGET_SCORE,), options=("shift",), evaluations=1))

    def run_stage(self, cell, batch, previous, context):
        if cell.stage == "flat":
            return cell.transform.image(batch.images, batch.draw).flatten(1)
        made = super().images(cell, batch, previous.view_as(batch.images), context)
        return (made + self.shift).flatten(1)

    def images(self, cell, batch, shared, context):
        x = shared.view_as(batch.images)
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            made = super().images(cell, batch, x, context)
            (slope,) = torch.autograd.grad((made - batch.images).square().sum(), x)
        noise = batch.draw.each("noise", x.shape[1:]).to(x)
        return made.detach() - 0.1 * slope + 0.1 * noise

    def translate(self, cell, batch, shared, context):
        images = self.images(cell, batch, shared, context).clamp(-1, 1)
        return Translation(images, latent=shared, changed=shared[:, :7])


class WithNetwork(UncountedNetwork):
    """Brings a network, which the runner counts."""

    def translate(self, cell, batch, shared, context):
        return Translation(context.network("shift")(batch.images))


@pytest.mark.parametrize("sound", [Bridge, Noised, WithNetwork])
def test_a_sound_one_passes(sound, passes):
    passes(Kind.METHOD, sound())


def test_every_check_has_a_broken_method():
    from bridgebench.conformance import method

    named = {function.__name__.replace("_", "-") for function in method.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
