"""What an evaluation of `cmnist_exact` costs: `python -m bridgebench_cmnist.exact_cost`."""

from __future__ import annotations

import time

import click
import torch

from bridgebench_cmnist.digits.dataset import ColoredMnist
from bridgebench_cmnist.exact.model import CmnistExact

SIGMAS = (0.02, 0.3, 2.0, 80.0)
BATCHES = {"digit:7": 128, "digits": 32}


def measure(domain: str, sigma: float, batch: int) -> float:
    """CPU seconds of one thread for each image of a batch of noisy sevens."""
    denoiser = CmnistExact().load(torch.device("cpu"), "fp32").denoiser((domain,) * batch)
    clean = ColoredMnist().items("digit:7", "test", batch, 0).images
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    levels = torch.full((batch,), sigma)
    begun = time.process_time()
    denoiser(clean + sigma * noise, levels)
    return (time.process_time() - begun) / batch


@click.command()
def main() -> None:
    """Print the milliseconds of an image for two domains and four noise levels."""
    torch.set_num_threads(1)
    for domain, batch in BATCHES.items():
        for sigma in SIGMAS:
            milliseconds = 1e3 * measure(domain, sigma, batch)
            click.echo(f"{domain} sigma={sigma:g}: {milliseconds:.1f} ms an image")


if __name__ == "__main__":
    main()
