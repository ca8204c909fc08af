"""What all kinds of plugin share: a name, a docstring, and options that are typed fields."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from bridgebench.interfaces.quoting import quoted


class Plugin(BaseModel):
    """Base of every kind of plugin.

    A plugin is an immutable description: its options are typed pydantic fields, checked when it is
    made, and two plugins with equal options are equal. The first line of the docstring is what
    `bridgebench list` shows; the description of each field is what `bridgebench info` shows.

    >>> from typing import ClassVar
    >>> from pydantic import Field
    >>> class Shift(Plugin):
    ...     "Add a constant."
    ...     name: ClassVar[str] = "shift"
    ...     by: float = Field(0.5, ge=0, description="what is added")
    >>> Shift(by=0.25).spec
    'shift:by=0.25'
    >>> Shift().spec
    'shift'
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    name: ClassVar[str]
    """What people type for it."""

    @property
    def spec(self) -> str:
        """The plugin as people type it, with the options that differ from their defaults.

        Options of equal value are spelled equally; of a path only the last part is said.
        """
        parts = [self.name]
        for option, field in type(self).model_fields.items():
            value = getattr(self, option)
            if field.is_required() or value != field.get_default(call_default_factory=True):
                parts.append(f"{option}={format_option(value)}")
        return ":".join(parts)

    def resolved(self) -> dict[str, Any]:
        """The name and every option, defaults included, as JSON values; of a path its last part."""
        paths = {
            option: last_part(value)
            for option in type(self).model_fields
            if isinstance(value := getattr(self, option), Path)
        }
        return {"name": self.name, **self.model_dump(mode="json"), **paths}


def format_option(value: object) -> str:
    """An option's value as it is typed on the command line; of a path its last part.

    A row is read by others, whom the folders of a machine do not concern: what is in the file is
    told by its hash. A value that holds a separator is put in quotes.

    >>> format_option(0.8), format_option(True), format_option(Path("some/mine.safetensors"))
    ('0.8', 'true', 'mine.safetensors')
    >>> format_option(Path("some/out 10:30"))
    '"out 10:30"'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return quoted(str(value.value))
    if isinstance(value, Path):
        return quoted(last_part(value))
    return quoted(str(value))


def last_part(path: Path) -> str:
    """The name of a file or folder, also where the path is `.` or ends in `..`.

    >>> last_part(Path("some/mine")), last_part(Path(".")) == Path.cwd().name
    ('mine', True)
    """
    return path.resolve().name or "root"
