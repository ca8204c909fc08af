"""How often the outputs are what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    Column,
    Metric,
    MetricContext,
    Observed,
    Score,
    bootstrap_mean,
    exact_share,
)
from bridgebench_metrics.classified import OPTION, logits_of

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


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
            Column(
                "accuracy",
                "share",
                "higher",
                "outputs called the target class",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
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
                "called": (logits.argmax(dim=1) == self.label).float(),
                "probability": logits.softmax(dim=1)[:, self.label],
            }

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            called, probability = values["called"], values["probability"]
            share = exact_share(int(called.sum()), len(called))
            confidence = bootstrap_mean(probability, context.seed)
            return {
                "accuracy": Score(*share, items=called),
                "confidence": Score(*confidence, items=probability),
            }

        return ItemMeter(("called", "probability"), measure, summarize)
