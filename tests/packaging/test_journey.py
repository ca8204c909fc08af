"""From nothing to a verified row of one's own method, with two wheels and what the docs say."""

import json

import pandas as pd
import pytest

EDITED = '''
        targets = context.held_out_targets()
        chosen = (batch.draw.uniform("mine") * len(targets)).long()
        target = targets.take(chosen.tolist()).images.to(batch.images)
        return Translation(batch.images.lerp(target, self.share))

    def stochastic(self, cell: Cell) -> bool:
        """The target image is drawn."""
        return True
'''
OPTION = (
    "power: float = Field(2.0, gt=0, le=8, description="
    '"to which differences of pixels are raised")',
    'share: float = Field(0.5, ge=0, le=1, description="the weight of the target image")',
)
RUN = ("task=cmnist_to7", "method=mine,ddib", "solver=dpm", "transform=identity", "n=64", "nfe=4")


def edit(file):
    """Ten lines of the file that a new plugin is written with: another method."""
    text = file.read_text(encoding="utf-8")
    head, call, _ = text.partition("        return Translation(nearest(")
    assert call
    head = head.replace(*OPTION).replace("import torch\n", "")
    for old, new in (
        ("The real target image that looks most like", "A real target image laid over"),
        ("The nearest real target image, by the distance of pixels to a power.", "A real seven."),
    ):
        assert old in head
        head = head.replace(old, new)
    file.write_text(head + EDITED.lstrip("\n"), encoding="utf-8")


@pytest.fixture(scope="module")
def fresh(new_venv, wheel):
    """A venv with the wheel of bridgebench alone."""
    venv = new_venv()
    venv.install([wheel])
    return venv


def test_a_stranger_writes_runs_publishes_and_verifies_a_method(fresh, build, tmp_path):
    def does(*words, status=0):
        done = fresh.run(*words, cwd=tmp_path)
        assert done.returncode == status, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    does("bridgebench", "new-plugin", "mine", "--kind", "method")
    project = tmp_path / "bridgebench-mine"
    edit(project / "src" / "bridgebench_mine" / "mine.py")
    fresh.install([build(project)])

    assert "bridgebench-mine" in does("bridgebench", "plugins")
    assert "checks passed" in does("bridgebench", "check", "mine")
    does("bridgebench", "run", *RUN, "out=runs/mine")
    table = pd.read_csv(tmp_path / "runs" / "mine" / "leaderboard.csv").set_index("method")
    assert set(table["status"]) == {"ok"}
    mine, ddib = table.loc["mine"], table.loc["ddib"]
    assert (mine["nfe_total"], ddib["nfe_total"]) == (0, 8)
    assert json.loads(mine["plugins"])["bridgebench_mine"]["distribution"] == "bridgebench-mine"
    assert "bridgebench_mine" not in json.loads(ddib["plugins"])

    board = "runs/mine/leaderboard.csv"
    assert ": ok" in does("bridgebench", "leaderboard", "validate", board)
    does("bridgebench", "leaderboard", "publish", board, "name=mine")
    published = tmp_path / "leaderboard" / "cmnist_to7" / "mine.csv"
    assert published.read_bytes() == (tmp_path / board).read_bytes()
    assert (tmp_path / "leaderboard" / "index.html").stat().st_size > 10_000
    does("bridgebench", "leaderboard", "page", board, "out=page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "bridgebench-mine" in page
    verdicts = does("bridgebench", "leaderboard", "verify", str(published), "by=ada").splitlines()
    assert [": reproduced: " in line for line in verdicts[:2]] == [True, True], verdicts
    assert (published.parent / "verifications.json").exists()
