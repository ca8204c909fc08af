from __future__ import annotations

from dataclasses import replace

import pytest

from bridgebench.errors import PluginError, UsageError
from bridgebench.interfaces.metric import Column
from bridgebench.leaderboard.csv.columns import HEAD, TAIL, arrange
from bridgebench.plan.chance import with_chance
from bridgebench.tasks.task_file import TaskFile


def test_the_header_is_in_the_order_of_the_contract(bench) -> None:
    header = ",".join(arrange(bench.task, bench.columns).header)
    assert header.startswith(
        "task,protocol,method,source_score,target_score,solver,nfe,transform,seed,n,status,"
        "tie_group,pareto,flags,success,success_low,success_high,fid,fid_low,fid_high,color_deg,"
        "color_deg_low,color_deg_high,accuracy,accuracy_low,accuracy_high,fid_floor,supervision,"
    )
    assert header.endswith(
        "nfe_encode,nfe_decode,nfe_total,seconds,images_per_s,peak_memory_mb,fingerprint,"
        "fingerprint_parts,options,plugins,weights,torch,bridgebench,device,precision,batch,"
        "row_sha256"
    )


def test_the_order_of_the_metrics_does_not_move_the_primary_columns(bench) -> None:
    turned = arrange(bench.task, bench.columns[::-1]).header
    assert turned == arrange(bench.task, bench.columns).header


def test_a_primary_column_that_no_metric_gives_is_an_error(bench) -> None:
    with pytest.raises(UsageError, match=r"primary column 'fid'.*success, fid_floor"):
        arrange(bench.task, [c for c in bench.columns if c.name != "fid"])


def test_ranking_by_a_number_that_is_neither_good_nor_bad_is_an_error(bench) -> None:
    columns = [replace(c, better="") if c.name == "success" else c for c in bench.columns]
    with pytest.raises(UsageError, match="ranks rows by 'success'"):
        arrange(bench.task, columns)


@pytest.mark.parametrize("name", ["seed", "fid", "fid_low", "precision", "Fid", "=a", "9"])
def test_a_column_name_that_is_taken_or_malformed_is_an_error(bench, name: str) -> None:
    more = Column(name, "", "higher", "one too many")
    with pytest.raises(PluginError, match=name):
        arrange(bench.task, [*bench.columns, more])


def test_an_interval_that_takes_the_name_of_a_column_is_an_error(bench, task: TaskFile) -> None:
    columns = [
        *bench.columns,
        Column("kid_low", "", "", "taken"),
        Column("kid", "", "lower", "x", interval=True),
    ]
    with pytest.raises(PluginError, match="kid_low"):
        arrange(task, columns)


CHANCE = (
    Column("success", "", "higher", "both at once", low=0, high=1, interval=True, chance=True),
    Column("fid", "", "lower", "distance", low=0, interval=True),
    Column("color_deg", "deg", "lower", "hue error", 0, 180, interval=True),
    Column("accuracy", "", "higher", "target class", 0, 1, interval=True),
    Column("shape", "", "higher", "shape", -1, 1, chance=True),
)


def test_a_chance_column_follows_the_names_of_its_own_column(bench) -> None:
    names = arrange(bench.task, CHANCE).header[len(HEAD) : -len(TAIL)]
    assert names[:4] == ("success", "success_low", "success_high", "success_chance")
    assert names[-2:] == ("shape", "shape_chance")


def test_columns_with_and_without_their_chance_columns_make_one_board(bench) -> None:
    assert arrange(bench.task, with_chance(CHANCE)) == arrange(bench.task, CHANCE)


def test_a_metric_cannot_claim_the_chance_column_of_another(bench) -> None:
    taken = Column("success_chance", "", "", "mine")
    with pytest.raises(PluginError, match="'success_chance' is claimed twice"):
        arrange(bench.task, (*CHANCE, taken))
