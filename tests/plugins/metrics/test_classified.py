from typing import Any

import pytest
import torch
from pydantic import ValidationError
from scipy import stats
from torch import Tensor

from bridgebench import Extracted, InvalidOption, Observed
from bridgebench.toolkit.color import hsv_to_rgb
from bridgebench_metrics.accuracy import Accuracy, Agreement
from bridgebench_metrics.success import Success


def with_logits(logits: Tensor, hue: Tensor) -> Tensor:
    """Images in one hue whose first ten pixels, the logits of the extractor `classes`, say this.

    The red channel carries the logits, in so few and faint pixels that the hue stays.
    """
    rgb = hsv_to_rgb(hue[:, None, None], torch.ones(()), torch.ones(len(hue), 20, 20))
    images = rgb.permute(0, 3, 1, 2) * 2 - 1
    images[:, :, 0, :10] = -1.0
    images[:, 0, 0, :10] = -1.0 + 0.001 * logits
    return images.contiguous()


def called(*labels: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(labels), 10).float()


def score(metric: Any, context: Any, output: Tensor, source: Tensor) -> Any:
    meter = metric.meter(context)
    meter.update(context.observe(output, source))
    return meter.compute()


def test_accuracy_is_the_share_called_the_label(bench: Any) -> None:
    logits = torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    images = logits[:, None, None, :]
    scores = score(Accuracy(label=7, classifier="classes"), bench(images, images), images, images)
    hits = [row.index(max(row)) == 7 for row in logits.tolist()]
    expected = stats.binomtest(sum(hits), 50).proportion_ci(method="exact")
    assert 0 < sum(hits) < 50
    assert scores["accuracy"].value == sum(hits) / 50
    assert scores["accuracy"][1:3] == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert scores["accuracy"].items.tolist() == hits
    probability = torch.tensor(
        [torch.exp(row)[7] / torch.exp(row).sum() for row in logits.double()]
    )
    assert scores["confidence"].value == pytest.approx(probability.mean().item(), rel=1e-6)
    assert scores["confidence"].low < probability.mean() < scores["confidence"].high


def test_success_needs_the_label_and_the_hue(bench: Any) -> None:
    source = with_logits(called(1, 2, 3, 4, 5), torch.tensor([0.0, 80.0, 160.0, 200.0, 300.0]))
    output = with_logits(called(7, 7, 7, 0, 0), torch.tensor([0.0, 94.0, 176.0, 200.0, 120.0]))
    metric = Success(label=7, classifier="classes")
    success = score(metric, bench(source, source, extractor="none"), output, source)["success"]
    assert success.items.tolist() == [1, 1, 0, 0, 0]
    expected = stats.binomtest(2, 5).proportion_ci(method="exact")
    assert success[:3] == pytest.approx((0.4, expected.low, expected.high), abs=1e-9)
    wider = Success(label=7, within=20, classifier="classes")
    assert score(wider, bench(source, source), output, source)["success"].value == 0.6
    other = Success(label=0, classifier="classes")
    success = score(other, bench(source, source), output, source)["success"]
    assert success.items.tolist() == [0, 0, 0, 1, 0]


def test_an_output_without_color_is_no_success(bench: Any) -> None:
    source = with_logits(called(7), torch.tensor([120.0]))
    grey = torch.zeros_like(source)
    grey[:, :, 0, :10] = called(7)[:, None]
    metric = Success(label=7, within=180, classifier="classes")
    assert score(metric, bench(source, source), grey, source)["success"].value == 0.0
    assert score(metric, bench(source, source), source, source)["success"].value == 1.0


@pytest.mark.parametrize("metric", [Accuracy, Success])
def test_options_are_checked(metric: Any, bench: Any) -> None:
    with pytest.raises(ValidationError):
        metric()
    with pytest.raises(ValidationError):
        metric(label=-1)
    images = with_logits(called(1, 2), torch.zeros(2))
    with pytest.raises(InvalidOption, match="knows the classes 0 to 9, got label=10"):
        score(metric(label=10, classifier="classes"), bench(images, images), images, images)
    with pytest.raises(InvalidOption, match="flat has no logits"):
        score(metric(label=1), bench(images, images), images, images)
    assert metric(label=1).extractors("digits") == ("digits",)
    assert metric(label=1, classifier="x").extractors("digits") == ("x",)


def test_the_hue_that_passes_has_a_range() -> None:
    for within in (0, 181):
        with pytest.raises(ValidationError):
            Success(label=7, within=within)


class Judges:
    """Two classifiers whose logits are given."""

    n, seed, extractor = 4, 0, "first"

    def __init__(self, first: Tensor, second: Tensor) -> None:
        seen = {"first": Extracted(first, first), "second": Extracted(second, second)}
        images = torch.zeros(len(first), 3, 2, 2)
        ids = tuple(map(str, range(len(first))))
        self.observed = Observed(images, images, ids, None, lambda spec, _: seen[spec])


def test_agreement_counts_the_second_judges_calls_and_the_common_ones() -> None:
    judges: Any = Judges(called(7, 7, 1, 2), called(7, 3, 1, 7))
    metric = Agreement(label=7, second="second")
    meter = metric.meter(judges)
    meter.update(judges.observed)
    scores = meter.compute()
    assert scores["accuracy_2"].items.tolist() == [1, 0, 0, 1]
    assert scores["agreement"].items.tolist() == [1, 0, 1, 0]
    expected = stats.binomtest(2, 4).proportion_ci(method="exact")
    for column in ("accuracy_2", "agreement"):
        assert scores[column][:3] == pytest.approx((0.5, expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("options", [{"second": "first"}, {"second": "b", "classifier": "b"}])
def test_a_judge_is_not_compared_with_itself(options: dict[str, str]) -> None:
    metric = Agreement(label=7, **options)
    judges: Any = Judges(called(7), called(7))
    for refused in (lambda: metric.extractors("first"), lambda: metric.meter(judges)):
        with pytest.raises(InvalidOption, match=r"^agreement would compare .* with itself; name"):
            refused()


def test_agreement_needs_both_judges() -> None:
    assert Agreement(label=7, second="b").extractors("a") == ("a", "b")
    assert Agreement(label=7, second="b", classifier="c").extractors("a") == ("c", "b")
    for options in ({"label": 7}, {"label": 7, "second": ""}, {"second": "b"}):
        with pytest.raises(ValidationError):
            Agreement.model_validate(options)
