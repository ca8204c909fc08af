"""The last made images, of which a discriminator is shown some besides the newest.

Shrivastava et al., CVPR 2017; Zhu et al., ICCV 2017, section 4, keep 50.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass
class History:
    """Made images of the past.

    Attributes:
        size: how many are kept.
        images: (k, C, H, W), k up to `size`, or None before the first.
    """

    size: int
    images: Tensor | None = None

    def exchange(self, made: Tensor, random: np.random.Generator) -> Tensor:
        """What to show for a batch of made images, (B, C, H, W); they are kept in its place.

        Until it is full it keeps each image and shows it. Then for each image, with a chance of one
        half, it shows one of the past, which the new one replaces.
        """
        kept = made[:0] if self.images is None else self.images
        free = min(self.size - len(kept), len(made))
        kept = torch.cat([kept, made[:free]])
        shown = [made[:free]]
        for image in made[free:]:
            if random.random() < 0.5:
                place = int(random.integers(len(kept)))
                shown.append(kept[place].clone()[None])
                kept[place] = image
            else:
                shown.append(image[None])
        self.images = kept
        return torch.cat(shown)
