"""Pearson's correlation across images, some of which may lack the value, and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench import Estimate
from bridgebench_metrics.per_image import too_few

LEAST_IMAGES = 4
"""Fisher's z has the variance 1/(n - 3)."""

ALIKE = 1e-5
"""A standard deviation of at most this is rounding: all images have the same value."""


@dataclass(frozen=True)
class Correlated:
    """How two values go together across images.

    products   (n,) float64, the product of the two standardized values of each image; their mean
               is the correlation
    influence  (n,) float64, how the correlation moves with the weight of each image; mean 0

    An image that has no source value is NaN in both: it is left out.
    """

    products: Tensor
    influence: Tensor

    def estimate(self) -> Estimate:
        """The correlation with its interval of 95 %, made on Fisher's z = atanh(r).

        The standard error of z is √(var(influence)/(n - 3))/(1 - r²), which is Fisher's
        1/√(n - 3) where the values are normal, and follows them where they are not. The interval
        takes Student's quantile with n - 1 degrees of freedom, as the variance is estimated.
        """
        from scipy.special import stdtrit

        present = ~self.products.isnan()
        value = min(1.0, max(-1.0, self.products[present].mean().item()))
        n = int(present.sum())
        error = math.sqrt(self.influence[present].var().item() / (n - 3))
        if error <= ALIKE:
            return Estimate(value, value, value)
        quantile = float(stdtrit(n - 1, 0.975))
        middle, half = math.atanh(value), quantile * error / (1.0 - value**2)
        return Estimate(value, math.tanh(middle - half), math.tanh(middle + half))


def correlated(source: Tensor, output: Tensor) -> Correlated | None:
    """How (n,) values of the outputs follow those of their sources, both NaN where missing.

    An output without a value keeps nothing: its product is 0, and the correlation of the others
    counts by their share. So do outputs that all have one value.

    Returns:
        None where fewer than LEAST_IMAGES sources have a value, or more than 5 % have none, or all
        have the same one.
    """
    source, output = source.double(), output.double()
    present = ~source.isnan()
    if int(present.sum()) < LEAST_IMAGES or too_few(source) or _alike(source[present]):
        return None
    kept = present & ~output.isnan()
    products = torch.where(present, 0.0, torch.nan).double()
    influence = products.clone()
    if _alike(source[kept]) or _alike(output[kept]):
        return Correlated(products, influence)
    first, second = _standardized(source[kept]), _standardized(output[kept])
    products[kept] = first * second
    r = products[kept].mean()
    influence[kept] = products[kept] - r / 2 * (first.square() + second.square() - 2)
    return Correlated(products, influence - influence[present].mean())


def mean_of(parts: list[Correlated]) -> Correlated:
    """The mean of some correlations over the same images, image by image.

    A mean of correlations has the mean of their influences: that accounts for how they depend on
    each other.
    """
    return Correlated(
        torch.stack([part.products for part in parts]).mean(dim=0),
        torch.stack([part.influence for part in parts]).mean(dim=0),
    )


def _alike(values: Tensor) -> bool:
    return len(values) < 2 or values.std(correction=0).item() <= ALIKE


def _standardized(values: Tensor) -> Tensor:
    return (values - values.mean()) / values.std(correction=0)
