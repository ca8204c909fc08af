"""What a grid must be like before a solver sets out on it."""

from collections.abc import Sequence
from itertools import pairwise

from bridgebench import InvalidOption


def steps(solver: str, sigmas: Sequence[float]) -> list[tuple[float, float]]:
    """The intervals (σ, σ') of a grid, checked.

    InvalidOption unless the noise levels are above 0 and strictly rise or strictly fall. At 0 the
    ODE is 0/0 and ln σ infinite.

    >>> steps("euler", [0.5, 1.0, 2.0])
    [(0.5, 1.0), (1.0, 2.0)]
    """
    if not all(sigma > 0 for sigma in sigmas):
        raise InvalidOption(
            f"{solver} needs noise levels above 0, got {min(sigmas)}; end the grid at sigma_min "
            "and take the last step to 0 with the denoiser itself"
        )
    intervals = list(pairwise(sigmas))
    rises = all(a < b for a, b in intervals)
    if not intervals or not (rises or all(a > b for a, b in intervals)):
        raise InvalidOption(
            f"{solver} needs at least two noise levels that strictly rise or strictly fall, "
            f"got {list(sigmas)}"
        )
    return intervals
