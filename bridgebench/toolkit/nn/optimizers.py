"""Muon for the matrices of a convolutional network, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn


def orthogonalize(matrix: Tensor, iterations: int = 5) -> Tensor:
    """Push all singular values of a matrix to about 1, keeping its singular vectors.

    The quintic Newton-Schulz iteration of Jordan et al., "Muon: An optimizer for hidden layers"
    (2024), in bfloat16, which it tolerates: its coefficients trade exactness for speed, and the
    values end between 0.7 and 1.2.

    Args:
        matrix: (M, N), not all zero.
        iterations: matrix polynomials to apply.

    Returns:
        (M, N) in bfloat16.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x: Tensor = matrix.bfloat16()
    tall = x.size(0) > x.size(1)
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalized, for weights of two dimensions or more.

    A convolution's (O, I, kH, kW) counts as the matrix (O, I·kH·kW). The step is scaled by
    0.2·sqrt(max(M, N)), so that its entries have the size of an Adam step and both optimizers share
    one learning rate (Liu et al., "Muon is scalable for LLM training", 2025).
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.0
    ) -> None:
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "decay": decay})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p, p.grad, group)
        return None

    def _update(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[p]
        if not state:
            state["momentum"] = torch.zeros_like(p)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(grad, 1 - group["momentum"])
        nesterov = torch.lerp(grad, momentum, group["momentum"])
        matrix = nesterov.reshape(p.size(0), -1)
        update = orthogonalize(matrix).to(p.dtype).reshape(p.shape)
        p.mul_(1 - group["lr"] * group["decay"])
        p.add_(update, alpha=-group["lr"] * 0.2 * max(matrix.shape) ** 0.5)


def split_optimizers(
    network: nn.Module, lr: float, decay: float, skip: Iterable[nn.Module] = (), parts: int = 1
) -> list[torch.optim.Optimizer]:
    """Muon on the hidden weights of linear layers and convolutions, AdamW on all else.

    Args:
        network: what to train.
        lr: the learning rate of both.
        decay: weight decay of both.
        skip: modules whose weights are left to AdamW: the first and the last layer, by custom.
        parts: optimizers to spread the hidden weights over, so that threads can share the work.
    """
    left = {id(p) for module in skip for p in module.parameters()}
    hidden = [
        p
        for module in network.modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
        for p in module.parameters(recurse=False)
        if p.dim() >= 2 and id(p) not in left
    ]
    chosen = {id(p) for p in hidden}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    # Dealt out from the most costly one, so that every part has about as much to do.
    hidden.sort(key=_orthogonalization_cost, reverse=True)
    return [
        *(Muon(hidden[i::parts], lr=lr, decay=decay) for i in range(min(parts, len(hidden)))),
        torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.99), weight_decay=decay),
    ]


def _orthogonalization_cost(p: nn.Parameter) -> int:
    rows, columns = p.size(0), p.numel() // p.size(0)
    return min(rows, columns) ** 2 * max(rows, columns)
