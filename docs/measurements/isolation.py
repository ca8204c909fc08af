"""What it costs to keep plugins from harming each other: prints the milliseconds of a call."""

from __future__ import annotations

from timeit import timeit

import click
import torch

from bridgebench.isolation.calls import isolated, protected
from bridgebench.isolation.unchanged import Checksummed

CALLS = 500


def call() -> None:
    """A call of a plugin that does nothing."""
    with isolated("a plugin"):
        pass


def main() -> None:
    """Print each cost."""
    torch.set_num_threads(1)
    batch, real = torch.rand(128, 3, 32, 32), torch.rand(6000, 3, 32, 32)

    def lend() -> None:
        with protected("a plugin", "batch", batch):
            pass

    seal = Checksummed.of(real)
    click.echo(f"state of the process: {1e3 * timeit(call, number=CALLS) / CALLS:.2f} ms a call")
    click.echo(f"a copy of 128 images, compared: {1e3 * timeit(lend, number=CALLS) / CALLS:.2f} ms")
    click.echo(
        f"a check of 6000 real images: {1e3 * timeit(seal.intact, number=9) / 9:.1f} ms a cell"
    )


if __name__ == "__main__":
    main()
