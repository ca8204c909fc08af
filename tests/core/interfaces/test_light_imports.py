"""Modules that are imported at every start do not drag in torch."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "bridgebench",
        "bridgebench.interfaces.plugin",
        "bridgebench_solvers.hooks",
        "bridgebench_transforms.hooks",
        "bridgebench_ddib.hooks",
        "bridgebench_baselines.hooks",
    ],
)
def test_import_stays_free_of_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=900)


def test_a_plan_needs_none_of_what_only_scoring_does() -> None:
    code = (
        "import sys; from bridgebench.cli import main\n"
        "main(['plan', 'task=cmnist_to7'], standalone_mode=False)\n"
        "heavy = {'torchmetrics', 'torch_fidelity', 'torchvision', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr


def test_a_finished_run_does_without_torch(tmp_path) -> None:
    words = ["run", "task=cmnist_to7", "method=identity", "n=4", f"out={tmp_path / 'out'}"]
    command = [sys.executable, "-m", "bridgebench", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    code = (
        "import sys; from bridgebench.cli import main\n"
        f"main({words}, standalone_mode=False)\n"
        "heavy = {'torch', 'torchmetrics', 'torchvision'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    assert "0 cells computed, 1 reused" in done.stdout


EVERY_CLASS = """
import sys
from bridgebench.plugins.registry import Kind, load_registry
registry = load_registry()
for kind in Kind:
    for name in registry.names(kind) if kind is not Kind.TASK else ():
        if registry.entry(kind, name).source.distribution == "bridgebench":
            registry.load(kind, name)
            assert "torch" not in sys.modules, f"{kind} {name}"
"""


def test_no_class_of_a_plugin_imports_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERY_CLASS],
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
