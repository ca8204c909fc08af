"""What CycleGAN minimizes: Zhu et al., ICCV 2017, sections 3.1, 3.2, 4 and 5.2."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def adversarial_loss(scores_of_made: Tensor) -> Tensor:
    """What a generator pays: the mean of (D(G(x)) - 1)², least squares (Mao et al., ICCV 2017).

    >>> import torch
    >>> adversarial_loss(torch.tensor([1.0, 0.0])).item()
    0.5
    """
    return (scores_of_made - 1.0).square().mean()


def discriminator_loss(
    scores_of_real: Tensor, scores_of_made: Tensor, real_is: float = 1.0
) -> Tensor:
    """What a discriminator pays: half of the mean of (D(y) - 1)² and that of D(G(x))².

    `real_is` below 1 is one-sided label smoothing (Salimans et al., NeurIPS 2016).

    >>> import torch
    >>> discriminator_loss(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])).item()
    1.25
    """
    real = (scores_of_real - real_is).square().mean()
    return (real + scores_of_made.square().mean()) / 2


def reconstruction_loss(image: Tensor, again: Tensor) -> Tensor:
    """The mean absolute difference, of the cycle term as of the identity term."""
    return F.l1_loss(again, image)
