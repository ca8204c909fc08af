"""A meter for the common case: a metric that is a statistic of values taken of each image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
import torchmetrics
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from bridgebench.errors import BridgebenchError
from bridgebench.interfaces.metric import Observed, Score

Measure = Callable[[Observed], Mapping[str, Tensor]]
"""Values of each image of a batch by name, each with first dimension B. A pure function."""

Summarize = Callable[[Mapping[str, Tensor]], dict[str, Score]]
"""Scores by column, of the values of all images, each with first dimension n. A pure function."""


class ItemMeter(torchmetrics.Metric):
    """Keeps what `measure` sees in each image, and lets `summarize` make scores of all of it.

    The states are lists of tensors that are concatenated, so that the meters of two parts of a run,
    merged, give what one meter of the whole gives. torchmetrics puts the images of the meter that
    is handed in first: `second.merge_state(first)` keeps the order of the items.

    Args:
        names: what `measure` returns.
        measure: takes an Observed; see Measure.
        summarize: takes the values of all images; see Summarize.

    Raises:
        BridgebenchError: from `update`, where an output holds a value that is not finite; from
            `compute`, where no image was seen.

    Example:
        >>> from bridgebench import ItemMeter, Observed, Score
        >>> brightness = ItemMeter(
        ...     ("mean",),
        ...     lambda observed: {"mean": observed.output.mean(dim=(1, 2, 3))},
        ...     lambda values: {"brightness": Score(values["mean"].mean().item())},
        ... )
        >>> images = torch.ones(2, 3, 4, 4)
        >>> brightness.update(Observed(images, images, ("a", "b"), None, extract_from=None))
        >>> brightness.compute()["brightness"].value
        1.0
    """

    is_differentiable = False
    full_state_update = False

    def __init__(self, names: Sequence[str], measure: Measure, summarize: Summarize) -> None:
        super().__init__()
        self._names = tuple(names)
        self._measure = measure
        self._summarize = summarize
        for name in self._names:
            self.add_state(_state(name), [], dist_reduce_fx="cat")

    def update(self, observed: Observed) -> None:
        """Measure a batch."""
        observed.once("finite", lambda: _check_finite(observed))
        with torch.no_grad():
            values = self._measure(observed)
        for name in self._names:
            _append(getattr(self, _state(name)), values[name])

    def compute(self) -> dict[str, Score]:
        """The scores of all images seen."""
        states = {name: getattr(self, _state(name)) for name in self._names}
        if any(isinstance(state, list) and not state for state in states.values()):
            raise BridgebenchError("a metric was asked for its scores before it saw an image")
        with torch.no_grad():
            return self._summarize({name: dim_zero_cat(state) for name, state in states.items()})


def _append(pieces: list[Tensor], piece: Tensor) -> None:
    """Add a piece, and join it with those before it that are no longer.

    A few long pieces take the place of a small one a batch: between the large tensors of a batch,
    which come and go, each of these would be in the way of the next ones.
    """
    while pieces and len(pieces[-1]) <= len(piece):
        piece = torch.cat([pieces.pop(), piece])
    pieces.append(piece)


def _state(name: str) -> str:
    return f"values_{name}"


def _check_finite(observed: Observed) -> None:
    for what, images in (("outputs", observed.output), ("cycled outputs", observed.cycled)):
        if images is None or images.sum(dtype=torch.float64).isfinite():
            continue
        bad = ~images.flatten(1).isfinite().all(dim=1)
        first = observed.ids[int(bad.int().argmax())]
        raise BridgebenchError(
            f"{int(bad.sum())} of {len(bad)} {what} hold NaN or infinity (the first is {first}); "
            "scores need finite images: look at the solver, its budget and the score model"
        )
