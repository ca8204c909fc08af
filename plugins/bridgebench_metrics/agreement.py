"""What a second classifier says of the outputs, and whether it agrees with the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Column, InvalidOption, Metric, MetricContext, Observed, Score, exact_share
from bridgebench_metrics.classified import OPTION, logits_of

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


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
            Column(
                "accuracy_2",
                "share",
                "higher",
                "outputs called the target class by a second classifier",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
            Column(
                "agreement",
                "share",
                "",
                "outputs of which both classifiers name the same class",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
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
                "accuracy_2": (second == self.label).float(),
                "agreement": (first == second).float(),
            }

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            return {
                column: Score(*exact_share(int(items.sum()), len(items)), items=items)
                for column, items in values.items()
            }

        return ItemMeter(("accuracy_2", "agreement"), measure, summarize)
