"""OT-CFM: follow a learned velocity from the source image to an image of the target.

Tong et al., "Improving and generalizing flow-based generative models with minibatch optimal
transport", TMLR 2024; flow matching is Lipman et al., ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Axis,
    Batch,
    Cell,
    Method,
    NetworkLoader,
    RunContext,
    Setting,
    Supervision,
    Translation,
    sigma_grid,
)
from bridgebench.toolkit.citation import bibtex

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.toolkit.nn.two_domains import TwoDomains


VELOCITY = "velocity"


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
        from bridgebench.toolkit.nn.weights import checked_sha256

        return {self._path().name: checked_sha256(self._path())}

    def networks(self) -> Mapping[str, NetworkLoader]:
        """The velocity of the flow."""
        from bridgebench_otcfm.velocity import VelocityFile

        return {VELOCITY: VelocityFile(self._path())}

    def skip_reason(self, cell: Cell, setting: Setting) -> str:
        """Domains, or a shape of the items, that the weights were not trained for; noise."""
        from bridgebench_otcfm.weights import BY

        if cell.solver.stochastic:
            return f"{cell.solver.spec} is stochastic, and the flow is an ODE"
        return self._description().unfit_for(setting.source, setting.target, setting.shape, BY)

    def evaluations(self, cell: Cell) -> int:
        """Those of the one integration."""
        return cell.nfe

    def translate(
        self, cell: Cell, batch: Batch, shared: Tensor | None, context: RunContext
    ) -> Translation:
        """Follow the flow down."""
        return Translation(self._solved(cell, batch.images, batch, context, down=True))

    def translate_back(
        self, cell: Cell, batch: Batch, images: Tensor, context: RunContext
    ) -> Tensor:
        """Follow the flow up from the outputs."""
        return self._solved(cell, images, batch, context, down=False)

    def _solved(
        self, cell: Cell, x: Tensor, batch: Batch, context: RunContext, *, down: bool
    ) -> Tensor:
        """The other end of the flow, clamped to the range of the items."""
        from bridgebench_otcfm.velocity import FlowDenoiser

        solver, setting = cell.solver, context.setting
        denoiser = FlowDenoiser(context.network(VELOCITY), self.sigma_min)
        rising = sigma_grid(
            solver.spacing, denoiser.sigma_min, denoiser.sigma_max, solver.intervals(cell.nfe)
        )
        noise = batch.draw.noise("otcfm", x)
        end = solver.solve(denoiser, x, rising[::-1] if down else rising, noise)
        return end.clamp(setting.low, setting.high)

    def _description(self) -> TwoDomains:
        from bridgebench_otcfm.weights import read_description

        return read_description(self._path())

    def _path(self) -> Path:
        from bridgebench_otcfm.weights import shipped_path

        return self.weights or shipped_path()
