"""What a classifier says of outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench import BridgebenchError, InvalidOption, Observed

if TYPE_CHECKING:
    from torch import Tensor

OPTION = "the extractor that classifies, by spec; empty: the task's own"


def logits_of(observed: Observed, spec: str, label: int) -> Tensor:
    """The (B, K) logits of the outputs; an error unless they are finite and K > label."""
    logits = observed.extract(spec).logits
    if logits is None:
        raise InvalidOption(f"extractor {spec} has no logits; name one that classifies")
    if label >= logits.shape[1]:
        raise InvalidOption(
            f"extractor {spec} knows the classes 0 to {logits.shape[1] - 1}, got label={label}"
        )
    if not logits.isfinite().all():
        raise BridgebenchError(
            f"extractor {spec} gave logits with NaN or infinity; look at its weights"
        )
    return logits
