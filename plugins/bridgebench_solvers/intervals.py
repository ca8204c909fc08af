"""The intervals of a solver: how many a budget pays for, and those of a grid."""

from collections.abc import Sequence
from itertools import pairwise

from bridgebench import BudgetError, InvalidOption


def whole_intervals(solver: str, evaluations: int, nfe: int) -> int:
    """How many intervals `nfe` evaluations pay for, at `evaluations` an interval.

    BudgetError, naming the nearest budgets, unless that is a whole number of at least 1.

    >>> whole_intervals("heun", 2, 20)
    10
    """
    intervals, rest = divmod(nfe, evaluations)
    if intervals >= 1 and rest == 0:
        return intervals
    cost = f"{evaluations} network evaluation{'s' if evaluations > 1 else ''} an interval"
    if intervals < 1:
        remedy = f"the least is {evaluations}"
    else:
        remedy = f"the nearest are {nfe - rest} and {nfe - rest + evaluations}"
    raise BudgetError(f"{solver} uses {cost}, so nfe={nfe} cannot be met; {remedy}")


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
