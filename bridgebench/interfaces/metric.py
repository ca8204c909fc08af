"""Metrics: what is measured of the outputs of a cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar, cast

from bridgebench.interfaces.plugin import Plugin

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

    from bridgebench.interfaces.cell import Setting
    from bridgebench.interfaces.dataset import Batched, Items
    from bridgebench.interfaces.extractor import Extracted

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A column of the leaderboard.

    low, high  the range of its values, None where there is no bound
    better     "higher", "lower", or "" for a number that is neither good nor bad
    interval   whether it comes with NAME_low and NAME_high
    share      whether it is the number of outputs for which something holds, over the n outputs of
               a row; its interval, if any, is then `exact_share` of that number and n
    chance     whether it compares outputs with their sources: it also comes with NAME_chance, the
               same number with the sources permuted among the outputs
    """

    name: str
    unit: str
    better: str
    description: str
    low: float | None = None
    high: float | None = None
    interval: bool = False
    share: bool = False
    chance: bool = False


class Score(NamedTuple):
    """A number with its interval of 95 %.

    A named tuple and not a data class, because torchmetrics hands what `compute` gives through a
    function that fails on frozen data classes and drops the one dimension of a single number.

    value, low, high  None where the metric is not defined for the cell
    items             the statistic of each image, (n,) in item order or () for a single image, NaN
                      where it is missing; None for a metric that has none. Rows are compared by it
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    items: Tensor | None = None


POPULATION_BATCH = 512
"""How many images of a population are in memory at once."""


@dataclass(frozen=True)
class Observed:
    """A batch of outputs with their sources.

    source, output  (B, C, H, W) float32 on the CPU
    ids             the B item ids of the sources
    cycled          the outputs translated back, where a metric needs it and the method can
    extract_from    spec of an extractor and (n, C, H, W) images -> Extracted of these images
    target          the true target of each source, (B, C, H, W), where a metric needs pairs
    samples         the first of them `output`: k outputs of each source under different random
                    numbers, (k, B, C, H, W), where a metric wants k and the method is stochastic
    """

    source: Tensor
    output: Tensor
    ids: tuple[str, ...]
    cycled: Tensor | None
    extract_from: Callable[[str, Tensor], Extracted]
    target: Tensor | None = None
    samples: Tensor | None = None
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def beside(
        self, source: Tensor, ids: tuple[str, ...], target: Tensor | None = None
    ) -> Observed:
        """The same outputs with other sources; what was computed once is not computed again."""
        return replace(self, source=source, ids=ids, target=target)

    def extract(self, spec: str) -> Extracted:
        """What an extractor sees in the outputs, computed once."""
        return self.once(f"extract/{spec}", lambda: self.extract_from(spec, self.output))

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once a batch for each key, whichever metric asks.

        It must follow from the outputs alone: for the chance columns the sources are others.
        """
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])


@dataclass(frozen=True)
class Population:
    """Real images to compare with, of which only a batch is in memory at a time.

    items    the images in order
    extract  spec of an extractor -> Extracted of all of them, computed once
    once     key and a way to compute a tensor -> the tensor, computed once for each key

    >>> from bridgebench_cmnist.digits.dataset import ColoredMnist
    >>> from bridgebench import ItemStream
    >>> sevens = ItemStream(ColoredMnist(), "digit:7", "test")
    >>> real = Population(sevens, extract=None, once=lambda key, compute: compute())
    >>> len(real), real.each("mean pixel", lambda images: images.mean(dim=(1, 2, 3))).shape
    (1028, torch.Size([1028]))
    """

    items: Batched
    extract: Callable[[str], Extracted]
    once: Callable[[str, Callable[[], Tensor]], Tensor]

    def __len__(self) -> int:
        return len(self.items)

    def batches(self) -> Iterator[Items]:
        """The images in batches of at most POPULATION_BATCH; each is a copy."""
        return self.items.batches(POPULATION_BATCH)

    def each(self, key: str, see: Callable[[Tensor], Tensor]) -> Tensor:
        """What `see` makes of each image, (n, ...), computed once for each key.

        `see` takes a batch of images, (B, C, H, W), and gives a tensor of first dimension B. Equal
        keys of all metrics mean equal results, so a key names the metric, and options that matter.
        """
        import torch

        def compute() -> Tensor:
            parts = [see(part.images) for part in self.batches()]
            return torch.cat(parts) if parts else torch.empty(0)

        return self.once(key, compute)


class MetricContext(Protocol):
    """What a metric knows of a run besides the outputs: the real images to compare them with."""

    @property
    def n(self) -> int:
        """How many source images the run has."""

    @property
    def seed(self) -> int:
        """The seed of the cell."""

    @property
    def extractor(self) -> str:
        """The task's own extractor; "" for a task without one."""

    def reference(self) -> Population:
        """All real target images of the reference split, the same for every seed."""

    def held_out(self) -> Population:
        """All real target images of the held-out split, in the order of the seed."""

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once a run and seed for each key."""


class Metric(Plugin, ABC):
    """A measure of the outputs: an immutable description that makes torchmetrics meters.

    The description (options, columns, version) belongs to the plan and the fingerprint; the meter
    is a fresh `torchmetrics.Metric` for each cell, so that its state merges across workers. Its
    `update(observed)` takes an Observed and its `compute()` gives a dict from column to Score.
    """

    version: ClassVar[int] = 1
    """Raised when the numbers change for equal outputs; part of the fingerprint."""

    needs_cycle: ClassVar[bool] = False
    """Whether it needs the outputs translated back, which triples the evaluations."""

    needs_pairs: ClassVar[bool] = False
    """Whether it compares outputs with true targets: a task without pairs is then refused."""

    needs_reference: ClassVar[bool] = False
    """Whether the reference images decide its numbers; they are then part of the fingerprint."""

    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose functions compute its numbers; their versions are in the fingerprint."""

    own_threads: ClassVar[bool] = False
    """Whether its meter's `compute` sets the number of threads itself. Otherwise it runs on one
    thread, since a second one makes many small operations slower."""

    @property
    def samples(self) -> int:
        """How many outputs of each source it wants of a stochastic method: `observed.samples`.

        A class variable, or a property where an option says it. Another metric may want more, and
        they are then there for all. Their evaluations do not count in a row's cost.
        """
        return 1

    @abstractmethod
    def columns(self) -> tuple[Column, ...]:
        """The columns that it fills, in order."""

    def extractors(self, default: str) -> tuple[str, ...]:
        """The extractors that it needs, by spec; `default` is the task's own.

        `default` is "" where the task has none; a metric that returns it is then refused.
        """
        return ()

    def unsupported_reason(self, setting: Setting) -> str:
        """Why it cannot measure the items of a task, or "": a run with it is then refused."""
        return ""

    @abstractmethod
    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A fresh meter."""
