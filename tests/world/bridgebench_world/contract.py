"""Small methods that use each part of the contract, rightly or wrongly."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field

from bridgebench import (
    Axis,
    Method,
    Stage,
    Supervision,
    Translation,
)

LOADED = []
"""The factors of the networks that were loaded, in order."""

FITTED = []
"""The seeds of the fits that were computed, in order."""


class Undeclared(Method):
    """A stage that uses what it does not declare; `where` says what."""

    name: ClassVar[str] = "undeclared"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.NFE})

    where: str = Field("nothing", description="nothing, axis, option or translate")
    strength: float = 0.5
    power: float = 1.0

    def shared_stages(self, cell, setting):
        return (Stage("scaled", axes=(Axis.NFE,), options=("strength", "where")),)

    def run_stage(self, cell, batch, previous, context):
        if cell.method.where == "axis":
            cell.solver.intervals(4)
        if cell.method.where == "option":
            return batch.images * cell.method.power
        return batch.images * cell.method.strength

    def translate(self, cell, batch, shared, context):
        if self.where == "translate":
            cell.solver.intervals(4)
        return Translation(shared)


@dataclass(frozen=True)
class Scaling:
    """Loads a network that multiplies."""

    factor: float

    def __call__(self, device, precision):
        LOADED.append(self.factor)
        return lambda x: x * self.factor


class Networked(Method):
    """Multiplies twice by a network of its own, and once on the way back."""

    name: ClassVar[str] = "networked"

    factor: float = 0.5
    label: str = ""
    asked: str = Field("scaling", description="the network that it asks for")

    def networks(self):
        return {"scaling": Scaling(self.factor)}

    def evaluations(self, cell):
        return 2

    def translate(self, cell, batch, shared, context):
        network = context.network(self.asked)
        return Translation(network(network(batch.images)))


class Gradient(Method):
    """A step down the gradient of the distance between the source and its denoised image."""

    name: ClassVar[str] = "gradient"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.TARGET_SCORE})

    enabled: bool = True

    def required_domains(self, cell, setting):
        return ((cell.target_score, setting.target),)

    def evaluations(self, cell):
        return 1

    def translate(self, cell, batch, shared, context):
        domains = (context.setting.target,) * len(batch.images)
        denoiser = context.denoiser(cell.target_score, domains)
        with torch.set_grad_enabled(self.enabled):
            x = batch.images.clone().requires_grad_()
            away = x - denoiser(x, x.new_full((len(x),), 1.0))
            (slope,) = torch.autograd.grad(0.5 * away.square().sum(), x)
        return Translation((batch.images - slope).clamp(-1, 1))


def raise_(error):
    raise error


ENDS = {
    "raise": lambda: raise_(ValueError("no data like more data")),
    "exit": lambda: raise_(SystemExit(3)),
    "list": list,
    "text": lambda: {"shift": "far"},
    "nan": lambda: {"shift": torch.tensor(torch.nan)},
}
"""Ways in which a fit can go wrong."""


def mean(context, domain):
    batches = context.training(domain).batches(16)
    return torch.cat([items.images for items in batches]).mean((0, 2, 3)).view(3, 1, 1)


class Shift(Method):
    """Adds the difference between the mean images of the two domains, fitted on the spot."""

    name: ClassVar[str] = "shift"
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED

    how: str = Field("mean", description="mean, or a way to go wrong")
    scale: float = Field(1.0, description="of the shift; no part of the fit")

    def training_domains(self, setting):
        return (setting.target,) if self.how == "undeclared" else (setting.source, setting.target)

    def fit_stage(self, cell, setting):
        return Stage("fit", options=("how",))

    def fit(self, cell, context):
        FITTED.append(cell.seed)
        if cell.method.how == "option":
            return {"shift": torch.tensor(cell.method.scale)}
        if cell.method.how in ENDS:
            return ENDS[cell.method.how]()
        assert torch.is_grad_enabled()
        setting = context.setting
        return {"shift": mean(context, setting.target) - mean(context, setting.source)}

    def translate(self, cell, batch, shared, context):
        return Translation((batch.images + self.scale * context.fitted["shift"]).clamp(-1, 1))


class Paired(Method):
    """The mean difference between training items and their true targets."""

    name: ClassVar[str] = "paired"
    supervision: ClassVar[Supervision] = Supervision.PAIRED

    def training_domains(self, setting):
        return (setting.source, setting.target)

    def fit_stage(self, cell, setting):
        return Stage("fit")

    def fit(self, cell, context):
        ways = [target - items.images for items, target in context.training_pairs(16)]
        return {"way": torch.cat(ways).mean((0, 2, 3)).view(3, 1, 1)}

    def translate(self, cell, batch, shared, context):
        return Translation((batch.images + context.fitted["way"]).clamp(-1, 1))
