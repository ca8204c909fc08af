"""Plugins that fail in each way that a plugin can."""

import os
import signal
import time
from typing import ClassVar

import torch

from bridgebench import Method, Transform, Translation


class Explode(Transform):
    """Raise at the latent stage."""

    name: ClassVar[str] = "explode"

    def latent(self, z, x, draw):
        raise RuntimeError("the latent exploded")


class Raising(Method):
    """Raise in the middle of a batch."""

    name: ClassVar[str] = "raising"

    def translate(self, cell, batch, shared, context):
        raise ValueError("no bridge here")


class NanOutput(Method):
    """Give NaN."""

    name: ClassVar[str] = "nan_output"

    def translate(self, cell, batch, shared, context):
        return Translation(torch.full_like(batch.images, torch.nan))


class Black(Method):
    """Give black images."""

    name: ClassVar[str] = "black"

    def translate(self, cell, batch, shared, context):
        return Translation(torch.full_like(batch.images, -1.0))


class WrongShape(Method):
    """Give outputs of half the size."""

    name: ClassVar[str] = "wrong_shape"

    def translate(self, cell, batch, shared, context):
        return Translation(batch.images[..., ::2, ::2])


class TooBright(Method):
    """Leave the range of the items."""

    name: ClassVar[str] = "too_bright"

    def translate(self, cell, batch, shared, context):
        return Translation(batch.images + 10)


class Hanging(Method):
    """Never come back."""

    name: ClassVar[str] = "hanging"

    def translate(self, cell, batch, shared, context):
        while True:
            time.sleep(0.1)


class Dying(Method):
    """Be killed, as for want of memory."""

    name: ClassVar[str] = "dying"

    def translate(self, cell, batch, shared, context):
        os.kill(os.getpid(), signal.SIGKILL)
