"""key=value words of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from bridgebench.errors import InvalidOption
from bridgebench.plan.choices import Choices, choices_of


def parse_words(words: Sequence[str]) -> Choices:
    """The choices that key=value words make; a BridgebenchError, one line, for a wrong word.

    >>> parse_words(["task=cmnist_to7", "transform=scale:c=0.8,1.2"]).transform
    ('scale:c=0.8', 'scale:c=1.2')
    """
    said: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key.isidentifier() and equals and value):
            raise InvalidOption(f"'{word}' is not key=value; for example task=cmnist_to7 n=64")
        if key in said:
            raise InvalidOption(f"'{key}' is given twice; write its values as {key}=a,b")
        said[key] = value
    return choices_of(said)


def describe_words() -> str:
    """The words that `run` and `plan` take, a line each, for their help."""
    fields = Choices.model_fields
    width = max(len(name) for name in fields)
    return "\n".join(f"  {name:<{width}}  {field.description}" for name, field in fields.items())
