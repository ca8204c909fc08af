"""The exact outputs of a run's items: computed once for each batch, whatever the number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import MetricContext, Observed, one_thread
from bridgebench_analytic.images.pairs import Pair, check_ids, exact_pair

if TYPE_CHECKING:
    from torch import Tensor


def exact_outputs(context: MetricContext, pair: Pair, observed: Observed) -> Tensor:
    """(B, 3, 32, 32) float64: where the exact map carries the sources of a batch.

    BridgebenchError where an item is none of the pair's.
    """
    check_ids(pair, observed.ids)
    key = f"exact outputs/{pair}/{','.join(observed.ids)}"

    def answer() -> Tensor:
        with one_thread():
            return exact_pair(pair).exact_map(observed.source)

    return context.once(key, answer)
