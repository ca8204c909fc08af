"""The columns of a board that hold JSON, and the shape of each."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from bridgebench.errors import IntegrityError
from bridgebench.files.printable import printable
from bridgebench.files.strict_json import loads
from bridgebench.tasks.task_file import Budget, Seed, first_problem

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]

_PLUGIN = re.compile(r"[a-z][a-z0-9_]{0,99}")


def _named(options: dict[str, JsonValue]) -> dict[str, JsonValue]:
    name = options.get("name")
    if not (isinstance(name, str) and _PLUGIN.fullmatch(name)):
        raise ValueError("must have the name of a plugin under 'name'")
    return options


Resolved = Annotated[dict[str, JsonValue], AfterValidator(_named)]
"""The name of a plugin and its options."""


class Options(BaseModel):
    """The plugins of a row with every option."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Resolved | None = None
    source_score: Resolved | None = None
    target_score: Resolved | None = None
    solver: Resolved | None = None
    transform: tuple[Resolved, ...] | None = None
    nfe: Annotated[Budget, Field(strict=True)] | None = None
    seed: Annotated[Seed, Field(strict=True)] = 0


class Package(BaseModel):
    """The source of a plugin."""

    model_config = ConfigDict(frozen=True, extra="allow")

    distribution: str
    version: str
    sha256: Sha256


class MeasuredBy(BaseModel):
    """What decides the numbers of a metric."""

    model_config = ConfigDict(frozen=True, extra="allow")

    options: Resolved | None = None


class Parts(BaseModel):
    """What decides the meaning of a row's numbers; empty where nothing was measured."""

    model_config = ConfigDict(frozen=True, extra="allow")

    metrics: dict[Name, MeasuredBy] = {}


_SHAPES: dict[str, TypeAdapter[Any]] = {
    "fingerprint_parts": TypeAdapter(Parts),
    "options": TypeAdapter(Options),
    "plugins": TypeAdapter(dict[str, Package]),
    "weights": TypeAdapter(dict[str, Sha256]),
}
JSON_COLUMNS = tuple(_SHAPES)


def parse_json(text: str, column: str) -> dict[str, Any]:
    """The JSON object in a cell; IntegrityError, one line, for another shape than its column's."""
    value = loads(text, f"column {column}")
    if not isinstance(value, dict):
        raise IntegrityError(f"column {column}: must be a JSON object")
    try:
        _SHAPES[column].validate_python(value)
    except ValidationError as error:
        raise IntegrityError(f"column {column}: {printable(first_problem(error))}") from error
    return value


def to_json(value: object) -> str:
    """The text of a cell that holds JSON: keys sorted, no spaces.

    >>> to_json({"b": 1, "a": [0.5]})
    '{"a":[0.5],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
