"""What a new plugin consists of: names made of one name, and files made of templates."""

from __future__ import annotations

import importlib.util
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from bridgebench.errors import DuplicateName, InvalidOption
from bridgebench.plugins.registry import Kind, Registry

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 28

_FILES = {
    "pyproject.toml": "any/pyproject.toml",
    "README.md": "any/README.md",
    "src/{package}/__init__.py": "any/init",
    "src/{package}/hooks.py": "any/hooks",
    "src/{package}/{name}.py": "{kind}/plugin",
    "tests/test_{name}.py": "{kind}/test",
}
"""Path in the distribution -> template."""

_WITH_TASK = {
    "src/{package}/hooks.py": "any/hooks_with_task",
    "src/{package}/{name}_task.yaml": "{kind}/task",
}
"""What a kind that no task uses yet has besides, to be tried in."""

_TASK_ALONE = {
    "src/{package}/hooks.py": "task/hooks",
    "src/{package}/{name}.yaml": "task/plugin",
}

_RUN = "bridgebench run task=cmnist_to7 n=64 out=runs/{name}"
_RUNS = {
    Kind.DATASET: "bridgebench run task={name}_task",
    Kind.SCORE: f"{_RUN} method=random_latent target_score={{name}}",
    Kind.SOLVER: f"{_RUN} method=random_latent solver={{name}}",
    Kind.TRANSFORM: f"{_RUN} method=ddib solver=dpm transform={{name}}",
    Kind.EXTRACTOR: "bridgebench run task={name}_task",
    Kind.METHOD: f"{_RUN} method={{name}}",
    Kind.METRIC: f"{_RUN} method=recolor metric={{name}}",
    Kind.TASK: "bridgebench run task={name}",
}


@dataclass(frozen=True)
class Distribution:
    """A plugin that is not written yet.

    name  what people will type for it
    kind  what it is
    """

    name: str
    kind: Kind

    @property
    def folder(self) -> str:
        """The name of the distribution, and of the folder it is written to."""
        return f"bridgebench-{self.name.replace('_', '-')}"

    @property
    def package(self) -> str:
        """The name of its import package."""
        return f"bridgebench_{self.name}"

    @property
    def edit(self) -> str:
        """The file to edit."""
        suffix = "yaml" if self.kind is Kind.TASK else "py"
        return f"src/{self.package}/{self.name}.{suffix}"

    @property
    def run(self) -> str:
        """A command that uses it."""
        return _RUNS[self.kind].format(name=self.name)

    def files(self) -> Mapping[str, str]:
        """Path -> text of every file.

        >>> sorted(Distribution("midpoint", Kind.SOLVER).files())[3:5]
        ['src/bridgebench_midpoint/hooks.py', 'src/bridgebench_midpoint/midpoint.py']
        """
        words = {
            "name": self.name,
            "kind": str(self.kind),
            "package": self.package,
            "distribution": self.folder,
            "class_name": "".join(part.capitalize() for part in self.name.split("_")),
            "edit": self.edit,
            "run": self.run,
        }
        written = {
            path.format(**words): Template(_template(source.format(**words))).substitute(words)
            for path, source in self._templates().items()
        }
        return {**written, f"src/{self.package}/py.typed": ""}

    def _templates(self) -> Mapping[str, str]:
        if self.kind in (Kind.DATASET, Kind.EXTRACTOR):
            return {**_FILES, **_WITH_TASK}
        if self.kind is Kind.TASK:
            python = "src/{package}/{name}.py"
            return {k: v for k, v in _FILES.items() if k != python} | _TASK_ALONE
        return _FILES


def distribution_of(name: str, kind: Kind, registry: Registry) -> Distribution:
    """The distribution of a new plugin.

    InvalidOption for a name that cannot be typed or imported; DuplicateName for one that is taken.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > _LONGEST:
        raise InvalidOption(
            f"'{name:.60}' cannot name a plugin; use up to {_LONGEST} of a-z, 0-9 and single _, "
            "beginning with a letter and no word of Python, such as my_method"
        )
    made = Distribution(name, kind)
    if name in registry.entries[kind]:
        raise DuplicateName(
            f"{kind} '{name}' is there already, from {registry.entries[kind][name].source}; "
            "choose another name"
        )
    if importlib.util.find_spec(made.package) is not None:
        raise DuplicateName(
            f"a package {made.package} is installed already; choose another name than '{name}'"
        )
    return made


def _template(name: str) -> str:
    place = files("bridgebench.scaffold").joinpath(f"templates/{name}.template")
    return place.read_text(encoding="utf-8")
