from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, ttest_rel


@pytest.fixture
def board(bench, run_folder) -> Path:
    """A run with three transforms of one method, and a method without transforms."""
    bench.records.clear()
    bench.items.clear()
    rng = np.random.default_rng(0)
    common = rng.normal(size=40)
    right = np.r_[np.ones(20), np.zeros(20)]
    rows = {"identity": (right, 10.0), "better": (np.ones(40), 4.0), "near": (right, 10.2)}
    for transform, (success, fid) in rows.items():
        record = bench.add("ddib", success, transform=transform, fid=fid)
        noise = rng.normal(size=40)
        items = fid + common + 0.3 * (noise - noise.mean()) - common.mean()
        bench.items[record.identity]["fid"] = torch.tensor(items)
    bench.add("cyclegan", 1 - right, solver=None, transform=None, fid=50.0)
    return run_folder(bench)


def words(path: Path, *others: str) -> tuple[str, ...]:
    return ("compare", str(path), "task=small.yaml", "--to", *others)


def test_each_row_is_tested_against_the_named_one(board: Path, call, bench) -> None:
    result = call(*words(board, "transform=identity", "out=pairs.csv"))
    assert result.exit_code == 0, result.output
    with Path("pairs.csv").open(encoding="utf-8") as stream:
        lines = {(line["metric"], line["transform"]): line for line in csv.DictReader(stream)}
    assert set(lines) == {(m, t) for m in ("success", "fid") for t in ("better", "near")}
    share, near = lines["success", "better"], lines["success", "near"]
    p = binomtest(20, 20).pvalue
    assert float(share["p"]) == pytest.approx(p)
    assert float(share["p_adjusted"]) == pytest.approx(2 * p)
    assert (share["difference"], share["verdict"], share["images"]) == ("0.5", "better", "40")
    assert (near["p"], near["verdict"], near["reference_transform"]) == ("1.0", "", "identity")
    items = [bench.items[record.identity].get("fid") for record in bench.records]
    expected = ttest_rel(items[1], items[0])
    fid = lines["fid", "better"]
    assert float(fid["p"]) == pytest.approx(expected.pvalue, rel=1e-6)
    assert float(fid["difference"]) == pytest.approx(-6.0)
    interval = expected.confidence_interval(0.95)
    assert float(fid["difference_low"]) == pytest.approx(interval.low)
    assert float(fid["difference_high"]) == pytest.approx(interval.high)
    assert fid["comparisons"] == "2"


def test_the_result_is_said_in_a_line_a_metric(board: Path, call) -> None:
    result = call(*words(board, "transform=identity"))
    assert (
        "1 of 2 rows differ significantly from transform=identity in success: 1 better, 0 worse "
        "(paired tests at 5 %, Holm over 2 comparisons)." in result.stdout
    )
    assert (
        "1 rows were not compared, as there is no such row beside them: cyclegan" in result.stdout
    )
    better = next(line for line in result.stdout.splitlines() if line.split()[1:2] == ["better"])
    assert better.split()[:4] == ["ddib", "better", "1", "0.5"]
    assert better.split()[-2:] == ["*", "better"]


def test_one_row_can_be_the_reference_of_all(board: Path, call) -> None:
    result = call(*words(board, "method=cyclegan", "metric=success"))
    assert result.exit_code == 0, result.output
    assert (
        "1 of 3 rows differ significantly from method=cyclegan in success: 1 better"
        in result.stdout
    )
    assert "Every row was compared with that one row of its seed." in result.stdout


def test_words_choose_the_rows_that_are_compared(board: Path, call) -> None:
    result = call(*words(board, "transform=identity", "transform=near", "metric=success"))
    assert "0 of 1 rows differ significantly" in result.stdout


@pytest.mark.parametrize("word", ["seed=0", "supervision=unpaired", "nfe=10"])
def test_a_filter_takes_every_word_that_show_takes(board: Path, call, word: str) -> None:
    result = call(*words(board, "transform=identity", word, "metric=success"))
    assert result.exit_code == 0, result.output
    assert "1 of 2 rows differ significantly" in result.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("transform=identty",), "did you mean identity"),
        (("method=ddib,solver=-",), "not in one row"),
        (("transform=identity", "metric=fidd"), "unknown metric column 'fidd'; did you mean fid"),
        (("transform=identity", "metric=fid_floor"), "fid_floor has no per-image statistics"),
        (("transform=identity", "top=3"), "unknown word of compare 'top'"),
        (("transform=identity", "out=board.csv"), "out=board.csv is there already"),
        (("transform",), "must be AXIS=VALUE"),
    ],
)
def test_what_cannot_be_compared_is_one_line(board: Path, refusal, more, message) -> None:
    assert message in refusal(*words(board, *more))


def test_a_file_without_its_run_says_how_to_make_one(board: Path, refusal) -> None:
    line = refusal(*words(Path("board.csv"), "transform=identity"))
    assert "board.csv has no per-image statistics of ddib dpm identity (seed 0) beside it" in line
    assert "bridgebench run task=small protocol=quick out=FOLDER" in line


def test_records_of_other_numbers_are_not_taken_for_those_of_the_file(
    board: Path, refusal, bench, run_folder
) -> None:
    text = board.read_text(encoding="utf-8")
    bench.records[1] = bench.records[1].model_copy(
        update={"values": {**bench.records[1].values, "fid": bench.records[0].values["fid"]}}
    )
    run_folder(bench)
    board.write_text(text, encoding="utf-8")
    line = refusal(*words(board, "transform=identity"))
    assert "the records beside it have other numbers for ddib dpm better (seed 0)" in line


def test_show_and_page_count_the_pairs_of_a_run(board: Path, call) -> None:
    sentence = "of all 6 pairs of ranked rows"
    assert sentence in call("show", str(board), "task=small.yaml").stdout
    assert call("page", str(board), "task=small.yaml", "out=page.html").exit_code == 0
    assert sentence in Path("page.html").read_text(encoding="utf-8")
    alone = Path("alone.csv")
    alone.write_text(board.read_text(encoding="utf-8"), encoding="utf-8")
    assert "pairs" not in call("show", str(alone), "task=small.yaml").stdout
