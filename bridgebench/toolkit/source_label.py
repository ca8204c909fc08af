"""What a method of score models tells the source model of each image."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:
    from bridgebench.interfaces.cell import Setting
    from bridgebench.interfaces.method import Batch
    from bridgebench.interfaces.score_model import ScoreModel
    from bridgebench.interfaces.solver import Solver


class SourceLabel(StrEnum):
    """Under which domain the source model encodes: each image's own, or that of all of them.

    >>> from bridgebench import Setting
    >>> setting = Setting("not_digit:7", "digits", ("digit:1", "digit:2"), "digit:7", (3, 32, 32))
    >>> SourceLabel.OWN.asked(setting), SourceLabel.NONE.asked(setting)
    (('digit:1', 'digit:2'), ('digits',))
    """

    OWN = "own"
    NONE = "none"

    def asked(self, setting: Setting) -> tuple[str, ...]:
        """The domains that are asked of the source model."""
        return setting.class_domains if self is SourceLabel.OWN else (setting.unconditional,)

    def of(self, batch: Batch, setting: Setting) -> tuple[str, ...]:
        """The domain of each image of a batch."""
        if self is SourceLabel.OWN:
            return batch.domains
        return (setting.unconditional,) * len(batch.domains)


SourceLabelOption = Annotated[
    SourceLabel,
    Field(
        description="own: the source model is conditioned on each image's own class; "
        "none: on the domain of all of them"
    ),
]


def no_common_latents(source: ScoreModel, target: ScoreModel, solver: Solver) -> str:
    """Why latents of one score model are none of the other, "" if they may be."""
    if solver.stochastic:
        return f"{solver.spec} is stochastic, and a latent is encoded by an ODE solver"
    if source.unfit_to_encode:
        return source.unfit_to_encode
    ends = source.sigma_range[1], target.sigma_range[1]
    if ends[0] == ends[1]:
        return ""
    return (
        f"{source.spec} ends at sigma_max={ends[0]:g} and {target.spec} at {ends[1]:g}, "
        "so their latents are not of one distribution"
    )
