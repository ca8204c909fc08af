"""What classifiers call the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    BridgebenchError,
    Column,
    InvalidOption,
    Metric,
    MetricContext,
    Observed,
    Score,
    bootstrap_mean,
)
from bridgebench_metrics.per_image import share_column, share_score

if TYPE_CHECKING:
    import torchmetrics
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


class Accuracy(Metric):
    """Target-class accuracy: the share of outputs that a classifier calls the target class.

    Formula: the share of outputs whose largest logit is that of `label`; beside it the confidence,
    the mean of the softmax probability of `label`. Unit: share. Higher is better; from 0 to 1.
    Interval: exact (Clopper-Pearson) for the share, bootstrap over images for the confidence.
    Items: 0 or 1, and the probability of each image.
    Source: the target-class accuracy of StarGAN v2 (Choi et al., CVPR 2020) and its kin.
    """

    name: ClassVar[str] = "accuracy"
    version: ClassVar[int] = 2

    label: int = Field(ge=0, description="the target class of the classifier")
    classifier: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The share and the confidence."""
        return (
            share_column("accuracy", "higher", "outputs called the target class"),
            Column(
                "confidence",
                "probability",
                "higher",
                "mean probability of the target class",
                low=0.0,
                high=1.0,
                interval=True,
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `classifier` names."""
        return (self.classifier or default,)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of calls and probabilities."""
        from bridgebench import ItemMeter

        spec = self.classifier or context.extractor

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            logits = logits_of(observed, spec, self.label)
            return {
                "called": logits.argmax(dim=1) == self.label,
                "probability": logits.softmax(dim=1)[:, self.label],
            }

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            probability = values["probability"]
            confidence = bootstrap_mean(probability, context.seed)
            return {
                "accuracy": share_score(values["called"]),
                "confidence": Score(*confidence, items=probability),
            }

        return ItemMeter(("called", "probability"), measure, summarize)


class Agreement(Metric):
    """Agreement: target-class accuracy by a second classifier, and how often the first agrees.

    Formula: `accuracy_2`, the share of outputs whose largest logit by `second` is that of `label`;
    `agreement`, the share of outputs of which `classifier` and `second` name the same class,
    whichever it is. Unit: share. Higher is better in the first, neither in the second; from 0 to 1.
    An accuracy far above accuracy_2 says that outputs suit one network rather than look right.
    Interval: exact (Clopper-Pearson). Items: 0 or 1.
    Source: defined here; outputs made for one network need not fool another (Goodfellow et al.,
    ICLR 2015).
    """

    name: ClassVar[str] = "agreement"

    label: int = Field(ge=0, description="the target class of both classifiers")
    second: str = Field(min_length=1, description="the extractor that classifies again, by spec")
    classifier: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """Both shares."""
        return (
            share_column(
                "accuracy_2", "higher", "outputs called the target class by a second classifier"
            ),
            share_column("agreement", "", "outputs of which both classifiers name the same class"),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The two that `classifier` and `second` name; InvalidOption where they are one."""
        first = self.classifier or default
        if first == self.second:
            raise InvalidOption(
                f"agreement would compare {first} with itself; name another extractor that "
                "classifies with second=NAME"
            )
        return (first, self.second)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of both classifiers' calls."""
        from bridgebench import ItemMeter

        judges = self.extractors(context.extractor)

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            first, second = (
                logits_of(observed, judge, self.label).argmax(dim=1) for judge in judges
            )
            return {
                "accuracy_2": second == self.label,
                "agreement": first == second,
            }

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return {column: share_score(holds) for column, holds in values.items()}

        return ItemMeter(("accuracy_2", "agreement"), measure, summarize)
