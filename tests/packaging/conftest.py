"""Wheels, built from the sources here, and a venv that has them and borrows the rest."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.scaffold import distribution_of, write_distribution

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example-sdedit"
WORLD = ROOT / "tests" / "world"


@dataclass(frozen=True)
class Outside:
    """A venv of its own; torch and the like come from the environment of the tests.

    Those are found by a path file, and a path file inside borrowed folders is not followed, so that
    an editable install there does not reach in here.
    """

    home: Path

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    def install(self, wheels: Sequence[Path]) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python")]
        words = ["install", "--quiet", "--no-deps", "--no-index", *map(str, wheels)]
        subprocess.run([*pip, *words], check=True, capture_output=True)

    def run(self, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a program of the venv, with the small world of the tests within reach."""
        environment = {**os.environ, "PYTHONPATH": str(WORLD), "OMP_NUM_THREADS": "1"}
        command = [str(self.bin / words[0]), *words[1:]]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )


def build_wheel(source: Path, out: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    before = set(out.glob("*.whl"))
    subprocess.run([*pip, "-w", str(out), str(source)], check=True, capture_output=True)
    (made,) = set(out.glob("*.whl")) - before
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of bridgebench itself."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def example_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the example plugin."""
    return build_wheel(EXAMPLE, tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Builds the wheel of a project."""
    return lambda project: build_wheel(project, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def new_venv(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Outside]:
    """Makes venvs."""

    def make() -> Outside:
        home = tmp_path_factory.mktemp("venv")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
        (site,) = home.glob("lib/python*/site-packages")
        (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        return Outside(home)

    return make


@pytest.fixture(scope="session")
def scaffolds(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """A new plugin of each kind, as it is written."""
    parent = tmp_path_factory.mktemp("scaffolds")
    registry = load_registry()
    return {
        kind: write_distribution(distribution_of(f"new_{kind}", kind, registry), parent)
        for kind in Kind
    }


@pytest.fixture(scope="session")
def outside(
    wheel: Path,
    example_wheel: Path,
    scaffolds: dict[Kind, Path],
    new_venv: Callable[[], Outside],
    tmp_path_factory: pytest.TempPathFactory,
) -> Outside:
    """A venv with the wheels of bridgebench, the example and a new plugin of each kind."""
    out = tmp_path_factory.mktemp("scaffold-wheels")
    venv = new_venv()
    venv.install([wheel, example_wheel, *(build_wheel(f, out) for f in scaffolds.values())])
    return venv
