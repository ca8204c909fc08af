import pytest

from bridgebench_analytic.eot.uvp import Uvp
from bridgebench_analytic.images.map_error import MapError
from bridgebench_analytic.images.w2 import W2

METRICS = [MapError(pair="gaussian"), W2(pair="gaussian"), Uvp(dim=2, eps=1)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_documentation_says_what_the_numbers_mean(metric):
    words = type(metric).__doc__
    for word in ("Formula:", "Unit:", "Interval:", "Items:", "Source:"):
        assert word in words
    for column in metric.columns():
        assert column.description
        assert f"`{column.name}`" in words or len(metric.columns()) == 1
        assert column.low == 0.0
