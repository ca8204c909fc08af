"""The losses and the history against small computations of their own."""

import numpy as np
import pytest
import torch

from bridgebench_cyclegan.history import History
from bridgebench_cyclegan.losses import adversarial_loss, discriminator_loss, reconstruction_loss


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def test_the_losses_are_those_of_the_paper() -> None:
    """Least squares with the targets 1, 1 and 0, the discriminator's halved; L1 for the rest."""
    real, made = numbers((5, 1, 4, 4), 0), numbers((5, 1, 4, 4), 1)
    of_generator = sum((value - 1) ** 2 for value in made.flat) / made.size
    of_real = sum((value - 1) ** 2 for value in real.flat) / real.size
    of_made = sum(value**2 for value in made.flat) / made.size
    r, m = torch.from_numpy(real), torch.from_numpy(made)
    assert adversarial_loss(m).item() == pytest.approx(of_generator)
    assert discriminator_loss(r, m).item() == pytest.approx((of_real + of_made) / 2)
    assert reconstruction_loss(r, m).item() == pytest.approx(np.abs(real - made).mean())


def test_smoothing_is_of_the_real_side_alone() -> None:
    at_target = discriminator_loss(torch.full((3,), 0.9), torch.zeros(3), real_is=0.9)
    assert at_target.item() == pytest.approx(0, abs=1e-12)


def numbered(first: int, count: int) -> torch.Tensor:
    """Images that say which they are."""
    return torch.arange(first, first + count).float().view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def which(images: torch.Tensor) -> list[int]:
    return images[:, 0, 0, 0].int().tolist()


def test_a_history_shows_the_new_until_it_is_full() -> None:
    history, random = History(50), np.random.default_rng(0)
    for first in (0, 20):
        shown = history.exchange(numbered(first, 20), random)
        assert which(shown) == list(range(first, first + 20))
    shown = which(history.exchange(numbered(40, 20), random))
    assert shown[:10] == list(range(40, 50))
    assert history.images is not None
    assert len(history.images) == 50


def test_a_full_history_loses_and_doubles_nothing() -> None:
    """An image is shown, or kept in the place of one that is shown: each once, half of each."""
    history, random = History(50), np.random.default_rng(0)
    seen: list[int] = []
    old = 0
    for first in range(0, 4000, 20):
        shown = which(history.exchange(numbered(first, 20), random))
        assert len(shown) == 20
        seen += shown
        old += sum(number < first for number in shown)
    assert history.images is not None
    kept = which(history.images)
    # The first 50 were shown when they came and are shown again when they go.
    later = sorted(number for number in (*seen, *kept) if number >= 50)
    assert later == list(range(50, 4000))
    assert 0.4 < old / len(seen) < 0.55


def test_what_is_shown_is_not_changed_by_what_replaces_it() -> None:
    history, random = History(1), np.random.default_rng(3)
    history.exchange(numbered(0, 1), random)
    shown = history.exchange(numbered(1, 40), random)
    assert history.images is not None
    assert sorted((*which(shown), *which(history.images))) == list(range(41))
