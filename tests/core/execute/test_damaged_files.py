"""Files of a run folder that are not what was written: computed again or refused, in one line."""

import json
import os
import random
import warnings

import pytest

from bridgebench import IntegrityError, OutputError
from bridgebench.api import run_choices
from bridgebench.execute.records import RecordWarning
from bridgebench.execute.store import FOLDER_VARIABLE, LIMIT_VARIABLE
from bridgebench.plan.choices import choices_of

COST = ["seconds", "images_per_s", "peak_memory_mb"]

DEEP = "[" * 100_000


def run(out, **words):
    return run_choices(choices_of({"task": "world", "method": "identity", "out": out, **words}))


def numbers(finished):
    return finished.board.table.drop(columns=COST).to_csv()


def test_any_flipped_bit_of_a_record_is_found_out(tmp_path):
    finished = run(tmp_path / "out")
    (record,) = finished.records
    (path,) = (tmp_path / "out" / "records").glob("*.json")
    whole = path.read_bytes()
    pick = random.Random(0)
    for _ in range(200):
        place = pick.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << pick.randrange(8)
        path.write_bytes(damaged)
        try:
            read = finished.folder.records.read(record.identity)
        except IntegrityError:
            continue
        assert read == record  # white space between values


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"value": 0.0', '"value": 0.5', 1),
        lambda text: text.replace('"solver"', '"splver"'),
        lambda text: text.replace('"sha256"', '"sha257"'),
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "3",
        lambda text: DEEP,
        lambda text: text.replace('"value": 0.0', '"value": NaN', 1),
    ],
)
def test_a_damaged_record_is_computed_again_with_one_warning(tmp_path, damage):
    first = run(tmp_path / "out")
    (path,) = (tmp_path / "out" / "records").glob("*.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(damage(text))
    assert path.read_text(encoding="utf-8") != text
    with pytest.warns(RecordWarning) as told:
        second = run(tmp_path / "out")
    (line,) = [str(each.message) for each in told if each.category is RecordWarning]
    assert str(path) in line
    assert "\n" not in line
    assert second.clock.computed_cells == 1
    assert numbers(second) == numbers(first)


def test_a_pipe_in_place_of_a_record_is_not_waited_for(tmp_path):
    first = run(tmp_path / "out")
    for suffix in ("json", "safetensors"):
        (path,) = (tmp_path / "out" / "records").glob(f"*.{suffix}")
        path.unlink()
        os.mkfifo(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert numbers(run(tmp_path / "out")) == numbers(first)


def test_a_pipe_or_a_deep_header_in_the_cache_is_computed_again(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(LIMIT_VARIABLE, "100MB")
    words = {"method": "ddib", "solver": "heun", "transform": "identity"}
    first = run(tmp_path / "first", **words)
    pipe, deep, *others = sorted((tmp_path / "cache").glob("stages/??/*.safetensors"))
    assert others
    pipe.unlink()
    os.mkfifo(pipe)
    header = f'{{"__metadata__": {DEEP}'.encode()
    deep.write_bytes(len(header).to_bytes(8, "little") + header)
    assert numbers(run(tmp_path / "second", **words)) == numbers(first)
    assert pipe.is_file()


@pytest.mark.parametrize(
    "text", ["", "{", DEEP, '{"contract": NaN}', '{"contract": []}', '{"contract": {"x": 1}}']
)
def test_a_damaged_run_json_is_refused_in_one_line(tmp_path, text):
    path = run(tmp_path / "out").folder.run_json
    path.write_text(text)
    with pytest.raises(OutputError) as caught:
        run(tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_one_key_more_in_the_contract_is_told_of(tmp_path):
    path = run(tmp_path / "out").folder.run_json
    content = json.loads(path.read_text(encoding="utf-8"))
    content["contract"]["extra"] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(OutputError, match="extra=1, but this run has extra=None"):
        run(tmp_path / "out")


def test_a_pipe_in_place_of_run_json_is_refused_and_not_waited_for(tmp_path):
    path = run(tmp_path / "out").folder.run_json
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OutputError, match="not a regular file"):
        run(tmp_path / "out")


def test_a_folder_of_a_run_that_was_killed_before_it_began_is_used(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".run.json.123.partial").write_text("{")
    assert run(tmp_path / "out").all_ok


def test_a_kill_while_a_folder_is_emptied_leaves_one_that_can_be_used(tmp_path, monkeypatch):
    run(tmp_path / "out")

    def killed(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "out", n=6, overwrite=True)
    assert run(tmp_path / "out", n=6, overwrite=True).all_ok


def test_a_plugin_that_changes_the_folder_moves_no_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished = run("mine", method="misbehaving:how=folder,identity")
    assert finished.all_ok
    assert (tmp_path / "mine" / "leaderboard.csv").is_file()
    assert finished.folder.path.is_absolute()
