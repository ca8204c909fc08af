"""The options that both methods have."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field


class Start(StrEnum):
    """What an encode sets out from at sigma_min."""

    CLEAN = "clean"
    NOISED = "noised"


class Clip(StrEnum):
    """In which direction the denoiser's output is clamped to the range of the items."""

    NONE = "none"
    DECODE = "decode"
    BOTH = "both"

    @property
    def on_encode(self) -> bool:
        """Whether it is clamped on the way up."""
        return self is Clip.BOTH

    @property
    def on_decode(self) -> bool:
        """Whether it is clamped on the way down."""
        return self is not Clip.NONE


StartOption = Annotated[
    Start,
    Field(
        description="clean: encode the image itself; noised: the image plus sigma_min times a "
        "noise fixed for each item, a sample of the marginal at sigma_min"
    ),
]
ClipOption = Annotated[
    Clip,
    Field(
        description="where the denoiser's output is clamped to the range of the items: none, "
        "decode, both"
    ),
]
LastStepOption = Annotated[
    bool,
    Field(
        description="end each decode with a denoising step from sigma_min to 0: one network "
        "evaluation beyond the budget"
    ),
]
