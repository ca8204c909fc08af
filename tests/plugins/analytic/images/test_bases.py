"""The bases of images are orthonormal, and what they promise beside."""

import pytest
import torch
from scipy.fft import dctn

from bridgebench_analytic.images.bases import SHAPE, SIZE, CosineBasis, ScrambledBasis, TurnedBasis

SCRAMBLED = ScrambledBasis.of(0, "test")
TURNED = TurnedBasis.of(SCRAMBLED, 32, 0, "test")


@pytest.mark.parametrize(
    "basis", [CosineBasis(), SCRAMBLED, TURNED], ids=lambda b: type(b).__name__
)
def test_it_is_orthonormal(basis):
    torch.manual_seed(0)
    x = torch.randn(3, *SHAPE, dtype=torch.float64)
    c = basis.coefficients(x)
    torch.testing.assert_close(c @ c.T, x.flatten(1) @ x.flatten(1).T)
    torch.testing.assert_close(basis.images(c), x)


def test_the_cosine_basis_is_the_discrete_cosine_transform():
    torch.manual_seed(0)
    x = torch.randn(2, *SHAPE, dtype=torch.float64)
    expected = torch.from_numpy(dctn(x.numpy(), axes=(1, 2, 3), norm="ortho")).flatten(1)
    torch.testing.assert_close(CosineBasis().coefficients(x), expected)


def test_vectors_of_the_scrambled_basis_have_every_pixel():
    vectors = SCRAMBLED.images(torch.eye(SIZE, dtype=torch.float64)[::300]).flatten(1)
    # a basis of single pixels, or of single cosines, has a few large entries
    assert vectors.abs().amax() < 0.15
    assert (vectors.abs() > 1e-3).double().mean() > 0.9


def test_turns_stay_in_their_blocks():
    unit = torch.eye(SIZE, dtype=torch.float64)[[40]]
    turned = TURNED.coefficients(SCRAMBLED.images(unit))
    assert turned[0, 32:64].norm() == pytest.approx(1)
    assert turned[0, 32:64].abs().max() < 0.9
