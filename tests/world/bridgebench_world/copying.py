"""Methods that copy training images in the source's hue, to be caught by the metrics.

Each takes one disguise for its copies, or more of them: `copy_random:shift=1:noise=0.1`.
"""

from typing import ClassVar

import torch
from torchvision.transforms.functional import gaussian_blur

from bridgebench import Method, Stage, Supervision, Translation
from bridgebench.toolkit.color import hsv_to_rgb, mean_hue


def in_hue_of(copies, source):
    value = (copies.amax(dim=1) + 1) / 2
    hue = mean_hue(source)[:, None, None]
    return hsv_to_rgb(hue, torch.ones_like(hue), value).movedim(-1, 1) * 2 - 1


class Copying(Method):
    """What the copies have in common: the hue, and how they are disguised."""

    supervision: ClassVar[Supervision] = Supervision.UNPAIRED

    shift: int = 0
    noise: float = 0.0
    blur: float = 0.0

    def chosen(self, batch, known):
        raise NotImplementedError

    def training_domains(self, setting):
        return (setting.target,)

    def fit_stage(self, cell, setting):
        return Stage("memory")

    def fit(self, cell, context):
        stream = context.training(context.setting.target)
        return {"images": torch.cat([items.images for items in stream.batches()])}

    def translate(self, cell, batch, shared, context):
        known = context.fitted["images"]
        images = in_hue_of(known[self.chosen(batch, known)], batch.images)
        images = images.roll((self.shift, self.shift), (2, 3))
        if self.blur:
            images = gaussian_blur(images, [9, 9], [self.blur, self.blur])
        if self.noise:
            images = images + self.noise * batch.draw.each("disguise", images.shape[1:]).to(images)
        return Translation(images.clamp(-1, 1))


class CopyOne(Copying):
    """One training image for all."""

    name: ClassVar[str] = "copy_one"

    def chosen(self, batch, known):
        return torch.zeros(len(batch.ids), dtype=torch.long)


class CopyRandom(Copying):
    """A random training image for each source."""

    name: ClassVar[str] = "copy_random"

    def chosen(self, batch, known):
        return (batch.draw.uniform("copied") * len(known)).long()


class CopyNearest(Copying):
    """The training image nearest to each source, by the values of their pixels."""

    name: ClassVar[str] = "copy_nearest"

    def chosen(self, batch, known):
        source, other = (images.amax(dim=1).flatten(1) for images in (batch.images, known))
        return torch.cdist(source, other).argmin(dim=1)
