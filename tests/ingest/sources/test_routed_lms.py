from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["routed-lms"]
ROWS = {"sources": 1, "families": 31, "runs": 223, "checkpoints": 5799, "metrics": 34731}

HEAD = """\
hyper_id,step,loss_c4,loss_curation_corpus,loss_lambada,loss_pile,loss_validation,loss_wikitext103,num_experts,d_model,\
num_blocks,num_heads,kqv_size,flop_increase,k,router_type,seed,routing_frequency,total_parameter_count,\
dense_parameter_count,flops_per_step,model_size_label
"""
LINES = """\
9,10000,3.1,2.4,2.4,2.9,2.8,2.9,1,896,12,16,64,1.0,1,Dense,1,0.5,132163584.0,132163584.0,248442868826112.0,130M
10,10000,3.1,2.4,2.4,2.9,2.9,,1,896,12,16,64,1.0,1,Dense,2,0.5,132163584.0,132163584.0,248442868826112.0,130M
116,10000,3.1,2.4,2.4,2.9,2.8,2.9,1,512,8,8,64,2.0,2,Dense,42,0.5,35672064.0,27279360.0,81183467864064.0,25M
5,10000,3.1,2.4,2.4,2.9,2.8,2.9,64,512,8,8,64,1.0,1,RL-R,42,0.5,555892736.0,27279360.0,72500000000000.0,25M
40,10000,3.1,2.4,2.4,2.9,2.8,2.9,8,512,8,8,64,1.0,2,S-Base,42,0.5,86016000.0,27279360.0,81196356763648.0,25M
47,10000,3.1,2.4,2.4,2.9,2.8,2.9,64,512,8,8,64,1.0,1,S-Base,42,0.25,291586048.0,27279360.0,72451802193920.0,25M
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/curves.csv.gz").write_bytes(gzip.compress((HEAD + LINES).encode()))
    made = SOURCE.tables(tmp_path)
    runs = made["runs"].set_index("run")
    assert list(runs.index) == [
        "routed-dense/130m-seed1",
        "routed-dense/130m-seed2",
        "routed-dense-wide/25m-116",
        "routed-rl-r-64/25m",
        "routed-s-base-other/25m-40",
        "routed-s-base-other/25m-47",
    ]
    assert runs["replicate_group"].notna().tolist() == [True, True, False, False, False, False]
    assert runs.loc["routed-dense-wide/25m-116", "params"] == 35672064  # not the label of the narrow one
    assert runs.loc["routed-rl-r-64/25m", "params"] == 27279360  # one token's way, not all experts
    assert runs.loc["routed-rl-r-64/25m", "params_non_embedding"] == 555892736
    assert runs.loc["routed-s-base-other/25m-40", ["params", "params_basis"]].isna().all()  # two experts, not counted
    assert len(made["metrics"]) == 6 * 6 - 1  # an empty cell is no value
    checkpoint = made["checkpoints"].iloc[0]
    assert checkpoint["tokens"] == 10000 * 256 * 2048
    assert checkpoint["flops"] == 3 * 10000 * 248442868826112.0  # forward and backward


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 3 of the unpacked file: 0,10000,3.151954,2.437172,2.479352,2.928633,2.875505,2.979997,1,1536,...,370M
    traced = {m["task"]: m for m in tables["metrics"].to_pylist() if m["line"] == 3}
    assert {m["run"] for m in traced.values()} == {"routed-dense/370m"}
    assert traced["MassiveText"]["value"] == pytest.approx(2.875505, abs=1e-6)
    assert traced["C4"]["value"] == pytest.approx(3.151954, abs=1e-6)
    assert (traced["MassiveText"]["split"], traced["C4"]["split"]) == ("validation", None)


def test_three_seeds_are_one_independent_run(raw_sources: Path) -> None:
    families = read(SOURCE, raw_sources / SOURCE.folder)["families"].to_pylist()
    independent = {f["family"]: f["independent_runs"] for f in families}
    assert independent["routed-dense"] == 6
    assert sum(independent.values()) == 221
