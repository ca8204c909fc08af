"""Task files: YAML into typed, checked values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.files.one_line import one_line

_SPEC = r"""^([^\s,"]|"([^"\\]|\\.)*")+$"""
"""No white space and no comma but in quotes."""

MAX_BYTES = 2**20

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Spec = Annotated[str, StringConstraints(pattern=_SPEC, max_length=400)]
Seed = Annotated[int, Field(ge=0, lt=10**18)]
"""Of no more digits than a board is read with."""
Budget = Annotated[int, Field(ge=1, le=10**6)]
"""NFE: a list of so many noise levels is made, so one that is mistyped would fill the memory."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """Where the source images come from."""

    domain: str
    unconditional: str = Field(
        description="what to ask of a score model when the label is not used"
    )
    split: str

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: object) -> object:
        if isinstance(value, dict) and "pooled" in value:
            raise ValueError("'pooled' has a new name; write unconditional: in its place")
        return value

    def fingerprint(self) -> dict[str, str]:
        """What of it decides numbers, by the names that published boards have in fingerprints."""
        return {"domain": self.domain, "pooled": self.unconditional, "split": self.split}


class Target(_Part):
    """The target domain, and which of its splits are for what."""

    domain: str
    reference: str = Field(description="the split that FID and its like compare with")
    held_out: str = Field(description="the split that real images of baselines come from")
    reference_in_training: bool = Field(
        False, description="whether shipped models or extractors learned from the reference images"
    )

    @model_validator(mode="after")
    def _apart(self) -> Target:
        if self.reference == self.held_out:
            raise ValueError("reference and held_out must be different splits")
        return self


class ItemSpec(_Part):
    """Shape and range of an item: (C, H, W) for an image, (d,) for a vector.

    A range that is left out has no bound.
    """

    shape: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    low: float = -math.inf
    high: float = math.inf

    @model_validator(mode="after")
    def _ordered(self) -> ItemSpec:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self

    @property
    def is_image(self) -> bool:
        """Whether an item can be drawn: channels, rows and columns."""
        return len(self.shape) == 3


class Protocol(_Part):
    """How many images, which budget, which seeds, and how large a batch of a network is."""

    n: int = Field(ge=1, description="source images")
    nfe: tuple[Budget, ...] = Field(min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    batch: int = Field(ge=1, le=65536)
    precision: Literal["fp32", "bf16"] = Field("fp32", description="of the networks")
    limit: float | None = Field(None, gt=0, description="seconds that a cell may take")


class Scores(_Part):
    """Score models that a method is combined with."""

    source: tuple[Spec, ...] = ()
    target: tuple[Spec, ...] = ()


class Axes(_Part):
    """What the task combines when nothing else is asked for."""

    method: tuple[Spec, ...] = Field(min_length=1)
    solver: tuple[Spec, ...] = ()
    transform: tuple[Spec, ...] = ()


class Combination(_Part):
    """Methods with axes of their own; an axis that is left out is that of the task."""

    method: tuple[Spec, ...] = Field(min_length=1)
    solver: tuple[Spec, ...] | None = Field(None, min_length=1)
    transform: tuple[Spec, ...] | None = Field(None, min_length=1)
    source_score: tuple[Spec, ...] | None = Field(None, min_length=1)
    target_score: tuple[Spec, ...] | None = Field(None, min_length=1)


class Expectation(_Part):
    """What has to hold on a board that can be trusted; a warning is shown where it does not.

    `row` names a method, and every ok row of it is meant; with options, as the board spells them,
    the rows of these options. Exactly one of the conditions is set.
    """

    row: Spec
    column: Name
    at_most: float | None = None
    at_least: float | None = None
    interval_contains: float | None = None
    better_than: Spec | None = Field(
        None,
        description="named as `row` is; the best row of each must be separated by the paired test",
    )

    @model_validator(mode="after")
    def _one_condition(self) -> Expectation:
        conditions = (self.at_most, self.at_least, self.interval_contains, self.better_than)
        if sum(condition is not None for condition in conditions) != 1:
            raise ValueError(
                "needs exactly one of at_most, at_least, interval_contains, better_than"
            )
        return self


class FlagRule(_Part):
    """What makes a row doubtful: a column below or above a number or another column.

    A flagged row has no Pareto mark. One that is flagged by a rule with `copying` has no rank
    either: its outputs are copies, so how good they look says nothing about the method.
    """

    name: Name
    column: Name
    below: Number | Name | None = None
    above: Number | Name | None = None
    copying: bool = False
    description: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _one_limit(self) -> FlagRule:
        if (self.below is None) == (self.above is None):
            raise ValueError("needs exactly one of below, above")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The metric columns that it looks at."""
        limit = self.above if self.below is None else self.below
        return (self.column, limit) if isinstance(limit, str) else (self.column,)


class Convergence(_Part):
    """A column that is shown against NFE, and where the order is fitted to it."""

    column: Name
    least_nfe: int = Field(ge=1)
    greatest_nfe: int = Field(ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Convergence:
        if not self.least_nfe < self.greatest_nfe:
            raise ValueError("least_nfe must be below greatest_nfe")
        return self


class TaskFile(_Part):
    """A task: a dataset, a source and a target domain, what is measured, and its protocols."""

    name: Name
    summary: str = Field(max_length=200)
    dataset: Spec
    source: Source
    target: Target
    item: ItemSpec
    extractor: Spec | None = Field(
        None, description="what metrics see images with unless they name another"
    )
    metrics: tuple[Spec, ...] = Field(min_length=1)
    primary: tuple[Name, ...] = Field(min_length=1, description="columns that lead the board")
    ranked_by: Name
    pareto: tuple[Name, ...] = ()
    convergence: Convergence | None = Field(
        None, description="an error that falls with NFE: a table and a plot with its order"
    )
    axes: Axes
    also: tuple[Combination, ...] = Field(
        (), description="combinations besides those of the axes, each with axes of its own"
    )
    scores: Mapping[str, Scores] = Field(
        default_factory=dict, description="by method; `default` for those not named"
    )
    protocols: Mapping[Name, Protocol] = Field(min_length=1)
    expect: tuple[Expectation, ...] = ()
    flags: tuple[FlagRule, ...] = Field((), max_length=26, description="what makes a row doubtful")

    @model_validator(mode="after")
    def _flags_apart(self) -> TaskFile:
        names = [rule.name for rule in self.flags]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two of flags are called '{name}'; give one another name")
        return self

    @model_validator(mode="after")
    def _ranked_by_a_primary_column(self) -> TaskFile:
        falling = (self.convergence.column,) if self.convergence else ()
        for column in (self.ranked_by, *self.pareto, *falling):
            if column not in self.primary:
                raise ValueError(f"'{column}' leads the board, so it must be one of primary")
        return self

    def protocol(self, name: str) -> Protocol:
        """The protocol of that name, or UnknownName."""
        if name not in self.protocols:
            raise UnknownName(f"protocol of task {self.name}", name, self.protocols)
        return self.protocols[name]

    @property
    def combinations(self) -> tuple[Combination, ...]:
        """The methods of the axes, then each of `also`."""
        return (Combination(method=self.axes.method), *self.also)

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that it names, each once."""
        return tuple(dict.fromkeys(spec for part in self.combinations for spec in part.method))

    @property
    def solvers(self) -> tuple[str, ...]:
        """Every solver that it names, each once."""
        own = (spec for part in self.also for spec in part.solver or ())
        return tuple(dict.fromkeys((*self.axes.solver, *own)))

    @property
    def transforms(self) -> tuple[str, ...]:
        """Every chain of transforms that it names, each once."""
        own = (spec for part in self.also for spec in part.transform or ())
        return tuple(dict.fromkeys((*self.axes.transform, *own)))

    @property
    def score_models(self) -> tuple[str, ...]:
        """Every score model that it names, each once."""
        named = [spec for each in self.scores.values() for spec in (*each.source, *each.target)]
        for part in self.also:
            named += (*(part.source_score or ()), *(part.target_score or ()))
        return tuple(dict.fromkeys(named))

    def scores_of(self, method: str) -> Scores:
        """The score models that the task gives to a method."""
        return self.scores.get(method, self.scores.get("default", Scores()))


def parse_task(text: str, where: str) -> TaskFile:
    """The task in a YAML text; `where` names it in errors.

    InvalidOption, one line, for text that is no YAML, an unknown or missing key, or a wrong value.
    """
    try:
        content: Any = yaml.load(text, Loader=_UniqueKeys)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidOption(f"task file {where} is not YAML: {one_line(said)}") from error
    try:
        return TaskFile.model_validate({} if content is None else content)
    except ValidationError as error:
        raise InvalidOption(f"task file {where}: {first_problem(error)}") from error


def read_task(path: Path) -> TaskFile:
    """The task in a YAML file."""
    if path.exists() and not path.is_file():
        raise InvalidOption(f"task file {path} is no regular file; give a YAML file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidOption(f"task file {path} cannot be read: {one_line(str(error))}") from error
    if len(content) > MAX_BYTES:
        raise InvalidOption(f"task file {path} has more than {MAX_BYTES} bytes; shorten it")
    return parse_task(text, str(path))


class _UniqueKeys(yaml.SafeLoader):
    """YAML as data: no interpolation, no tags of Python, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping; ConstructorError where it has a key twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice", node.start_mark
                )
        return dict(super().construct_mapping(node, deep))


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in one line."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the whole"
    kinds: dict[str, Literal["unknown key", "missing key"]] = {
        "extra_forbidden": "unknown key",
        "missing": "missing key",
    }
    if problem["type"] in kinds:
        return f"{kinds[problem['type']]} '{place}'"
    said = one_line(problem["msg"]).removeprefix("Value error, ")
    if isinstance(problem["input"], dict | BaseModel):
        return f"'{place}': {said}"  # a whole part, of which the message names what is wrong
    return f"'{place}': {said}, got {problem['input']!r:.80}"
