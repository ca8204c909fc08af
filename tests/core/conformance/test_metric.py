"""A broken metric for each check of metrics."""

from typing import ClassVar

import pytest
import torch
import torchmetrics

from bridgebench import Column, ItemMeter, Metric, MetricContext, Observed, Score
from bridgebench.plugins.registry import Kind


class Distance(Metric):
    """Mean absolute distance."""

    name: ClassVar[str] = "sound"

    def columns(self) -> tuple[Column, ...]:
        said = "how far pixels move"
        return (Column("distance", "pixel value", "lower", said, low=0.0, chance=True),)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        return ItemMeter(
            ("each",),
            lambda observed: {"each": self.each(observed, context)},
            lambda values: {"distance": self.score(values["each"])},
        )

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return (observed.output - observed.source).abs().mean(dim=(1, 2, 3))

    def score(self, each: torch.Tensor) -> Score:
        return Score(each.mean().item(), items=each)


class ChanceOfNothing(Distance):
    """Says that it compares outputs with their sources, and looks at outputs alone."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return observed.output.abs().mean(dim=(1, 2, 3))


class Unpaired(Distance):
    """Compares with true targets and does not say that it needs them."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return (observed.output - observed.target).abs().mean(dim=(1, 2, 3))


class TakesBack(Distance):
    """Looks at outputs translated back, whether there are any or not."""

    needs_cycle: ClassVar[bool] = True

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return (observed.cycled - observed.source).abs().mean(dim=(1, 2, 3))


class NoSamples(Distance):
    """A number of samples that is none."""

    samples: ClassVar[int] = 0


class NeedsPairs(Distance):
    """Needs pairs, which the task does not have."""

    needs_pairs: ClassVar[bool] = True


class NoColumn(Distance):
    """Fills a column that it does not name."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("other", "", "lower", "something else"),)


class NoWords(Distance):
    """A column that nobody explains."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "", "lower", ""),)


class Upwards(Distance):
    """Says that far is good."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "", "higher", "how far pixels move"),)


class TooNarrow(Distance):
    """A range that its values leave."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "", "lower", "how far pixels move", 0.0, 0.1),)


class NotANumber(Distance):
    """NaN instead of None."""

    def score(self, each: torch.Tensor) -> Score:
        return Score(float("nan"))


class HalfInterval(Distance):
    """Promises an interval and gives one end of it."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "", "lower", "how far pixels move", interval=True),)

    def score(self, each: torch.Tensor) -> Score:
        value = each.mean().item()
        return Score(value, low=value)


class Unannounced(Distance):
    """An interval that its column does not announce."""

    def score(self, each: torch.Tensor) -> Score:
        value = each.mean().item()
        return Score(value, value, value)


class Beside(HalfInterval):
    """An interval beside its value."""

    def score(self, each: torch.Tensor) -> Score:
        value = each.mean().item()
        return Score(value, value + 1, value + 2)


class NoShare(Distance):
    """A share that is no share of the outputs."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "share", "lower", "far outputs", 0.0, 1.0, share=True),)

    def score(self, each: torch.Tensor) -> Score:
        return Score(0.123)


class OwnInterval(Distance):
    """A share with an interval of its own."""

    def columns(self) -> tuple[Column, ...]:
        return (Column("distance", "share", "lower", "far", 0.0, 1.0, interval=True, share=True),)

    def score(self, each: torch.Tensor) -> Score:
        return Score(0.5, 0.4, 0.6)


class OneItem(Distance):
    """The statistic of one image alone."""

    def score(self, each: torch.Tensor) -> Score:
        return Score(each.mean().item(), items=each[:1])


class LastBatch(torchmetrics.Metric):
    """Keeps the mean of the last batch."""

    full_state_update = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("last", torch.zeros(()), dist_reduce_fx="mean")

    def update(self, observed: Observed) -> None:
        self.last = (observed.output - observed.source).abs().mean()

    def compute(self) -> dict[str, Score]:
        return {"distance": Score(self.last.item())}


class Forgets(Distance):
    """Scores the last batch alone."""

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        return LastBatch()


class OfTheBatch(Distance):
    """Values that depend on the batch."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        each = super().each(observed, context)
        return each * len(each)


class Remembers(Distance):
    """One meter for all cells."""

    kept: ClassVar[list[torchmetrics.Metric]] = []

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        self.kept.append(super().meter(context))
        return self.kept[0]


class Keeps(Distance):
    """Adds a constant that grows with each meter."""

    meters: ClassVar[list[int]] = []

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        self.meters.append(1)
        return super().meter(context)

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return super().each(observed, context) + len(self.meters)


class InPlace(Distance):
    """Changes the outputs."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return observed.output.sub_(observed.source).abs_().mean(dim=(1, 2, 3))


class Looks(Distance):
    """Looks at the reference images and does not say so."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        mean = context.reference().each("as they are", lambda images: images).mean(dim=0)
        return (observed.output - mean).abs().mean(dim=(1, 2, 3))


class Undeclared(Distance):
    """Asks for an extractor that it does not name."""

    def each(self, observed: Observed, context: MetricContext) -> torch.Tensor:
        return observed.extract("world_channels").features.mean(dim=1)


class Unversioned(Distance):
    """A version that is no version."""

    version: ClassVar[int] = 0


BROKEN = [
    (NoColumn, "run", "filled ['distance'], but its columns are ['other']"),
    (NotANumber, "run", "gave nan in distance, expected a finite number, or None"),
    (OneItem, "run", "gave items in distance that are not one number for each of 24 images"),
    (InPlace, "run", "modified the images it measures; it must clone them"),
    (Undeclared, "run", "was not declared; a metric names what it needs in extractors()"),
    (Unpaired, "run", "got TypeError: unsupported operand type(s) for -: 'Tensor' and 'NoneType'"),
    (TakesBack, "run", "got TypeError: unsupported operand type(s) for -: 'NoneType'"),
    (NoSamples, "run", "has 0 as samples, expected 1 or more"),
    (NeedsPairs, "run", "the dataset world has no pairs of red and green"),
    (NoWords, "columns", "a description of the column distance"),
    (TooNarrow, "ranges", "distance from 0 to 0.1"),
    (HalfInterval, "ranges", "an interval of distance with two ends or none"),
    (Unannounced, "ranges", "an interval of distance with none, as its column says"),
    (Beside, "ranges", "an interval of distance around"),
    (NoShare, "ranges", "the share distance to be a whole number of 24 outputs"),
    (OwnInterval, "ranges", "the interval of `exact_share` for distance"),
    (Upwards, "direction", "of which higher is better, to rank real images over noise"),
    (ChanceOfNothing, "chance", "chance = False of distance, which is the same beside other"),
    (Forgets, "merge", "merged halves to score as the whole does"),
    (OfTheBatch, "batch-independence", "the same scores in batches of 5: distance of"),
    (Remembers, "repeatability", "got metric 'sound' gave items in distance that are not one"),
    (Keeps, "repeatability", "the same scores from a fresh meter: distance of"),
    (Looks, "fingerprint", "needs_reference = True"),
    (Unversioned, "fingerprint", "a version of 1 or more"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_metric_is_caught(broken, check, said, caught):
    assert said in caught(Kind.METRIC, check, broken())


def test_a_sound_one_passes(passes):
    passes(Kind.METRIC, Distance())


def test_every_check_has_a_broken_metric():
    from bridgebench.conformance import metric

    named = {function.__name__.replace("_", "-") for function in metric.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
