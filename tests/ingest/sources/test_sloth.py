from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.sloth import FILE

SOURCE = SOURCES["sloth"]
ROWS = {"sources": 1, "families": 36, "runs": 188, "checkpoints": 188, "metrics": 14401}

LINES = """\
,Model,Family,Instruct,date,#Params (B),Pretraining Data Size (T),FLOPs (1E21),BBH,bbh_navigate,MTBench,\
ARC,hendrycksTest-anatomy
0,llama-2-7b,llama-2,False,2023-08-19,7.0,2.0,84.0,0.35,0.42,,0.53,
1,llama-2-7b-chat,llama-2,True,2023-10-15,7.0,2.0,84.0,0.31,,0.62,,0.4
2,gpt2,gpt-2,False,,0.124,,,,,,0.22,0.25
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / FILE).write_text(LINES)
    made = SOURCE.tables(tmp_path)
    found = made["metrics"][["run", "task", "metric", "shots", "value", "line"]].to_numpy().tolist()
    base, tuned = "sloth-llama-2/llama-2-7b", "sloth-instruct/llama-2-7b-chat"
    assert sorted(found) == [  # no ratings by judges
        ["sloth-gpt-2/gpt2", "arc_challenge", "accuracy_norm", 25, 0.22, 4],
        ["sloth-gpt-2/gpt2", "hendrycksTest-anatomy", "accuracy", 5, 0.25, 4],
        [tuned, "hendrycksTest-anatomy", "accuracy", 5, 0.4, 3],
        [tuned, "leaderboard_bbh", "accuracy_norm", 3, 0.31, 3],
        [base, "arc_challenge", "accuracy_norm", 25, 0.53, 2],
        [base, "leaderboard_bbh", "accuracy_norm", 3, 0.35, 2],
        [base, "leaderboard_bbh_navigate", "accuracy_norm", 3, 0.42, 2],
    ]
    checkpoints = made["checkpoints"].set_index("run")
    assert checkpoints["tokens"].isna().to_dict() == {base: False, tuned: False, "sloth-gpt-2/gpt2": True}
    parents = made["runs"].set_index("run")["parent_run"].dropna()
    assert parents.to_dict() == {tuned: base}
    assert set(made["families"]["family"]) == {"sloth-llama-2", "sloth-gpt-2", "sloth-instruct"}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 3: 1,bloom-1b1,bloom,False,2023-08-09,1.0,0.341,2.0460000000000003,0.14,0.31,0.0,...
    line = tables["metrics"].to_pandas().query("line == 3").set_index("key")
    assert line["value"][["IFEval", "BBH", "MATH Lvl 5"]].to_list() == [0.14, 0.31, 0.0]
    assert set(line["run"]) == {"sloth-bloom/bloom-1b1"}
    runs = tables["runs"].to_pandas().set_index("run")
    assert runs["parent_run"].notna().sum() == (runs["family"] == "sloth-instruct").sum() == 68
    assert runs["params"]["sloth-stablelm/stablelm-2-1_6b"] == 1.6e9  # read as 6 B upstream
