"""The values that an option takes, as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

_SIDES = (
    ("exclusiveMinimum", "> {}"),
    ("minimum", ">= {}"),
    ("exclusiveMaximum", "< {}"),
    ("maximum", "<= {}"),
)
_SIZES = (
    ("multipleOf", "a multiple of {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} of them"),
    ("maxItems", "at most {} of them"),
    ("pattern", "of the form {}"),
)


def limits_of(cls: type[BaseModel]) -> dict[str, str]:
    """What is said of the values of each option, "" for one that takes any of its type."""
    try:
        properties = cls.model_json_schema()["properties"]
    except (PydanticInvalidForJsonSchema, KeyError):
        # An option of a type of its own cannot be described so, and a class may have no options.
        properties = {}
    return {option: limits_in_words(properties.get(option, {})) for option in cls.model_fields}


def limits_in_words(schema: Mapping[str, Any]) -> str:
    """The limits of a value in its JSON schema; those of `X | None` are those of X.

    >>> limits_in_words({"minimum": 0.0, "maximum": 1})
    'from 0 to 1'
    >>> limits_in_words({"anyOf": [{"exclusiveMinimum": 0, "maximum": 8192}, {"type": "null"}]})
    '> 0 and <= 8192'
    """
    given = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(given) == 1:
        schema = given[0]
    if "minimum" in schema and "maximum" in schema:
        sides = [f"from {_number(schema['minimum'])} to {_number(schema['maximum'])}"]
    else:
        sides = [said.format(_number(schema[key])) for key, said in _SIDES if key in schema]
    sizes = [said.format(schema[key]) for key, said in _SIZES if key in schema]
    return ", ".join([*([" and ".join(sides)] if sides else []), *sizes])


def _number(value: float) -> str:
    return f"{value:.12g}"
