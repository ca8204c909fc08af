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
