"""The options of a run, checked for form; names are looked up when the plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bridgebench.errors import InvalidOption, UnknownName
from bridgebench.files.one_line import one_line
from bridgebench.plugins.specs import split_list
from bridgebench.tasks.task_file import Budget, Seed


def _listed(value: object) -> object:
    """A comma-separated text, one value, or a sequence, as a list."""
    if isinstance(value, str):
        return list(split_list(value))
    if isinstance(value, Sequence):
        return [part for entry in value for part in _words(entry)]
    return [value]


def _words(entry: object) -> Sequence[object]:
    return split_list(entry) if isinstance(entry, str) else (entry,)


Specs = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Counts = Annotated[tuple[Budget, ...], BeforeValidator(_listed), Field(min_length=1)]
Seeds = Annotated[tuple[Seed, ...], BeforeValidator(_listed), Field(min_length=1)]


class Choices(BaseModel):
    """The options of `bridgebench run`; None means the default of the task and its protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str = Field(description="task name, or path of a task file (.yaml)")
    protocol: str = Field("quick", description="number of images, budget, seeds and precision")
    method: Specs | None = Field(None, description="methods, or all")
    solver: Specs | None = Field(None, description="ODE solvers, or all")
    transform: Specs | None = Field(None, description="transforms and chains (a+b), or all")
    score: Specs | None = Field(None, description="score models for source and target")
    source_score: Specs | None = Field(None, description="score models for the source")
    target_score: Specs | None = Field(None, description="score models for the target")
    nfe: Counts | None = Field(None, description="network evaluations per image and direction")
    seed: Seeds | None = Field(None, description="seeds, integers from 0")
    n: int | None = Field(None, ge=1, description="number of source images")
    metric: Specs | None = Field(
        None, description="more metrics, or other options for one of the task's metrics; or all"
    )
    batch: int | None = Field(None, ge=1, le=65536, description="images per network call")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="precision of the networks: auto, fp32 or bf16"
    )
    limit: float | None = Field(
        None,
        gt=0,
        description="time limit of a cell in seconds; cells then run in a separate process",
    )
    executor: Literal["local", "ray"] = Field(
        "local", description="local: this process; ray: workers on one or more machines"
    )
    workers: int | None = Field(None, ge=1, description="ray: number of workers (all that fit)")
    threads: int | None = Field(None, ge=1, description="ray: cores per worker (1)")
    gpus: float | None = Field(
        None, gt=0, description="ray: GPUs per worker, such as 0.5 for two workers on one GPU (1)"
    )
    retries: int | None = Field(
        None, ge=0, description="ray: retries of a cell after its worker died (2)"
    )
    address: str | None = Field(
        None,
        min_length=1,
        description="ray: address of a cluster: auto, host:port or ray://host:port",
    )
    out: Path | None = Field(None, description="output folder")
    overwrite: bool = Field(False, description="replace other results in the output folder")
    save: Literal["", "images"] = Field("", description="images: keep every output as a PNG")


def choices_of(words: Mapping[str, Any]) -> Choices:
    """The choices in key=value words; UnknownName or InvalidOption, one line, for a wrong one.

    >>> choices_of({"task": "cmnist_to7", "nfe": "10,20"}).nfe
    (10, 20)
    """
    for word in words:
        if word not in Choices.model_fields:
            raise UnknownName("option of run", word, Choices.model_fields)
    try:
        choices = Choices.model_validate(dict(words))
    except ValidationError as error:
        problem = error.errors()[0]
        option = str(problem["loc"][0]) if problem["loc"] else "task"
        if problem["type"] == "missing":
            raise InvalidOption(f"'{option}' must be given, as {option}=NAME") from error
        message = one_line(problem["msg"]).removeprefix("Value error, ")
        raise InvalidOption(f"{option}={problem['input']}: {message}") from error
    _check_executor(choices)
    return choices


def _check_executor(choices: Choices) -> None:
    for option in ("workers", "threads", "gpus", "retries", "address"):
        value = getattr(choices, option)
        if choices.executor != "ray" and value is not None:
            raise InvalidOption(
                f"{option}={value} is an option of executor=ray, but the executor is local; give "
                "executor=ray or leave it out"
            )
