"""The Fréchet distance between two Gaussians fitted to features, and its influence function."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench import one_thread
from bridgebench_metrics.formulas.chunks import CHUNK, in_chunks

NARROW = 128
"""Up to this many features a second thread costs more time than it saves."""

FIRST = 32
"""Images whose mean is the origin: it is within √(n/FIRST) standard deviations of that of all."""


@dataclass(frozen=True)
class Moments:
    """The moments of K sets of features, about an origin o that all sets share.

    n         (K,) images in each
    sums      (K, F) Σ (x - o)
    products  (K, F, F) Σ (x - o)(x - o)ᵀ
    origin    (F,) near the mean, so that little is lost when it is taken off
    """

    n: Tensor
    sums: Tensor
    products: Tensor
    origin: Tensor

    def unions(self, members: Tensor) -> Moments:
        """Those of L unions of sets that share no image; `members` (L, K) is 1 for each member."""
        members = members.to(self.sums)
        products = members @ self.products.flatten(1)
        width = len(self.origin)
        return Moments(
            members @ self.n, members @ self.sums, products.view(-1, width, width), self.origin
        )

    def fitted(self) -> tuple[Tensor, Tensor]:
        """The means μ, (K, F), and the covariances S with n - 1, (K, F, F)."""
        n = self.n[:, None]
        off = self.sums / n  # μ - o
        centered = torch.baddbmm(self.products, self.sums[:, :, None], off[:, None, :], alpha=-1.0)
        return self.origin + off, centered.div_(n[:, :, None] - 1.0)


def moments_of(
    features: Tensor, sets: Sequence[Tensor | None] = (None,), numbers: int = CHUNK
) -> Moments:
    """The moments of K sets of features, about the mean of the first FIRST of them.

    Args:
        features: (n, F), of any floating type, on the CPU.
        sets: the images of each set, by index; None for all in their own order.
        numbers: how many numbers in float64 are held at once besides the moments.
    """
    width = features.shape[1]
    origin = features[:FIRST].double().mean(dim=0)
    sums = torch.zeros(len(sets), width, dtype=torch.float64)
    products = torch.zeros(len(sets), width, width, dtype=torch.float64)
    for total, squares, order in zip(sums, products, sets, strict=True):
        for x in in_chunks(features, order, numbers):
            x = x - origin
            total += x.sum(dim=0)
            squares.addmm_(x.T, x)
    n = [len(features) if order is None else len(order) for order in sets]
    return Moments(torch.tensor(n, dtype=torch.float64), sums, products, origin)


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian fitted to features.

    mean        (F,) float64
    covariance  (F, F) float64, with n - 1
    root        (F, F) its symmetric square root
    """

    mean: Tensor
    covariance: Tensor
    root: Tensor


def gaussian(features: Tensor, numbers: int = CHUNK) -> Gaussian:
    """Fit a Gaussian to (N, F) features of any floating type, `numbers` in float64 at a time."""
    means, covariances = moments_of(features, numbers=numbers).fitted()
    mean, covariance = means[0], covariances[0]
    values, vectors = torch.linalg.eigh(covariance)
    root = (vectors * values.clamp(min=0.0).sqrt()) @ vectors.T
    return Gaussian(mean, covariance, root)


@torch.inference_mode()
def frechet_distance(features: Tensor, reference: Gaussian, numbers: int = CHUNK) -> float:
    """The Fréchet distance (Dowson and Landau, 1982), without the influence of each image.

    With mean μ and covariance S (n - 1) of the features, and m and C of the reference,

        FID = |μ - m|² + Tr(S + C - 2 (S C)^½),  Tr (S C)^½ = Σ √eig(C^½ S C^½).

    With D the (n, F) differences x - μ, C^½ S C^½ = AᵀA with A = D C^½/√(n-1). Where there are no
    more images than features, the smaller A Aᵀ, which has the same eigenvalues but for zeros,
    takes its place, and S is not made.

    Args:
        features: (n, F) of any floating type, n >= 2.
        reference: the Gaussian to compare with.
        numbers: how many numbers in float64 are held at once, besides a few (F, F).

    >>> at_1 = torch.tensor([[0.0], [2.0]])
    >>> frechet_distance(at_1 + 3.0, gaussian(at_1))
    9.0
    """
    n, width = features.shape
    with threads_for(width):
        if n > width:
            means, covariances = moments_of(features, numbers=numbers).fitted()
            mean, S = means[0], covariances[0]
            M = reference.root @ S @ reference.root
            return _distance(mean, S.trace(), torch.linalg.eigvalsh(M), reference)
        few = _few(features, reference)
        return _distance(few.mean, few.trace, torch.linalg.eigvalsh(few.gram), reference)


def distances(moments: Moments, reference: Gaussian) -> Tensor:
    """The Fréchet distances (K,) of K sets of features to the reference."""
    (means, S), C = moments.fitted(), reference.covariance
    values = torch.linalg.eigvalsh(reference.root @ S @ reference.root)
    shift = (means - reference.mean).square().sum(dim=1)
    trace = S.diagonal(dim1=1, dim2=2).sum(dim=1) + C.trace()
    found: Tensor = shift + trace - 2.0 * values.clamp(min=0.0).sqrt().sum(dim=1)
    return found


def frechet(features: Tensor, reference: Gaussian, numbers: int = CHUNK) -> tuple[float, Tensor]:
    """The Fréchet distance as `frechet_distance` has it, with the influence of each image.

    Moving weight to the image x changes μ by d = x - μ and S by n/(n-1)·d dᵀ - S. With
    M = C^½ S C^½, the derivative of Tr M^½ is ½ Tr(M^-½ dM), hence with G = C^½ M^-½ C^½ (the
    linear map that transports S to C, and M^-½ taken on the range of M)

        IF(x) = 2 dᵀ(μ - m) + n/(n-1)·dᵀ(I - G) d - Tr((I - G) S).

    With the A of `frechet_distance`, the dᵀ G d are the diagonal of (n-1)·(A Aᵀ)^½.

    Args:
        features: (n, F) of any floating type, n >= 2.
        reference: the Gaussian to compare with; its own sampling error is not counted.
        numbers: how many numbers in float64 are held at once, besides a few (F, F).

    Returns:
        The distance, and the influence values (n,), whose mean is 0.
    """
    n, width = features.shape
    with threads_for(width):
        if n > width:
            moments = moments_of(features, numbers=numbers)
            return distance_and_influence(features, None, moments, reference, numbers)
        few = _few(features, reference)
        values, vectors = torch.linalg.eigh(few.gram)
        transported = (n - 1) * (vectors.square() @ values.clamp(min=0.0).sqrt())  # dᵀ G d
        quadratic = n / (n - 1) * (few.d.square().sum(dim=1) - transported)
        linear = few.d @ (2.0 * (few.mean - reference.mean))
        distance = _distance(few.mean, few.trace, values, reference)
        return distance, linear + quadratic - quadratic.mean()


def distance_and_influence(
    features: Tensor,
    order: Tensor | None,
    moments: Moments,
    reference: Gaussian,
    numbers: int = CHUNK,
) -> tuple[float, Tensor]:
    """What `frechet` gives, of the features that `order` names, whose moments are known (K = 1)."""
    means, covariances = moments.fitted()
    mean, S = means[0], covariances[0]
    values, vectors = torch.linalg.eigh(reference.root @ S @ reference.root)
    zero = len(values) * torch.finfo(values.dtype).eps * values[-1]
    in_range = torch.where(values > zero, values, torch.inf)
    half = reference.root @ vectors * in_range**-0.25  # (F, F), G is half halfᵀ
    twice, linear, quadratic = 2.0 * (mean - reference.mean), [], []
    for x in in_chunks(features, order, numbers):
        d = x - mean
        linear.append(d @ twice)
        transported = (d @ half).square_().sum(dim=1)  # dᵀ G d
        quadratic.append(d.square_().sum(dim=1) - transported)
    n = moments.n.item()
    curved = n / (n - 1) * torch.cat(quadratic)
    distance = _distance(mean, S.trace(), values, reference)
    return distance, torch.cat(linear) + curved - curved.mean()


def threads_for(width: int) -> AbstractContextManager[None]:
    """One thread for a few features, all that there are for many."""
    return one_thread() if width <= NARROW else nullcontext()


def _distance(mean: Tensor, trace: Tensor, values: Tensor, reference: Gaussian) -> float:
    """The distance by μ, Tr S and the eigenvalues of M."""
    shift = mean - reference.mean
    trace_root = values.clamp(min=0.0).sqrt().sum()
    distance = shift @ shift + trace + reference.covariance.trace() - 2.0 * trace_root
    return distance.item()


@dataclass(frozen=True)
class _Few:
    """No more images than features.

    d      (n, F) x - μ
    mean   (F,) μ
    trace  () Tr S
    gram   (n, n) A Aᵀ
    """

    d: Tensor
    mean: Tensor
    trace: Tensor
    gram: Tensor


def _few(features: Tensor, reference: Gaussian) -> _Few:
    n, x = len(features), features.double()
    mean = x.mean(dim=0)
    d = x - mean
    carried = d @ reference.root  # √(n-1) A
    return _Few(d, mean, d.square().sum() / (n - 1), carried @ carried.T / (n - 1))
