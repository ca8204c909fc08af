"""OT-CFM: follow a learned velocity from the source image to an image of the target.

Tong et al., "Improving and generalizing flow-based generative models with minibatch optimal
transport", TMLR 2024; flow matching is Lipman et al., ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Context,
    Method,
    Setting,
    Stage,
    Supervision,
    Translation,
    Variant,
    needed,
    sigma_grid,
)
from bridgebench.toolkit.citation import bibtex

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import ScoreModel
    from bridgebench.toolkit.nn.two_domains import TwoDomains
    from bridgebench_otcfm.flow import Flow


class Otcfm(Method):
    """Flow straight from source to target, learned with optimal-transport couplings.

    One integration, without a latent: from the image itself at σ = 1 down to σ = sigma_min, by any
    solver, on its own spacing. Outputs are clamped to the range of the task's items.
    """

    name: ClassVar[str] = "otcfm"
    axes: ClassVar[frozenset[Axis]] = frozenset({Axis.SOLVER, Axis.NFE})
    supervision: ClassVar[Supervision] = Supervision.UNPAIRED
    family: ClassVar[str] = "flow matching"
    paper: ClassVar[str] = "https://arxiv.org/abs/2302.00482"
    citation: ClassVar[str] = bibtex("bridgebench_otcfm", "tong2024improving")
    license: ClassVar[str] = "Apache-2.0"

    weights: Path | None = Field(
        None, description="another weights file, safetensors, as bridgebench_otcfm.train writes it"
    )
    sigma_min: float = Field(
        0.01, gt=0, lt=1, description="the part of the way that is left where the solver stops"
    )

    def files(self) -> Mapping[str, str]:
        """The weights file and its sha256, checked; IntegrityError if it was altered."""
        return self._flow().files()

    def required_domains(self, cell: Cell, setting: Setting) -> Sequence[tuple[ScoreModel, str]]:
        """Its own flow."""
        from bridgebench_otcfm.flow import ALL

        return ((self._flow(), ALL),)

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Domains, or a shape of the items, that the weights were not trained for."""
        from bridgebench_otcfm.weights import BY

        return self._description().unfit_for(setting.source, setting.target, setting.shape, BY)

    def stages(self, cell: Cell, setting: Setting) -> tuple[Stage, ...]:
        """The one integration."""
        return (Stage("translate", cell.resolved(), needed(cell.nfe, Axis.NFE)),)

    def translate(
        self, batch: Batch, variants: Sequence[Variant], context: Context
    ) -> Sequence[Translation]:
        """Follow the flow down, for each variant's solver and budget."""
        return [
            Translation(self._solved(variant.cell, batch.images, context, down=True))
            for variant in variants
        ]

    def translate_back(self, cell: Cell, batch: Batch, images: Tensor, context: Context) -> Tensor:
        """Follow the flow up from the outputs."""
        return self._solved(cell, images, context, down=False)

    def _solved(self, cell: Cell, x: Tensor, context: Context, *, down: bool) -> Tensor:
        """The other end of the flow, clamped to the range of the items."""
        import torch

        from bridgebench_otcfm.flow import ALL

        solver, setting = needed(cell.solver, Axis.SOLVER), context.setting
        denoiser = context.denoiser(self._flow(), (ALL,) * len(x))
        intervals = solver.intervals(needed(cell.nfe, Axis.NFE))
        sigmas = sigma_grid(solver.spacing, denoiser.sigma_min, denoiser.sigma_max, intervals)
        with torch.no_grad():
            end = solver.solve(denoiser, x, sigmas[::-1] if down else sigmas)
        return end.clamp(setting.low, setting.high)

    def _flow(self) -> Flow:
        from bridgebench_otcfm.flow import Flow

        return Flow(weights=self._path(), sigma_min=self.sigma_min)

    def _description(self) -> TwoDomains:
        from bridgebench_otcfm.weights import read_description

        return read_description(self._path())

    def _path(self) -> Path:
        from bridgebench_otcfm.weights import shipped_path

        return self.weights or shipped_path()
