"""Checks of methods: cells of a task, run by the runner in several arrangements of the items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench.conformance.check import require
from bridgebench.conformance.claims import require_close, require_finite
from bridgebench.conformance.trial import Arrangement
from bridgebench.interfaces.cell import Axis
from bridgebench.interfaces.method import Method
from bridgebench.plan.answers import evaluations_of, shared_stages_of

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

TOLERANCE = 0.01
"""Of the spread of the items: networks add up in another order for another batch."""

SAME = 1e-5
"""Of the spread of the items: outputs that differ by more were drawn with other numbers."""


def run(method: Method, harness: Harness) -> None:
    """It runs as a cell of the task, changes no input and nothing global, and declares all it uses.

    This is what the runner sees to in every run: shape, range and finite numbers of the outputs;
    the axes, options, networks and training images that are used without being declared.
    """
    harness.run(harness.cell_of(method))


def repeatability(method: Method, harness: Harness) -> None:
    """The same items get the same outputs, and random numbers come from `batch.draw` alone."""
    cell = harness.cell_of(method)
    again = harness.run(cell, Arrangement(torch_seed=1)).outputs
    what = "the same outputs in a second run, where torch's global random numbers are others"
    require_close(again, harness.run(cell).outputs, _tolerance(harness), what)


def batch_independence(method: Method, harness: Harness) -> None:
    """An item gets the same output in any batch, whatever its size and order."""
    cell, count = harness.cell_of(method), len(harness.source())
    order = tuple(range(count))[::-1]
    whole = harness.run(cell).outputs
    part = harness.run(cell, Arrangement(order=order, batch=count - 2)).outputs
    what = f"the same outputs of {count} items in reverse order, in batches of {count - 2}"
    require_close(part, whole[list(order)], _tolerance(harness), what)


def stochastic(method: Method, harness: Harness) -> None:
    """It says truly whether an item has different outputs under different random numbers."""
    cell = harness.cell_of(method)
    said: object = method.stochastic(cell)
    other = harness.run(cell, Arrangement(sample=1)).outputs
    most = (other - harness.run(cell).outputs).abs().max().item()
    differs = most > SAME * harness.spread
    got = f"outputs of two samples that differ by {most:.2g}, and stochastic() = {said}"
    require(said is differs, f"stochastic() = {differs}", got)


def stages(method: Method, harness: Harness) -> None:
    """Stages have names of their own and finite results, and say if they use partners of items."""
    cell = harness.cell_of(method)
    named = shared_stages_of(cell, harness.setting)
    names = [stage.name for stage in named]
    require(len(set(names)) == len(names), "stages with names of their own", names)
    same = shared_stages_of(cell, harness.setting) == named
    require(same, "the same stages at the second call", "others")
    trial = harness.run(cell)
    for stage in named:
        require_finite(trial.results[stage.name], f"a result of stage '{stage.name}'")
        said = stage.whole_run or stage.name not in trial.whole_run
        require(said, f"whole_run = True of '{stage.name}', which uses context.permuted", "False")


def evaluations(method: Method, harness: Harness) -> None:
    """Network evaluations are counted, and as many as its stages and `evaluations` say.

    Under an adaptive solver at most as many.
    """
    cell = harness.cell_of(method)
    for name in method.networks():
        harness.networks.network(method, name)
    counted = harness.run(cell).evaluated
    said = evaluations_of(cell)
    said += sum(stage.evaluations for stage in shared_stages_of(cell, harness.setting))
    if method.networks() or method.axes & {Axis.SOURCE_SCORE, Axis.TARGET_SCORE}:
        wanted = "networks from context.denoiser() or context.network(), which count"
        require(counted > 0, wanted, "none counted")
    if cell.parts.solver is not None and cell.solver.adaptive:
        require(counted <= said, f"at most the {said} evaluations that it says", f"{counted:g}")
    else:
        require(counted == said, f"the {said} evaluations that it says", f"{counted:g}")


def required_domains(method: Method, harness: Harness) -> None:
    """Every domain that it uses of a score model is among its `required_domains`."""
    cell = harness.cell_of(method)
    unnamed = harness.run(cell).asked - set(method.required_domains(cell, harness.setting))
    pairs = ", ".join(sorted(f"{score.name} {domain}" for score, domain in unnamed))
    require(not pairs, "every domain named by required_domains()", f"{pairs} used besides")


def fit(method: Method, harness: Harness) -> None:
    """A fit gives the same again, whatever is evaluated, and uses training images alone."""
    cell = harness.cell_of(method)
    first = harness.fit(cell).tensors
    again = harness.fit(cell, held_out=harness.task.target.reference, torch_seed=1).tensors
    names = sorted(first)
    require(sorted(again) == names, f"the tensors {names} of a second fit", sorted(again))
    for name in names:
        what = f"the same '{name}' of a second fit, beside other held-out images"
        require_close(again[name], first[name], 0.0, what)


def translate_back(method: Method, harness: Harness) -> None:
    """Outputs translated back have the shape of the images and no NaN, or there is no way back."""
    back = harness.run(harness.cell_of(method), Arrangement(back=True)).back
    if back is not None:
        require_finite(back, "images translated back")


CHECKS = (
    run,
    repeatability,
    batch_independence,
    stochastic,
    stages,
    evaluations,
    required_domains,
    fit,
    translate_back,
)


def _tolerance(harness: Harness) -> float:
    return TOLERANCE * harness.spread
