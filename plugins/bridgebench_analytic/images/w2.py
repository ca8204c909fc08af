"""The way that outputs went, held against the Wasserstein distance of the domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import model_validator

from bridgebench import (
    Column,
    InvalidOption,
    Metric,
    MetricContext,
    Observed,
    Score,
)
from bridgebench_analytic.images.pairs import Pair, PairOption, check_ids
from bridgebench_analytic.images.root_mean import root_mean

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class W2(Metric):
    """The way from source to output, beside the 2-Wasserstein distance of the two domains.

    Formula: `w2` = sqrt(mean |y - x|²). `w2_exact` = W2 of the source and the target domain in
    closed form, sqrt(|m - m'|² + Tr(Σ + Σ' - 2 (Σ^½ Σ' Σ^½)^½)); only `pair=gaussian` has one. A
    map onto the target goes `w2_exact` if it is the optimal transport and further if it is not;
    DDIB is not. An output that went less is not in the target. How far outputs are from the target
    is `map_error`.
    Unit: the Euclidean length of an image. 0 and above; neither high nor low is good.
    Interval: bootstrap over images of the mean square, then its root. Items: |y - x|².
    Source: Dowson and Landau, Journal of Multivariate Analysis, 1982.
    """

    name: ClassVar[str] = "w2"

    pair: PairOption

    @model_validator(mode="after")
    def _closed_form(self) -> Self:
        if self.pair is not Pair.GAUSSIAN:
            raise InvalidOption(
                f"w2 has no closed form for pair={self.pair}; it has one for pair={Pair.GAUSSIAN}"
            )
        return self

    def columns(self) -> tuple[Column, ...]:
        """The way gone, and the closed form."""
        return (
            Column("w2", "", "", "root mean square way from source to output", 0.0, interval=True),
            Column("w2_exact", "", "", "2-Wasserstein distance of the domains", 0.0),
        )

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of ways."""
        from bridgebench import ItemMeter
        from bridgebench_analytic.images.gaussian_pair import wasserstein

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            check_ids(self.pair, observed.ids)
            way = observed.output.double() - observed.source.double()
            return {"squared": way.square().flatten(1).sum(1)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return {
                "w2": root_mean(values["squared"], context.seed),
                "w2_exact": Score(wasserstein()),
            }

        return ItemMeter(("squared",), measure, summarize)
