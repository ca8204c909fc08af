"""Limits of options are said as a person would write them, not as pydantic keeps them."""

from typing import Annotated, Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field, PlainValidator

from bridgebench.cli import main
from bridgebench.cli.limits import limits_of
from bridgebench.plugins.registry import Kind, load_registry


class Options(BaseModel):
    plain: float = 1.0
    above: float = Field(1.0, gt=0)
    least: int = Field(3, ge=1)
    below: float = Field(0.5, lt=1)
    most: float = Field(0.5, le=0.75)
    closed: float = Field(0.5, ge=-360, le=360)
    open: float = Field(0.5, gt=0, lt=1)
    half_open: float = Field(0.5, gt=0, le=100)
    either: int | None = Field(None, ge=1, le=8192)
    inner: Annotated[int, Field(ge=1)] | None = None
    even: int = Field(2, ge=0, multiple_of=2)
    short: str = Field("", max_length=8)
    several: tuple[int, ...] = Field((1,), min_length=1)
    form: str = Field("a", pattern="^[a-z]$")


SAID = {
    "plain": "",
    "above": "> 0",
    "least": ">= 1",
    "below": "< 1",
    "most": "<= 0.75",
    "closed": "from -360 to 360",
    "open": "> 0 and < 1",
    "half_open": "> 0 and <= 100",
    "either": "from 1 to 8192",
    "inner": ">= 1",
    "even": ">= 0, a multiple of 2",
    "short": "at most 8 characters",
    "several": "at least 1 of them",
    "form": "of the form ^[a-z]$",
}


@pytest.mark.parametrize("option", SAID)
def test_each_kind_of_limit(option: str) -> None:
    assert limits_of(Options)[option] == SAID[option]


def test_an_option_of_a_type_of_its_own_has_no_limits_to_say() -> None:
    class Own(BaseModel):
        thing: Annotated[Any, PlainValidator(str)] = None
        other: type = int

    assert limits_of(Own) == {"thing": "", "other": ""}


def test_every_limit_of_a_plugin_that_comes_with_the_package_is_said() -> None:
    registry = load_registry()
    for kind in set(Kind) - {Kind.TASK}:
        for name in registry.names(kind):
            cls = registry.load(kind, name)
            said = limits_of(cls)
            assert all(said[option] for option, field in cls.model_fields.items() if field.metadata)


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("precision_recall", "k=3    which nearest neighbor gives the radius; >= 1"),
        ("rotate_latent:angle=45", "turned counterclockwise; from -360 to 360"),
        ("bdia", "so that long encodes diverge; > 0 and <= 1"),
    ],
)
def test_info_prints_them(spec: str, line: str) -> None:
    said = CliRunner().invoke(main, ["info", spec]).stdout
    assert line in said
    assert not any(inside in said for inside in ("Gt(", "Ge(", "Lt(", "Le(", "gt=", "ge="))
