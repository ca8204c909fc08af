from __future__ import annotations

import csv
import dataclasses
import io
import struct
import warnings
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bridgebench.errors import IntegrityError, OutputError
from bridgebench.execute.records import Value
from bridgebench.leaderboard.csv import raw
from bridgebench.leaderboard.csv.files import to_csv, write_text

from ..conftest import rows_in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leaderboard.csv"


@pytest.fixture
def written(full_bench, path: Path) -> Path:
    write_text(full_bench.board().csv, path)
    return path


def read_plainly(path: Path) -> pd.DataFrame:
    """As anybody with pandas would read it; from pandas 3.1 on, the option is the default."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'float_precision' argument is deprecated")
        return pd.read_csv(path, float_precision="round_trip")


def bits(values) -> list[bytes]:
    return [b"" if pd.isna(value) else struct.pack("<d", value) for value in values]


def test_a_board_reads_back_as_it_was(full_bench, written: Path) -> None:
    board = full_bench.board()
    again = rows_in(written, full_bench.task, full_bench.columns)
    assert [row.cells for row in again] == [row.cells for row in board.rows]
    assert to_csv(again, board.metrics) == written.read_text(encoding="utf-8")


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(numbers=st.lists(FLOATS | st.none(), min_size=4, max_size=4), words=WORDS)
def test_every_float_and_word_reads_back_to_the_same_bits(
    bench, path: Path, numbers, words
) -> None:
    bench.records.clear()
    values = dict(zip(("success", "fid", "color_deg", "accuracy"), numbers, strict=True))
    bench.add(
        "ddib",
        values={name: Value(value=v, low=v, high=v) for name, v in values.items()},
        facts={"supervision": "none", "latent_std": numbers[0]},
        cost={"nfe_total": numbers[1], "seconds": numbers[2]},
        provenance={"device": words, "options": {"word": words}},
    )
    board = bench.board()
    write_text(board.csv, path)
    (row,) = board.rows
    (again,) = rows_in(path, bench.task, bench.columns)
    plain = read_plainly(path)
    assert again.cells == row.cells
    for name in board.table.select_dtypes("float64"):
        assert bits([again.cells[name]]) == bits([row.cells[name]])
        assert bits(plain[name]) == bits([row.cells[name]])


def test_the_file_is_utf8_with_lf_and_no_index(bench, path: Path) -> None:
    bench.add("ddib", 0.5, provenance={"device": 'Grüße, "x"'})
    write_text(bench.board().csv, path)
    content = path.read_bytes()
    assert content.startswith(b"task,protocol,method,")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert "Grüße" in content.decode("utf-8")
    assert read_plainly(path)["device"].tolist() == ['Grüße, "x"']


def test_yes_and_no_are_words_and_counts_are_whole(written: Path) -> None:
    plain = pd.read_csv(written, dtype=str)
    assert plain["pareto"].tolist()[:3] == ["true", "true", "false"]
    assert plain["nfe_total"].tolist()[0] == "20"
    assert plain["seconds"].tolist()[0] == "1.25"


def test_a_board_that_cannot_be_written_is_one_line(full_bench, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written: No such file"):
        write_text(full_bench.board().csv, tmp_path / "nowhere" / "leaderboard.csv")


def test_a_board_takes_the_place_of_the_old_one_at_once(full_bench, path: Path) -> None:
    path.write_text("old", encoding="utf-8")
    write_text(full_bench.board().csv, path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def edit(text: str, row: int, column: str, value: str) -> str:
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    frame.loc[row, column] = value
    return frame.to_csv(index=False, lineterminator="\n")


def without(text: str, column: str) -> str:
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    return frame.drop(columns=column).to_csv(index=False, lineterminator="\n")


BROKEN = {
    "maybe Pareto": (lambda t: edit(t, 0, "pareto", "yes"), "column pareto: 'yes' is not true, "),
    "CR alone": (lambda t: t.replace("\n", "\r"), r"control character '\r'"),
    "a blank line within": (lambda t: t.replace("\n", "\n\n", 2), "row 1 has 0 cells"),
    "a decimal comma": (lambda t: edit(t, 0, "fid", "40,5"), "decimal comma"),
    "half a seed": (lambda t: edit(t, 0, "seed", "0.5"), "'0.5' is not a whole number"),
    "a mark that reverses letters": (
        lambda t: edit(t, 0, "device", "cpu\u202e"),
        r"control character '\u202e'",
    ),
    "a letter of no width": (
        lambda t: edit(t, 0, "method", "dd\u200bib"),
        r"control character '\u200b'",
    ),
    "a missing axis": (lambda t: without(t, "solver"), "lacks the column 'solver'"),
    "a missing primary column": (lambda t: without(t, "fid_high"), "lacks the column 'fid_high'"),
    "an unknown column": (
        lambda t: t.replace(",reason,", ",mood,", 1),
        "lacks the column 'reason'",
    ),
    "one column too many": (
        lambda t: "\n".join(line and f"{line},x" for line in t.split("\n")),
        "has the column 'x', which no metric of task small gives",
    ),
    "columns in another order": (
        lambda t: t.replace("task,protocol", "protocol,task", 1),
        "column 1 is 'protocol', 'task' was expected",
    ),
    "a column twice": (lambda t: t.replace("solver,", "method,", 1), "column 'method' twice"),
    "a word for a number": (
        lambda t: edit(t, 1, "fid", "low"),
        "row 2, column fid: 'low' is not a",
    ),
    "NaN": (lambda t: edit(t, 0, "fid", "nan"), "row 1, column fid: 'nan'"),
    "infinity": (lambda t: edit(t, 0, "fid", "inf"), "row 1, column fid: 'inf'"),
    "a number beyond floats": (lambda t: edit(t, 0, "fid", "1e999"), "not a finite number"),
    "an underscore in a number": (lambda t: edit(t, 0, "fid", "1_0"), "'1_0' is not a number"),
    "a fraction of an image": (
        lambda t: edit(t, 2, "n", "40.5"),
        "row 3, column n: '40.5' is not a",
    ),
    "a short row": (lambda t: t + "small,quick\n", "row 9 has 2 cells"),
    "an open quote": (lambda t: t + '"small', "is not a CSV"),
    "a control character": (lambda t: edit(t, 0, "device", "\x1b[31m"), "control character"),
    "nothing": (lambda t: "", "is empty"),
    "a huge cell": (lambda t: edit(t, 0, "device", "x" * 70_000), "cell of over 65536"),
}


def by_pandas(text: str) -> str:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'float_precision' argument is deprecated")
        frame = pd.read_csv(io.StringIO(text), float_precision="round_trip")
    return frame.to_csv(lineterminator="\n")


SAVED_AGAIN = {
    "a byte order mark": lambda t: "\ufeff" + t,
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "a blank last row": lambda t: t + "\n",
    "a last row of empty cells": lambda t: t + "," * t.partition("\n")[0].count(",") + "\n",
    "semicolons": lambda t: by_csv(t, ";"),
    "tabs": lambda t: by_csv(t, "\t"),
    "every cell in quotes": lambda t: by_csv(t, ",", csv.QUOTE_ALL),
    "yes and no in capitals": lambda t: t.replace(",true", ",TRUE").replace(",false", ",FALSE"),
    "pandas": by_pandas,
    "pandas, then a spreadsheet": lambda t: "\ufeff" + by_csv(by_pandas(t), ";") + "\n",
}


def by_csv(text: str, delimiter: str, quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerows(csv.reader(io.StringIO(text, newline="")))
    return stream.getvalue()


@pytest.mark.parametrize("case", SAVED_AGAIN)
def test_a_file_that_another_program_saved_is_the_same_board(
    full_bench, written: Path, case: str
) -> None:
    rows = full_bench.board().rows
    text = SAVED_AGAIN[case](written.read_text("utf-8"))
    assert text != written.read_text("utf-8")
    written.write_text(text, encoding="utf-8", newline="")
    again = rows_in(written, full_bench.task, full_bench.columns)
    assert [row.cells for row in again] == [row.cells for row in rows]


def test_utf_16_is_named(full_bench, written: Path) -> None:
    written.write_text(written.read_text("utf-8"), encoding="utf-16")
    with pytest.raises(IntegrityError, match="is UTF-16; save it as UTF-8"):
        rows_in(written, full_bench.task, full_bench.columns)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_clear_line(full_bench, written: Path, case: str) -> None:
    damage, message = BROKEN[case]
    written.write_text(damage(written.read_text("utf-8")), encoding="utf-8", newline="")
    with pytest.raises(IntegrityError) as caught:
        rows_in(written, full_bench.task, full_bench.columns)
    assert message in str(caught.value)
    assert str(written) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_latin_1_is_not_utf8(full_bench, written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b"cpu", "Gerät".encode("latin-1")))
    with pytest.raises(IntegrityError, match="not UTF-8"):
        rows_in(written, full_bench.task, full_bench.columns)


def test_a_file_that_is_too_large_is_not_read(full_bench, written: Path, monkeypatch) -> None:
    monkeypatch.setattr(raw, "MAX_FILE_BYTES", 1000)
    with pytest.raises(IntegrityError, match="more than 1000 bytes"):
        rows_in(written, full_bench.task, full_bench.columns)


def test_junk_within_the_size_is_refused_by_its_form(full_bench, path: Path) -> None:
    path.write_bytes(b"x" * 2_000_000)
    with pytest.raises(IntegrityError, match="is not a CSV"):
        rows_in(path, full_bench.task, full_bench.columns)


def test_a_folder_or_a_file_that_is_not_there(full_bench, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.csv"):
        with pytest.raises(IntegrityError, match=r"cannot be read|not a regular file"):
            rows_in(path, full_bench.task, full_bench.columns)


def test_secondary_metrics_may_stand_in_any_order_or_lack(full_bench, path: Path) -> None:
    kid = dataclasses.replace(full_bench.columns[2], name="kid")
    full_bench.columns = (*full_bench.columns, kid)
    write_text(full_bench.board().csv, path)
    for known in (full_bench.columns, full_bench.columns[::-1]):
        row, *_ = rows_in(path, full_bench.task, known)
        assert [name for name in row.cells if name in ("kid", "fid_floor")] == [
            "fid_floor",
            "kid",
        ]
