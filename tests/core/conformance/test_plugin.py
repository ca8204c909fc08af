"""A broken plugin for each check that all kinds share."""

from enum import StrEnum
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict, Field

from bridgebench import Transform
from bridgebench.plugins.registry import Kind


class Mode(StrEnum):
    ONE = "one"
    TWO = "two"


class Sound(Transform):
    """Nothing, with options of every type."""

    name: ClassVar[str] = "sound"
    by: float = Field(0.5, gt=0, description="a number")
    mode: Mode = Field(Mode.ONE, description="one of two")
    text: str = Field("", description="some text")
    count: int | None = Field(None, description="a number or nothing")
    on: bool = Field(False, description="a switch")


class BadName(Transform):
    """A name that cannot be typed."""

    name: ClassVar[str] = "Bad-Name"


class NoWords(Transform):
    name: ClassVar[str] = "no_words"


class NoDescription(Transform):
    """An option that nobody explains."""

    name: ClassVar[str] = "no_description"
    by: float = 0.5


class TakesAnything(Transform):
    """An option of any type."""

    name: ClassVar[str] = "takes_anything"
    by: Any = Field(0.5, description="whatever")


class TakesMore(Transform):
    """Options that it does not have."""

    name: ClassVar[str] = "takes_more"
    model_config = ConfigDict(extra="ignore")


class Thawed(Transform):
    """Can be changed."""

    name: ClassVar[str] = "thawed"
    model_config = ConfigDict(frozen=False)


class OddValue(Transform):
    """A value that cannot be typed."""

    name: ClassVar[str] = "odd_value"
    text: str = Field("", description="some text")


class Rounds(Transform):
    """An option that does not come back as it was."""

    name: ClassVar[str] = "rounds"
    by: float = Field(0.5, description="a number")

    @property
    def spec(self) -> str:
        return f"{self.name}:by={self.by:.1f}"


BROKEN = [
    (BadName(), "documented", "got 'Bad-Name'"),
    (NoWords(), "documented", "a docstring of NoWords"),
    (NoDescription(), "documented", "a description of the option 'by'"),
    (TakesAnything(), "options", "by=no-such-value to be refused"),
    (TakesMore(), "options", "an unknown option refused"),
    (Thawed(), "options", "cannot be changed"),
    (OddValue(text="a b"), "spec", "without : + , or white space; got 'a b'"),
    (Rounds(by=0.25), "spec", "rounds:by=0.2 to make an equal plugin"),
]


@pytest.mark.parametrize(("broken", "check", "said"), BROKEN)
def test_a_broken_plugin_is_caught(broken, check, said, caught):
    assert said in caught(Kind.TRANSFORM, check, broken)


@pytest.mark.parametrize(
    "plugin", [Sound(), Sound(by=0.25, mode=Mode.TWO, text="ab", count=3, on=True)]
)
def test_a_sound_one_passes(plugin, passes):
    passes(Kind.TRANSFORM, plugin)


def test_every_check_has_a_broken_plugin():
    from bridgebench.conformance import plugin

    named = {function.__name__ for function in plugin.CHECKS}
    assert named == {check for _, check, _ in BROKEN}
