"""`bridgebench doctor`."""

from __future__ import annotations

import platform
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import click

from bridgebench.cli.say import say
from bridgebench.errors import BridgebenchError
from bridgebench.execute.cores import usable_cores
from bridgebench.isolation.calls import querying
from bridgebench.plugins.registry import Kind, Registry, load_registry


@click.command()
def doctor() -> None:
    """Check this machine and this installation: versions, device, plugins, data and weights.

    Exit status 1 if something is wrong.
    """
    problems = [*_packages(), *_machine()]
    registry = load_registry()
    problems += [f"{fault.source}: {fault.reason}" for fault in registry.faults]
    for clash in registry.clashes.values():
        say(f"warning: {clash}", err=True)
    problems += _files(registry)
    for problem in problems:
        say(f"wrong: {problem}", err=True)
    if problems:
        raise SystemExit(1)
    say("no problems found")


def _packages() -> list[str]:
    say(f"python {platform.python_version()} on {platform.platform()}")
    problems = []
    said = []
    for requirement in requires("bridgebench") or ():
        if "extra ==" in requirement:
            continue
        name = "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            problems.append(f"{name} is not installed; run: pip install {name}")
    say(f"bridgebench {version('bridgebench')} with {', '.join(said)}")
    return problems


def _machine() -> list[str]:
    import torch

    from bridgebench.plan.machine import computes_bf16, resolve_device

    device = resolve_device("auto")
    bf16 = "computes in bf16" if computes_bf16(device) else "no bf16"
    say(f"device {device}, {bf16}, {torch.get_num_threads()} threads, {usable_cores()} cores")
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            say("this folder can be written")
    except OSError as error:
        say(f"this folder cannot be written ({error.strerror}); give out= elsewhere")
    return []


def _files(registry: Registry) -> list[str]:
    from bridgebench.interfaces.dataset import Dataset
    from bridgebench.interfaces.extractor import Extractor
    from bridgebench.interfaces.score_model import ScoreModel
    from bridgebench.plugins.specs import build, expand_all

    problems = []
    for kind in (Kind.DATASET, Kind.SCORE, Kind.EXTRACTOR):
        for name in expand_all(registry, kind, ()):
            try:
                with querying(f"{kind} '{name}'"):
                    if kind is Kind.DATASET:
                        files = len(build(registry, kind, Dataset, name).files())
                    elif kind is Kind.SCORE:
                        files = len(build(registry, kind, ScoreModel, name).files())
                    else:
                        build(registry, kind, Extractor, name).sha256()
                        files = 1
            except BridgebenchError as error:
                problems.append(f"{kind} {name}: {error}")
            else:
                say(f"{kind} {name}: {files} file{'s' * (files != 1)} as they should be")
    return problems
