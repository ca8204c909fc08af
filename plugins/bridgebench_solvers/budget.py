"""From a budget of network evaluations to intervals of the grid."""

from bridgebench import BudgetError


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
