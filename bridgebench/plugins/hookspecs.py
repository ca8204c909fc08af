"""The hooks of a plugin module.

A plugin is a distribution with an entry point in the group `bridgebench` that names a module. The
module says for which version of the interfaces it was written (`api = 2`) and has one function for
each kind that it brings:

    from bridgebench import hookimpl

    api = 2

    @hookimpl
    def bridgebench_solvers():
        return {"midpoint": "my_package.midpoint:Midpoint"}

Each hook returns a mapping from name to class, or to "module:Class", which is imported only when
somebody asks for it and keeps start-up light.
"""

from collections.abc import Mapping

import pluggy

PROJECT = "bridgebench"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def bridgebench_datasets() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Datasets by name: subclasses of Dataset."""


@hookspec
def bridgebench_scores() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Score models by name: subclasses of ScoreModel."""


@hookspec
def bridgebench_solvers() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """ODE solvers by name: subclasses of Solver."""


@hookspec
def bridgebench_transforms() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Transforms by name: subclasses of Transform."""


@hookspec
def bridgebench_extractors() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Extractors by name: subclasses of Extractor."""


@hookspec
def bridgebench_methods() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Methods by name: subclasses of Method."""


@hookspec
def bridgebench_metrics() -> Mapping[str, "type | str"]:  # type: ignore[empty-body]
    """Metrics by name: subclasses of Metric."""


@hookspec
def bridgebench_tasks() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Tasks by name: the YAML file of each as "package:path/to/file.yaml"."""
