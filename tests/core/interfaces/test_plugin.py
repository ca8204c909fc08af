"""Options of plugins: typed, checked, frozen, and written as people type them."""

from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, strategies as st
from pydantic import Field, ValidationError

from bridgebench import Plugin


class Mode(StrEnum):
    SLOW = "slow"
    FAST = "fast"


class Example(Plugin):
    """An example."""

    name: ClassVar[str] = "example"
    amount: float = Field(ge=0, le=1, description="how much")
    count: int = 3
    mode: Mode = Mode.SLOW
    loud: bool = False
    file: Path | None = None


def test_spec_has_required_options_and_those_that_differ_from_their_defaults() -> None:
    assert Example(amount=0.5).spec == "example:amount=0.5"
    changed = Example(amount=0.5, count=4, mode=Mode.FAST, loud=True, file=Path("a/b"))
    assert changed.spec == "example:amount=0.5:count=4:mode=fast:loud=true:file=b"


@given(
    amount=st.floats(0, 1),
    count=st.integers(-(10**6), 10**6),
    mode=st.sampled_from(Mode),
    loud=st.booleans(),
)
def test_options_read_back_from_the_spec(amount: float, count: int, mode: Mode, loud: bool) -> None:
    plugin = Example(amount=amount, count=count, mode=mode, loud=loud)
    words = dict(part.split("=") for part in plugin.spec.split(":")[1:])
    assert Example.model_validate(words) == plugin


def test_resolved_has_every_option_as_json() -> None:
    assert Example(amount=0.5, file=Path("a/b")).resolved() == {
        "name": "example",
        "amount": 0.5,
        "count": 3,
        "mode": "slow",
        "loud": False,
        "file": "b",
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"amount": 1.5},
        {"amount": float("nan")},
        {"amount": 0.5, "count": "many"},
        {"amount": 0.5, "mode": "medium"},
        {"amount": 0.5, "volume": 3},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Example.model_validate(options)


def test_a_default_out_of_range_is_refused() -> None:
    class Wrong(Plugin):
        name: ClassVar[str] = "wrong"
        amount: float = Field(2.0, le=1)

    with pytest.raises(ValidationError):
        Wrong()


def test_plugins_are_frozen_and_equal_by_value() -> None:
    one, same, other = Example(amount=0.5), Example(amount=0.5), Example(amount=0.25)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    with pytest.raises(ValidationError, match="frozen"):
        one.amount = 0.75  # type: ignore[misc]  # what the test is about
