"""Export, and the method `outputs`: what was made elsewhere gets the row that it deserves."""

import csv
import hashlib
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from bridgebench.cli import main
from bridgebench.leaderboard.audit.verifications import read_verifications
from bridgebench.plugins.specs import parse_spec
from bridgebench_files.outputs import Outputs


def call(*words):
    return CliRunner().invoke(main, list(words))


def refused(*words):
    result = call(*words)
    assert result.exit_code == 2, result.output
    (line,) = [each for each in result.stderr.splitlines() if not each.startswith("planning ")]
    return line


def row(folder, method):
    table = pd.read_csv(folder / "leaderboard.csv")
    return table[table["method"] == method].iloc[0]


@pytest.fixture
def sources(photos):
    """The exported sources of the task of photos."""
    result = call("export", "task=photos.yaml", "out=sources")
    assert result.exit_code == 0, result.output
    return photos.parent / "sources"


def test_the_manifest_names_every_file(sources):
    with (sources / "manifest.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4
    for each in rows:
        file = sources / each["file"]
        assert each["file"] == f"seed-0/{each['id']}.png"
        assert each["domain"] == "day"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == each["sha256"]
        original = sources.parent / "photos" / f"{each['id']}.png"
        assert Image.open(file).tobytes() == Image.open(original).tobytes()


def test_nothing_is_overwritten(sources):
    said = refused("export", "task=photos.yaml", "out=sources")
    assert "not an empty folder" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("task=photos.yaml", "'out' must be given"),
        ("out=new", "'task' must be given"),
        ("task=photos.yaml out=new method=ddib", "'method' is no word of export"),
        ("task=photos.yaml out=new n=7", "give n=6 or less"),
        ("task=photos.yaml out=new seed=x", "seed=x"),
        ("task=gaussian out=new", "export needs items that are images"),
        ("task=photos.yaml out=new protocol=quik", "did you mean quick"),
    ],
)
def test_a_wrong_export_is_refused_and_writes_nothing(photos, words, said):
    assert said in refused("export", *words.split())
    assert not (photos.parent / "new").exists()


def test_copied_sources_score_as_identity_does(sources):
    shutil.copytree(sources, sources.parent / "copied")
    words = ["run", "task=photos.yaml", "method=identity,outputs:folder=copied", "out=mine"]
    result = call(*words)
    assert result.exit_code == 0, result.output
    here = sources.parent / "mine"
    same, copied = row(here, "identity"), row(here, "outputs:folder=copied")
    for column in ("fid", "fid_low", "fid_high", "fid_floor", "transport"):
        assert copied[column] == same[column], column
    assert copied["transport"] == 0
    assert copied["supervision"] == "unpaired"
    assert pd.isna(copied["nfe"])
    assert "outputs/copied" in copied["weights"]


def test_saved_images_can_be_scored_again(photos):
    words = ["run", "task=photos.yaml", "method=random_target", "seed=0,1"]
    assert call(*words, "save=images", "out=first").exit_code == 0
    for saved in (photos.parent / "first" / "images").iterdir():
        shutil.copytree(saved, photos.parent / "saved", dirs_exist_ok=True)
    method = "outputs:folder=saved:given=none:label=again"
    assert (
        call("run", "task=photos.yaml", f"method={method}", "seed=0,1", "out=second").exit_code == 0
    )
    first = pd.read_csv("first/leaderboard.csv").set_index("seed")
    second = pd.read_csv("second/leaderboard.csv").set_index("seed")
    assert set(second["method"]) == {method}
    assert set(second["supervision"]) == {"none"}
    for column in ("fid", "transport"):
        assert first[column].to_dict() == pytest.approx(second[column].to_dict(), rel=1e-6)


def test_outputs_in_a_subfolder_are_found_by_hash_and_rescored(sources):
    shutil.copytree(sources, sources.parent / "some" / "where" / "copied")
    words = ["run", "task=photos.yaml", "method=outputs:folder=some/where/copied", "out=mine"]
    assert call(*words).exit_code == 0
    verify = ["leaderboard", "verify", "mine/leaderboard.csv", "task=photos.yaml"]
    missing = call(*verify)
    assert missing.exit_code == 2
    assert "row 1: cannot: outputs:folder=copied" in missing.stdout
    decoy = sources.parent / "some" / "copied"
    shutil.copytree(sources, decoy)
    Image.new("RGB", (8, 8), "red").save(next(decoy.rglob("*.png")))
    found = call(*verify, "weights_path=photos,some", "by=ada")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("row 1: rescored: outputs:folder=copied (seed 0): ")
    (verdict,) = read_verifications(sources.parent / "mine" / "leaderboard.csv")
    assert verdict.verdict == "rescored"
    shown = call("leaderboard", "show", "mine/leaderboard.csv", "task=photos.yaml")
    assert "0 rows are verified, 1 rescored, 0 disputed, 0 self-reported." in shown.stdout


def test_a_metric_with_an_option_that_must_be_given_leaves_a_board_to_read(photos):
    metric = "metric=accuracy:label=1:classifier=world_channels"
    assert call("run", "task=photos.yaml", "method=identity", metric, "out=mine").exit_code == 0
    for command in ("show", "validate", "verify"):
        result = call("leaderboard", command, "mine/leaderboard.csv", "task=photos.yaml")
        assert result.exit_code == 0, result.output


def test_a_changed_file_is_another_cell(sources):
    words = ["run", "task=photos.yaml", "method=outputs:folder=sources", "out=mine"]
    assert "1 cells computed" in call(*words).stdout
    assert "0 cells computed, 1 reused" in call(*words).stdout
    before = row(sources.parent / "mine", "outputs:folder=sources")
    file = next(sources.rglob("*.png"))
    Image.new("RGB", (8, 8), "red").save(file)
    assert "1 cells computed" in call(*words).stdout
    after = row(sources.parent / "mine", "outputs:folder=sources")
    assert (before["weights"], before["fid"]) != (after["weights"], after["fid"])
    assert before["weights"] != after["weights"]


def test_outputs_that_do_not_fit_are_refused_before_anything_is_written(sources, draw):
    words = ["run", "task=photos.yaml", "method=outputs:folder=sources", "out=mine"]
    file = sorted(sources.rglob("*.png"))[0]
    kept = file.read_bytes()

    file.unlink()
    assert "sources lacks 1 of 4 outputs" in refused(*words)
    file.write_bytes(b"junk")
    assert "is not an image" in refused(*words)
    draw(file, (9, 8))
    assert "has 9x8 pixels, but the task's images have 8x8" in refused(*words)
    file.write_bytes(kept)
    stray = draw(sources / "seed-0" / "stray.png")
    assert "1 files that are no output of this run" in refused(*words)
    stray.unlink()
    assert "lacks 4 of 4" in refused(*words, "seed=1")
    assert "there is no folder nowhere" in refused(
        "run", "task=photos.yaml", "method=outputs:folder=nowhere", "out=mine"
    )
    assert "given=much" in refused(
        "run", "task=photos.yaml", "method=outputs:folder=sources:given=much", "out=mine"
    )
    assert not (sources.parent / "mine").exists()


def test_two_folders_of_one_name_are_told_apart_or_refused(sources):
    shutil.copytree(sources, sources.parent / "other" / "sources")
    both = "method=outputs:folder=sources,outputs:folder=other/sources"
    assert "rename a file or folder" in refused("run", "task=photos.yaml", both, "out=mine")


def test_a_task_of_vectors_skips_it(photos, tmp_path):
    words = ["run", "task=eot_mixture_d2_eps1", "n=4", "method=outputs:folder=photos", "out=mine"]
    result = call(*words)
    assert result.exit_code == 1, result.output
    assert row(tmp_path / "mine", "outputs:folder=photos")["status"] == "skipped"


@pytest.mark.parametrize("name", ["out 10:30", "a,b", "a+b", 'say "x"'])
def test_a_folder_of_any_name_is_written_so_that_it_parses_back(tmp_path, name):
    made = Outputs(folder=tmp_path / name)
    assert parse_spec(made.spec) == ("outputs", {"folder": name})


def test_the_folder_one_is_in_is_called_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Outputs(folder=".").spec == f"outputs:folder={tmp_path.name}"
