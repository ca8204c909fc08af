"""Features that are the mean and the spread of each channel; logits for red and green."""

from typing import ClassVar

import torch

from bridgebench import Extracted, Extractor


class Channels(Extractor):
    """Channel statistics."""

    name: ClassVar[str] = "world_channels"

    def sha256(self):
        return "0" * 64

    def load(self, device):
        return see


def see(images):
    means = images.mean((2, 3))
    spreads = images.std((2, 3))
    return Extracted(torch.cat([means, spreads], 1), 10 * means[:, :2])
