"""How far outputs are from where the exact map carries their sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Column, Metric, MetricContext, Observed, Score, one_thread
from bridgebench_analytic.images.pairs import Pair, PairOption, check_ids, exact_pair
from bridgebench_analytic.images.root_mean import root_mean

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


class MapError(Metric):
    """Distance of the outputs from the exact DDIB map of the same sources.

    Formula: sqrt(mean |y - T(x)|² / V), with T the exact map between the lowest and the highest
    noise level and V the total variance of the target domain (the trace of its covariance), known
    exactly. An output at the target's mean for every source would have about 1. T starts at the
    image itself, so that a method that adds noise first is charged for it. As T(x) is a sample of
    the target, the 2-Wasserstein distance of outputs and target is at most this share of V^½.
    Unit: 1, a share of the target's standard deviation. 0 and above; lower is better.
    Interval: bootstrap over images of the mean square, then its root. Items: |y - T(x)|²/V.
    Source: T from Su et al., ICLR 2023, algorithm 1, solved exactly; the square times 100 is the
    L2-UVP of Korotin et al., NeurIPS 2021, against T.
    """

    name: ClassVar[str] = "map_error"

    pair: PairOption

    def columns(self) -> tuple[Column, ...]:
        """The relative root mean square distance."""
        return (
            Column(
                "map_error",
                "",
                "lower",
                "root mean square distance from the exact map, over the target's deviation",
                low=0.0,
                interval=True,
            ),
        )

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of squared distances."""
        from bridgebench import ItemMeter

        variance = exact_pair(self.pair).domains["target"].mixture.total_variance

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            away = observed.output.double() - exact_outputs(context, self.pair, observed)
            return {"squared": away.square().flatten(1).sum(1) / variance}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return {"map_error": root_mean(values["squared"], context.seed)}

        return ItemMeter(("squared",), measure, summarize)


def exact_outputs(context: MetricContext, pair: Pair, observed: Observed) -> Tensor:
    """(B, 3, 32, 32) float64: where the exact map carries the sources of a batch, computed once.

    BridgebenchError where an item is none of the pair's.
    """
    check_ids(pair, observed.ids)
    key = f"exact outputs/{pair}/{','.join(observed.ids)}"

    def answer() -> Tensor:
        with one_thread():
            return exact_pair(pair).exact_map(observed.source)

    return context.once(key, answer)
