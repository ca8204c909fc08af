"""Running a cell: translate every batch, score the outputs, and say what it cost."""

from __future__ import annotations

import resource
import sys
import traceback as tracebacks
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from bridgebench.errors import BridgebenchError, Damage, OutputError, PluginError
from bridgebench.execute.batches import FilledBatch, SourceBatches
from bridgebench.execute.prefetch import ahead, in_order
from bridgebench.execute.run_context import Images, MethodContext, Networks
from bridgebench.execute.scoring import Scorer
from bridgebench.execute.stages import run_stages
from bridgebench.files.one_line import one_line
from bridgebench.interfaces.cell import Cell, Setting
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.method import Method, Translation
from bridgebench.interfaces.metric import Score
from bridgebench.isolation.calls import isolated, protected, said
from bridgebench.toolkit.threads import one_blas_thread

STRIP_IMAGES = 16

NO_MEMORY = "can't allocate memory"
"""In what torch raises when the system gives it none; it is a RuntimeError as any."""

LONGEST = 20_000
"""Letters of a traceback that are kept."""


@dataclass(frozen=True)
class SharedResult:
    """The results of a group's shared stages, one a batch, and what they cost.

    tensors   the last shared stage's result for each batch, or None where there is no shared stage;
              not always in memory, and on the CPU
    """

    tensors: Sequence[Tensor | None]
    evaluated: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Fitted:
    """What the fit of a method gave, on the CPU, and its seconds; None where it is not fitted."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def cost(self) -> dict[str, float | int | None]:
        """Its part of a row's cost."""
        return {} if self.seconds is None else {"fit_seconds": self.seconds}


NOT_FITTED = Fitted()


@dataclass(frozen=True)
class Failure:
    """Why a cell has no outputs."""

    reason: str
    traceback: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a cell: numbers, or a failure.

    scoring_seconds   spent on its numbers
    picture_seconds   that its picture was waited for when the numbers were there
    damage            whether it failed as a plugin changed what others share
    """

    scores: dict[str, Score] = field(default_factory=dict)
    latent_std: float | None = None
    cost: dict[str, float | int | None] = field(default_factory=dict)
    failure: Failure | None = None
    timed_out: bool = False
    scoring_seconds: float = 0.0
    picture_seconds: float = 0.0
    damage: bool = False


@dataclass(frozen=True)
class CellRunner:
    """Runs the cells of one seed.

    samples   how many outputs of each source the metrics want of a stochastic method
    keep      is given each batch of outputs with its item ids
    draw      is given the rows of a cell's picture by their label, (up to 16, C, H, W) each
    threaded  whether the next batch is loaded and the last one scored while the networks work
    """

    batches: SourceBatches
    setting: Setting
    networks: Networks
    images: Images
    new_scorer: Callable[[], Scorer]
    needs_cycle: bool
    samples: int
    keep: Callable[[Cell, tuple[str, ...], Tensor], None]
    draw: Callable[[Cell, dict[str, Tensor]], None]
    threaded: bool

    def context_of(self, method: Method, fitted: Fitted = NOT_FITTED) -> MethodContext:
        """The run context of a method."""
        device = self.networks.device
        # Copies: what one cell writes into its fit is no matter of the others.
        tensors = {name: tensor.to(device, copy=True) for name, tensor in fitted.tensors.items()}
        return MethodContext(method, self.setting, self.networks, self.images, tensors)

    @torch.no_grad()
    def run(self, cell: Cell, shared: SharedResult, fitted: Fitted = NOT_FITTED) -> Outcome:
        """Run a cell; whatever goes wrong in it is a Failure, never an exception.

        But what cannot be written, which is no fault of the cell's, is an OutputError.
        """
        try:
            # What a second thread changes is seen here, when both threads are done.
            with isolated(f"method '{cell.method.name}', or a metric of its outputs,"):
                return self._run(cell, shared, fitted)
        except OutputError:
            raise
        except Exception as error:
            return failed(error)

    def _run(self, cell: Cell, shared: SharedResult, fitted: Fitted) -> Outcome:
        context = self.context_of(cell.method, fitted)
        scorer = self.new_scorer()
        moments = _Moments()
        strip: dict[str, Tensor] = {}
        scoring = 0.0
        own_seconds = 0.0
        evaluated = 0
        with in_order(self.threaded) as do:
            for filled, tensor in self._loaded(shared):
                before, begun = context.networks.meter.evaluated, perf_counter()
                translation = self._translated(cell, filled, tensor, context)
                evaluated += context.networks.meter.evaluated - before
                output = translation.images[: filled.real].float().cpu()
                own_seconds += perf_counter() - begun
                with context.networks.uncounted():
                    cycled = self._back(cell, filled, translation.images, context)
                    samples = self._samples(cell, filled, output, context)
                begun = perf_counter()
                if translation.latent is not None:
                    moments.add(_finite(cell, translation.latent)[: filled.real])
                strip = strip or strip_rows(filled, translation)
                do(partial(self._score, scorer, cell, filled, output, cycled, samples))
                scoring += perf_counter() - begun
            begun = perf_counter()
        # Each of the two keeps one core busy.
        with in_order(threaded=True) as do:
            do(partial(self.draw, cell, strip))
            with one_blas_thread():
                scores = scorer.compute()
            computed = perf_counter()
        return Outcome(
            scores=scores,
            latent_std=moments.std(),
            cost=self._cost(shared, evaluated, own_seconds) | fitted.cost,
            scoring_seconds=scoring + computed - begun,
            picture_seconds=perf_counter() - computed,
        )

    def _loaded(self, shared: SharedResult) -> Iterator[tuple[FilledBatch, Tensor | None]]:
        """Each batch with what is shared of it, both on the device."""

        def load(index: int) -> tuple[FilledBatch, Tensor | None]:
            return self.batches[index], self._on_device(shared.tensors[index])

        return ahead(load, len(self.batches), self.threaded)

    def _on_device(self, tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(self.networks.device)

    @torch.inference_mode()
    def _score(
        self,
        scorer: Scorer,
        cell: Cell,
        filled: FilledBatch,
        output: Tensor,
        cycled: Tensor | None,
        samples: Tensor | None,
    ) -> None:
        """Take in the outputs of a batch."""
        batch, real = filled.batch, filled.real
        source = Items(batch.images[:real].cpu(), batch.ids[:real], batch.domains[:real])
        scorer.update(source, output, cycled, samples)
        self.keep(cell, source.ids, output)

    def _translated(
        self, cell: Cell, filled: FilledBatch, tensor: Tensor | None, context: MethodContext
    ) -> Translation:
        """What the method gives for a batch, checked."""
        who = f"method '{cell.method.name}'"
        with protected(who, "input batch", filled.batch.images, tensor) as (images, shared):
            batch = replace(filled.batch, images=images)
            with isolated(who + self._beside):
                translation: object = cell.method.translate(cell, batch, shared, context)
            context.networks.wait()
        if not isinstance(translation, Translation):
            raise PluginError(
                f"{who} gave a {type(translation).__name__}, but translate() gives a Translation"
            )
        self._check(cell, translation.images, filled.batch.images)
        return translation

    def _check(self, cell: Cell, images: Tensor, source: Tensor) -> None:
        if images.shape != source.shape:
            raise PluginError(
                f"method '{cell.method.name}' gave outputs of shape {tuple(images.shape)}, "
                f"expected {tuple(source.shape)}"
            )
        if not torch.isfinite(images).all():
            raise PluginError(f"method '{cell.method.name}' gave outputs with NaN or infinity")
        low, high = images.min().item(), images.max().item()
        if low < self.setting.low or high > self.setting.high:
            raise PluginError(
                f"method '{cell.method.name}' gave outputs from {low:.4g} to {high:.4g}, but the "
                f"task's items lie in [{self.setting.low:g}, {self.setting.high:g}]; clamp them"
            )

    def _back(
        self, cell: Cell, filled: FilledBatch, images: Tensor, context: MethodContext
    ) -> Tensor | None:
        if not self.needs_cycle:
            return None
        who = f"method '{cell.method.name}'"
        with protected(who, "input batch", filled.batch.images, images) as (source, outputs):
            batch = replace(filled.batch, images=source)
            with isolated(who + self._beside):
                cycled = cell.method.translate_back(cell, batch, outputs, context)
        if cycled is None:
            return None
        if not (isinstance(cycled, Tensor) and cycled.shape == source.shape):
            shape = tuple(cycled.shape) if isinstance(cycled, Tensor) else type(cycled).__name__
            raise PluginError(
                f"{who} gave {shape} in translate_back(), expected a tensor of shape "
                f"{tuple(source.shape)}"
            )
        return cycled[: filled.real].float().cpu()

    def _samples(
        self, cell: Cell, filled: FilledBatch, output: Tensor, context: MethodContext
    ) -> Tensor | None:
        """The outputs and those of other random numbers, (k, B, C, H, W) on the CPU.

        None of a method that has one output. Shared stages are run again, as they may draw, too.
        """
        with isolated(f"method '{cell.method.name}'" + self._beside):
            wanted = self.samples > 1 and cell.method.stochastic(cell)
        if not wanted:
            return None
        drawn = [output]
        for number in range(1, self.samples):
            batch = replace(filled.batch, draw=filled.batch.draw.of_sample(number))
            again = replace(filled, batch=batch)
            shared = run_stages(cell, batch, context)
            images = self._translated(cell, again, shared, context).images
            drawn.append(images[: filled.real].float().cpu())
        return torch.stack(drawn)

    @property
    def _beside(self) -> str:
        """Who else may have changed the process while a method was called."""
        return ", or a metric that worked beside it," if self.threaded else ""

    def _cost(
        self, shared: SharedResult, evaluated: int, own_seconds: float
    ) -> dict[str, float | int | None]:
        seen = self.batches.seen
        seconds = shared.seconds + own_seconds
        return {
            "nfe_encode": per_image(shared.evaluated, seen),
            "nfe_decode": per_image(evaluated, seen),
            "nfe_total": per_image(shared.evaluated + evaluated, seen),
            "seconds": seconds,
            "images_per_s": self.batches.wanted / seconds if seconds > 0 else None,
            "peak_memory_mb": peak_memory_mb(self.networks.device),
        }


class _Moments:
    """Sum and sum of squares of a stream of tensors."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = 0.0
        self._squares = 0.0

    def add(self, values: Tensor) -> None:
        wide = values.double()
        self._count += wide.numel()
        self._sum += wide.sum().item()
        self._squares += wide.square().sum().item()

    def std(self) -> float | None:
        if self._count == 0:
            return None
        mean = self._sum / self._count
        return float(max(self._squares / self._count - mean * mean, 0.0) ** 0.5)


def strip_rows(filled: FilledBatch, translation: Translation) -> dict[str, Tensor]:
    """The rows of a cell's picture, as on the slides of the study; none of items or latents that
    are no images."""
    if filled.batch.images.ndim != 4:
        return {}
    shape = filled.batch.images.shape
    rows = {
        "source": filled.batch.images,
        "latent": _shaped(translation.latent, shape),
        "changed latent": _shaped(translation.changed, shape),
        "output": translation.images,
    }
    wide = min(STRIP_IMAGES, filled.real)
    # Copies: a part of a batch would keep all of it until the picture is there.
    return {name: row[:wide].float().cpu().clone() for name, row in rows.items() if row is not None}


def _shaped(latent: Tensor | None, shape: torch.Size) -> Tensor | None:
    """A latent that can be shown as an image, or None."""
    return latent if latent is not None and latent.shape == shape else None


def per_image(evaluated: int, images: int) -> float | int:
    """Evaluations an image: whole where it comes out whole.

    >>> per_image(80, 8), per_image(10, 4)
    (10, 2.5)
    """
    whole, rest = divmod(evaluated, images)
    return evaluated / images if rest else whole


def peak_memory_mb(device: torch.device) -> float:
    """The most memory used so far, in MB: of the GPU where there is one, else of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def failed(error: Exception, where: str = "") -> Outcome:
    """The outcome of a cell that raised, while the exception is in hand; `where` comes first."""
    known = isinstance(error, BridgebenchError)
    reason = said(error) if known else f"{type(error).__name__}: {said(error)}"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or NO_MEMORY in reason:
        reason = f"out of memory: {reason}"
    trace = _printable(tracebacks.format_exc(), LONGEST)
    failure = Failure(_printable(one_line(where + reason)), trace)
    return Outcome(failure=failure, damage=isinstance(error, Damage))


def _printable(text: object, most: int = 500) -> str:
    """Text that can be written and shown, of what should be text."""
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in str(text)[:most])
    return shown.encode(errors="replace").decode()


def _finite(cell: Cell, latent: Tensor) -> Tensor:
    if not torch.isfinite(latent).all():
        raise PluginError(f"method '{cell.method.name}' gave a latent with NaN or infinity")
    return latent
