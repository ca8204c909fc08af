"""Making a plan: everything that can be wrong with a request is found here, before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bridgebench.errors import InvalidOption, PluginError, UsageError
from bridgebench.files.canonical_json import digest
from bridgebench.interfaces.cell import Cell, Setting
from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.extractor import Extractor
from bridgebench.interfaces.metric import Column, Metric
from bridgebench.isolation.calls import querying
from bridgebench.plan.answers import (
    check_domains,
    columns_of,
    extractors_of,
    fit_stage_of,
    samples_of,
    shared_stages_of,
    skip_reason_of,
    training_domains_of,
)
from bridgebench.plan.cells import Combiner
from bridgebench.plan.chance import with_chance
from bridgebench.plan.choices import Choices
from bridgebench.plan.items import check_first, check_savable, check_seen, check_size
from bridgebench.plan.machine import device_type, resolve_device, resolve_precision
from bridgebench.plan.model import Group, Plan, PlannedCell, identity_of
from bridgebench.plan.provenance import (
    cell_entries,
    cell_weights,
    dataset_key,
    fingerprint,
    items_key,
    plugin_code,
    provenance,
)
from bridgebench.plan.stages import StageKeys, training_data, training_refusal
from bridgebench.plugins.registry import Entry, Kind, Registry
from bridgebench.plugins.specs import build, expand_all, parse_spec
from bridgebench.tasks.lookup import find_task, task_source
from bridgebench.tasks.task_file import TaskFile


def make_plan(registry: Registry, choices: Choices) -> Plan:
    """The plan of a run; UsageError or IntegrityError, one line, for what cannot be run."""
    plan = decide(registry, choices)
    check_ready(plan)
    return plan


def check_ready(plan: Plan) -> None:
    """The checks of a plan that look at items or ask methods to count, which take torch.

    Raises:
        UsageError: the items are not what the task says, or what a method needs.
        PluginError: a method does not say how many evaluations it expects.
    """
    cells = tuple(planned.cell for planned in plan.cells)
    with querying(f"dataset '{plan.dataset.name}'"):
        check_first(plan.task, plan.dataset, plan.seeds[0])
        check_seen(plan.task, plan.dataset, cells, plan.setting, plan.n)
    for planned in plan.cells:
        _ = planned.evaluations


def decide(registry: Registry, choices: Choices) -> Plan:
    """The plan of a run before `check_ready`: enough to know what of it is finished."""
    task = find_task(registry, choices.task)
    protocol = task.protocol(choices.protocol)
    device = resolve_device(choices.device)
    precision = resolve_precision(choices.precision, protocol.precision, device)
    dataset = build(registry, Kind.DATASET, Dataset, task.dataset)
    _check_pictures(task, choices)
    n = choices.n or protocol.n
    with querying(f"dataset '{dataset.name}'"):
        setting = setting_of(task, dataset)
        check_size(task, dataset, n)
        images = dataset_key(dataset)
    batch = min(choices.batch or protocol.batch, n)
    limit = choices.limit or protocol.limit
    combiner = Combiner(registry, task, protocol, choices)
    cells = tuple(combiner.cells())
    check_domains(cells, setting)
    metrics = _metrics(registry, task, choices.metric)
    check_measurable(metrics, task, setting, dataset)
    extractors = extractors_by_spec(registry, task, metrics)
    with querying("a metric or an extractor"):  # these were asked before
        meaning = fingerprint(task, images, metrics, extractors, n, precision)
    measuring = _measuring(registry, task, metrics, tuple(extractors))
    seeds = combiner.seeds()
    keys = {seed: items_key(task, images, n, batch, seed, precision) for seed in seeds}
    source = task_source(registry, choices.task)
    kind = device_type(device)
    planner = _Planner(
        registry, task, source, choices.protocol, setting, dataset, images, n, kind, measuring
    )
    planned = []
    for cell in cells:
        common = {**keys[cell.seed], "fingerprint": meaning, "device": kind}
        with querying(f"method '{cell.method.name}'"):
            planned.append(planner.plan(cell, common))
    _check_apart(planned)
    return Plan(
        task=task,
        protocol=choices.protocol,
        setting=setting,
        dataset=dataset,
        n=n,
        batch=batch,
        seeds=seeds,
        metrics=metrics,
        extractors=extractors,
        columns=_columns(registry, task, metrics),
        device=device,
        precision=precision,
        limit=limit,
        groups=_groups(planned),
        measuring=plugin_code(measuring),
        fingerprint=meaning,
    )


@dataclass(frozen=True)
class _Planner:
    registry: Registry
    task: TaskFile
    source: Mapping[str, str]
    protocol: str
    setting: Setting
    dataset: Dataset
    images: Mapping[str, Any]
    n: int
    device: str
    measuring: tuple[Entry, ...]

    def plan(self, cell: Cell, common: dict[str, Any]) -> PlannedCell:
        """A cell with its keys; `common` is what all cells of its seed share."""
        domains = training_domains_of(cell, self.setting)
        skip = skip_reason_of(cell, self.setting)
        skip = skip or training_refusal(domains, self.task, self.dataset)
        split = self.dataset.training_split
        training = {} if skip else training_data(domains, split, self.images)
        keys = StageKeys(self.registry, cell, common, self.measuring[0], self.n, training)
        fit = None if skip else fit_stage_of(cell, self.setting)
        everything = {
            "common": common,
            "cell": cell.resolved(),
            "weights": cell_weights(cell),
            "training": training,
            "code": plugin_code([*cell_entries(self.registry, cell), *self.measuring]),
        }
        axes = self._axes(cell)
        return PlannedCell(
            cell=cell,
            axes=axes,
            identity=identity_of(axes),
            key=digest(everything),
            fit=keys.of_fit(fit),
            shared=() if skip else keys.of_shared(fit, shared_stages_of(cell, self.setting)),
            skip=skip,
            provenance=provenance(
                self.registry,
                cell,
                self.measuring,
                self.source,
                self.device,
                common["precision"],
                common["batch"],
                training,
            ),
        )

    def _axes(self, cell: Cell) -> dict[str, str | int | None]:
        return {
            "task": self.task.name,
            "protocol": self.protocol,
            "method": cell.method.spec,
            **{
                name: part.spec if part else None
                for name, part in (
                    ("source_score", cell.parts.source_score),
                    ("target_score", cell.parts.target_score),
                    ("solver", cell.parts.solver),
                )
            },
            "nfe": cell.parts.nfe,
            "transform": cell.parts.transform.spec if cell.parts.transform else None,
            "seed": cell.seed,
            "n": self.n,
        }


def _groups(planned: Sequence[PlannedCell]) -> tuple[Group, ...]:
    """Cells that share their stages, together, in the order of the first of each group."""
    first: dict[tuple[int, tuple[str, ...]], int] = {}
    for index, cell in enumerate(planned):
        first.setdefault(_sharing(cell), index)
    ordered = sorted(planned, key=lambda cell: first[_sharing(cell)])
    return tuple(
        Group(seed, members[0].shared, members)
        for (seed, _), run in groupby(ordered, key=_sharing)
        for members in [tuple(run)]
    )


def _check_apart(planned: Sequence[PlannedCell]) -> None:
    """InvalidOption where two cells have one name: of a path, only the last part is in it."""
    seen: set[str] = set()
    for cell in planned:
        if cell.identity in seen:
            raise InvalidOption(
                f"two combinations are both called '{cell.axes['method']}' on the board, where "
                "only the last part of a path is said; rename a file or folder"
            )
        seen.add(cell.identity)


def _sharing(cell: PlannedCell) -> tuple[int, tuple[str, ...]]:
    keys = tuple(key for _, key in cell.shared) or (cell.identity,)
    return cell.cell.seed, keys


def _check_pictures(task: TaskFile, choices: Choices) -> None:
    if choices.save:
        check_savable(task, f"save={choices.save}")


def setting_of(task: TaskFile, dataset: Dataset) -> Setting:
    """What a task says about its domains."""
    return Setting(
        source=task.source.domain,
        unconditional=task.source.unconditional,
        class_domains=dataset.class_domains(task.source.domain),
        target=task.target.domain,
        shape=task.item.shape,
        low=task.item.low,
        high=task.item.high,
    )


def extractors_by_spec(
    registry: Registry, task: TaskFile, metrics: Sequence[Metric]
) -> dict[str, Extractor]:
    """By spec, those that the metrics see images with."""
    extractors = {
        spec: build(registry, Kind.EXTRACTOR, Extractor, spec)
        for metric in metrics
        for spec in _extractor_specs(task, metric)
    }
    for spec, extractor in extractors.items():
        with querying(f"extractor '{spec}'"):
            extractor.sha256()
    return extractors


def _extractor_specs(task: TaskFile, metric: Metric) -> tuple[str, ...]:
    specs = extractors_of(metric, task.extractor or "")
    if "" in specs:
        raise UsageError(
            f"metric '{metric.name}' sees images with an extractor, and task {task.name} names "
            "none; give the metric one of its own or leave it out"
        )
    return specs


def _metrics(
    registry: Registry, task: TaskFile, chosen: Sequence[str] | None
) -> tuple[Metric, ...]:
    """The task's metrics and those asked for; one of a name that the task has takes its place."""
    wanted = {parse_spec(spec)[0]: spec for spec in task.metrics}
    asked: dict[str, str] = {}
    for word in chosen or ():
        everything = expand_all(registry, Kind.METRIC, tuple(task.metrics))
        for spec in everything if word == "all" else (word,):
            name = parse_spec(spec)[0]
            if asked.setdefault(name, spec) != spec:
                raise InvalidOption(
                    f"metric= asks for '{name}' twice, as {asked[name]} and as {spec}; give one"
                )
    return tuple(
        build(registry, Kind.METRIC, Metric, spec) for spec in {**wanted, **asked}.values()
    )


def check_measurable(
    metrics: Sequence[Metric], task: TaskFile, setting: Setting, dataset: Dataset
) -> None:
    """UsageError for a metric that cannot measure the items of a task."""
    for metric in metrics:
        samples_of(metric)
        with querying(f"metric '{metric.name}'"):
            reason = metric.unsupported_reason(setting)
        with querying(f"dataset '{dataset.name}'"):
            if metric.needs_pairs and not dataset.has_pairs(setting.source, setting.target):
                reason = reason or (
                    f"it compares outputs with true targets, and the dataset {dataset.name} has "
                    f"no pairs of {setting.source} and {setting.target}"
                )
        if reason:
            raise UsageError(
                f"metric '{metric.name}' cannot be used with task {task.name}: {reason}; leave the "
                "metric out"
            )


def _columns(registry: Registry, task: TaskFile, metrics: Sequence[Metric]) -> tuple[Column, ...]:
    columns = with_chance(column for metric in metrics for column in columns_of(metric))
    names = [column.name for column in columns]
    filled_by: dict[str, str] = {}
    for metric in metrics:
        for column in with_chance(columns_of(metric)):
            other = filled_by.setdefault(column.name, metric.spec)
            if other != metric.spec:
                raise PluginError(
                    f"the metrics '{other}' and '{metric.spec}' both fill the column "
                    f"'{column.name}'; leave one of them out"
                )
    for name in task.primary:
        if name not in names:
            raise UsageError(
                f"task {task.name} puts the column '{name}' first, but no metric of it fills that; "
                f"there are: {', '.join(names)}"
            )
    _check_flags(registry, task, set(names))
    return columns


def _check_flags(registry: Registry, task: TaskFile, measured: set[str]) -> None:
    """UsageError for a flag whose column is neither measured nor one of the task's own metrics.

    A run may ask for a metric with options under which it fills other columns than the task's; the
    rule then says nothing.
    """
    asked = [(rule.name, name) for rule in task.flags for name in rule.columns]
    if all(name in measured for _, name in asked):
        return
    own = [build(registry, Kind.METRIC, Metric, spec) for spec in task.metrics]
    known = measured | {column.name for metric in own for column in metric.columns()}
    for rule, name in asked:
        if name not in known:
            raise UsageError(
                f"task {task.name} flags rows as '{rule}' by the column '{name}', but no metric "
                f"of it fills that; there are: {', '.join(sorted(known))}"
            )


def _measuring(
    registry: Registry, task: TaskFile, metrics: Sequence[Metric], extractors: Sequence[str]
) -> tuple[Entry, ...]:
    return (
        registry.entry(Kind.DATASET, parse_spec(task.dataset)[0]),
        *(registry.entry(Kind.METRIC, metric.name) for metric in metrics),
        *(registry.entry(Kind.EXTRACTOR, parse_spec(spec)[0]) for spec in extractors),
    )
