from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Draw = Callable[..., Path]

TASK = """
name: photos
summary: Day into night.
dataset: folder:path=photos
source: {domain: day, unconditional: day, split: test}
target: {domain: night, reference: train, held_out: test}
item: {shape: [3, 8, 8], low: -1.0, high: 1.0}
extractor: world_channels
metrics: [fid, transport]
primary: [fid]
ranked_by: fid
axes: {method: [identity]}
protocols:
  quick: {n: 4, nfe: [1], seeds: [0], batch: 4}
"""


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Writes an image whose pixels follow from its path below the folder of the test."""

    def by(
        path: Path, size: tuple[int, int] = (8, 8), mode: str = "RGB", **options: object
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(list(path.relative_to(tmp_path).as_posix().encode()))
        channels = {"RGB": (3,), "L": (), "RGBA": (4,)}[mode]
        pixels = random.integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
        Image.fromarray(pixels, mode).save(path, **options)
        return path

    return by


@pytest.fixture
def photos(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two domains with a train and a test split, and a task of them beside it."""
    monkeypatch.chdir(tmp_path)
    for domain in ("day", "night"):
        for split in ("train", "test"):
            for index in range(6):
                draw(tmp_path / "photos" / domain / split / f"{index:03d}.png")
    (tmp_path / "photos.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path / "photos"
