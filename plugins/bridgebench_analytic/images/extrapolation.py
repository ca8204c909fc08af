"""An ODE solver for exact answers: Gragg's midpoint rule, extrapolated to step 0.

Bulirsch and Stoer, "Numerical treatment of ordinary differential equations by extrapolation
methods", Numerische Mathematik 8, 1966; Hairer, Nørsett and Wanner, "Solving Ordinary Differential
Equations I", II.9. The error of the midpoint rule over an interval is a series in the square of the
step, so that a polynomial through the results of several steps, taken at 0, is of high order.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from bridgebench import BridgebenchError

Slope = Callable[[float, Tensor], Tensor]
"""dy/dt at a time and a state, in the shape of the state."""

STEPS = (2, 4, 6, 8, 10, 12, 14, 16)
MOST_HALVINGS = 24


def integrate(slope: Slope, y: Tensor, start: float, stop: float, tolerance: float) -> Tensor:
    """The state at `stop` of dy/dt = slope(t, y) with y at `start`.

    An interval whose last two extrapolations differ by more than `tolerance`, relative to the
    largest absolute value of the state, is halved. What is returned is the better of the two, whose
    error is far smaller than their difference.

    Args:
        slope: the right side.
        y: any shape, float64.
        start, stop: in either order.
        tolerance: of each interval; not below 1e-13, which float64 does not reach.

    Raises:
        BridgebenchError: the tolerance is not met after 24 halvings.
    """
    pending = [(start, stop, 0)]
    while pending:
        left, right, halvings = pending.pop()
        end, error = _extrapolated(slope, y, left, right)
        if error <= tolerance * max(1.0, float(y.abs().max())):
            y = end
        elif halvings < MOST_HALVINGS:
            middle = (left + right) / 2
            pending += [(middle, right, halvings + 1), (left, middle, halvings + 1)]
        else:
            raise BridgebenchError(
                f"the ODE cannot be solved to {tolerance:g} between {left:.6g} and {right:.6g}: "
                f"the error is {error:.3g}; raise the tolerance"
            )
    return y


def _extrapolated(slope: Slope, y: Tensor, left: float, right: float) -> tuple[Tensor, float]:
    """The extrapolated state at `right`, and how far it is from the one of an order less."""
    row: list[Tensor] = []
    for count, steps in enumerate(STEPS):
        new = [_midpoint(slope, y, left, right, steps)]
        for back, older in enumerate(row, start=1):
            ratio = (steps / STEPS[count - back]) ** 2
            new.append(new[-1] + (new[-1] - older) / (ratio - 1))
        row = new
    return row[-1], float((row[-1] - row[-2]).abs().max())


def _midpoint(slope: Slope, y: Tensor, left: float, right: float, steps: int) -> Tensor:
    """Gragg's modified midpoint rule with an even number of steps."""
    h = (right - left) / steps
    before, now = y, y + h * slope(left, y)
    for step in range(1, steps):
        before, now = now, before + 2 * h * slope(left + step * h, now)
    return (before + now + h * slope(right, now)) / 2
