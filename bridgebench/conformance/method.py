"""Checks of methods: outputs of the right shape and range, each item by itself, NFE counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from bridgebench.conformance.cells import cell_of, neighbors, shared_result, translated
from bridgebench.conformance.check import ConformanceError, require
from bridgebench.conformance.claims import (
    own_randomness,
    require_close,
    require_finite,
    require_like,
    unchanged,
)
from bridgebench.execute.cell import Failure
from bridgebench.interfaces.cell import Axis, Cell
from bridgebench.interfaces.method import Batch, Method, Translation

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench, Loan

TOLERANCE = 0.01
"""Of the spread of the items: networks add up in another order for another batch."""


def outputs(method: Method, bench: Bench) -> None:
    """Outputs have the shape, dtype and device of the sources, and the range of the items."""
    batch = bench.batch(bench.source())
    made = _translate(cell_of(method, bench), batch, bench)
    require_like(made.images.to(batch.images.dtype), batch.images, "the outputs")
    require(made.images.is_floating_point(), "outputs of a floating-point type", made.images.dtype)
    require_finite(made.images, "outputs")
    low, high = made.images.min().item(), made.images.max().item()
    item = bench.task.item
    wanted = f"outputs in [{item.low:g}, {item.high:g}], clamped by the method"
    require(item.low <= low and high <= item.high, wanted, f"[{low:.4g}, {high:.4g}]")
    for what, latent in (("latent", made.latent), ("changed", made.changed)):
        if latent is not None:
            require(latent.shape == batch.images.shape, f"a {what} shaped as the images", "another")
            require_finite(latent, what)


def inputs(method: Method, bench: Bench) -> None:
    """The source images and the results of shared stages are left as they are."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    with unchanged(images=batch.images):
        shared = shared_result(cell, batch, bench, context)
        kept = {} if shared is None else {"shared": shared}
        with unchanged(**kept):
            method.translate(batch, [Variant(cell, shared)], context)


def repeatability(method: Method, bench: Bench) -> None:
    """The same batch gives the same outputs, and random numbers come from `batch.draw` alone."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    first = _translate(cell, batch, bench, context).images  # loads the models, which may draw
    with own_randomness():
        again = _translate(cell, batch, bench, context).images
    require_close(again, first, _tolerance(bench), "the same outputs at the second call")


def batch_independence(method: Method, bench: Bench) -> None:
    """An item gets the same output in any batch, whatever its size and order."""
    items, cell = bench.source(), cell_of(method, bench)
    whole = _translate(cell, bench.batch(items), bench).images
    last = len(items) - 1
    for order in ([last], [last, 0]):
        part = _translate(cell, bench.batch(items, order), bench).images
        what = f"for items {order} of {len(items)} the same outputs as in the whole batch"
        require_close(part, whole[order], _tolerance(bench), what)


def variants(method: Method, bench: Bench) -> None:
    """Variants that share a batch get the outputs that each gets alone, in their order."""
    batch, cell = bench.batch(bench.source()), cell_of(method, bench)
    alike = (other for other in _siblings(cell, bench) if other.method == method and other != cell)
    members = [cell, next(alike, cell)]
    together = translated(members, batch, bench, bench.context())
    require(len(together) == 2, "one answer for each of 2 variants", len(together))
    for member, answer in zip(members, together, strict=True):
        alone = _translate(member, batch, bench).images
        what = f"with other variants the outputs of {member.method.spec} alone"
        require_close(_made(answer).images, alone, _tolerance(bench), what)


def stages(method: Method, bench: Bench) -> None:
    """Stages have names of their own, and results with one entry an item."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    named = method.stages(cell, bench.setting)
    names = [stage.name for stage in named]
    require(len(names) > 0 and len(set(names)) == len(names), "names of their own", names)
    same = method.stages(cell, bench.setting) == named
    require(same, "the same stages at the second call", "others")
    result, makers = None, {method.spec}
    for stage in named[:-1]:
        makers |= {maker.spec for maker in stage.made_by}
        context.permuted_any = False
        result = method.share(stage, cell, batch, result, context)
        count = len(batch.ids)
        require(len(result) == count, f"{count} entries from stage '{stage.name}'", len(result))
        require_finite(result, f"a result of stage '{stage.name}'")
        said = stage.whole_run or not context.permuted_any
        require(said, f"whole_run = True of '{stage.name}', which asks for permuted()", "False")
        used = {score.spec for score, _ in context.asked}
        require(used <= makers, f"{', '.join(used)} in made_by of '{stage.name}'", sorted(makers))


def stage_keys(method: Method, bench: Bench) -> None:
    """Cells that share a stage, by what it says decides it, get the same result from it."""
    batch, cell, context = bench.batch(bench.source(2)), cell_of(method, bench), bench.context()
    own = shared_result(cell, batch, bench, context)
    if own is None:
        return
    for other in _siblings(cell, bench):
        result = shared_result(other, batch, bench, context)
        expected = f"what differs in {_difference(cell, other)} to be named in decided_by"
        if (
            result is None
            or result.shape != own.shape
            or not torch.allclose(result, own, atol=1e-3)
        ):
            raise ConformanceError(expected, "a shared stage that gives another result")


def evaluations(method: Method, bench: Bench) -> None:
    """Network evaluations are counted, and as many as its stages say."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    translated([cell], batch, bench, context)
    counted = context.meter.evaluated / len(batch.ids)
    said = sum(stage.evaluations for stage in method.stages(cell, bench.setting))
    if method.axes & {Axis.SOURCE_SCORE, Axis.TARGET_SCORE}:
        require(counted > 0, "networks from context.denoiser(), which counts", "none counted")
    if Axis.NFE in method.axes:
        require(counted == said, f"the {said} evaluations that its stages say", f"{counted:g}")
    else:
        agree = (counted > 0) == (said > 0)
        require(agree, f"about the {said} evaluations that its stages say", f"{counted:g}")


def asked_domains(method: Method, bench: Bench) -> None:
    """Every domain that it uses of a score model is among its `required_domains`."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    translated([cell], batch, bench, context)
    unnamed = context.asked - set(method.required_domains(cell, bench.setting))
    pairs = sorted(f"{score.name} {domain}" for score, domain in unnamed)
    require(
        not pairs, "every domain named by required_domains()", f"{', '.join(pairs)} asked besides"
    )


def way_back(method: Method, bench: Bench) -> None:
    """Outputs carried back have the shape of the images and no NaN, or there is no way back."""
    batch, cell, context = bench.batch(bench.source()), cell_of(method, bench), bench.context()
    (answer,) = translated([cell], batch, bench, context)
    images = _made(answer).images
    with unchanged(images=images):
        back = method.translate_back(cell, batch, images, context)
    if back is not None:
        require(back.shape == images.shape, "images of the same shape back", tuple(back.shape))
        require_finite(back, "images carried back")


CHECKS = (
    outputs,
    inputs,
    repeatability,
    batch_independence,
    variants,
    stages,
    stage_keys,
    evaluations,
    asked_domains,
    way_back,
)


def _tolerance(bench: Bench) -> float:
    return TOLERANCE * bench.spread


def _translate(cell: Cell, batch: Batch, bench: Bench, context: Loan | None = None) -> Translation:
    answers = translated([cell], batch, bench, context or bench.context())
    require(len(answers) == 1, "one answer for one variant", len(answers))
    return _made(answers[0])


def _made(answer: object) -> Translation:
    if isinstance(answer, Failure):
        raise ConformanceError("a Translation", f"a Failure: {answer.reason}")
    if not isinstance(answer, Translation):
        raise ConformanceError("a Translation", f"a {type(answer).__name__}")
    return answer


def _siblings(cell: Cell, bench: Bench) -> Iterator[Cell]:
    """Neighbors that share all shared stages with `cell`."""
    own = _decided(cell, bench)
    return (other for other in neighbors(cell, bench) if _decided(other, bench) == own)


def _decided(cell: Cell, bench: Bench) -> Sequence[object]:
    shared = cell.method.stages(cell, bench.setting)[:-1]
    return [(stage.name, dict(stage.decided_by)) for stage in shared]


def _difference(cell: Cell, other: Cell) -> str:
    mine, theirs = cell.resolved(), other.resolved()
    return ", ".join(f"{axis} {theirs[axis]}" for axis in mine if mine[axis] != theirs[axis])
