from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-olmo"]
ROWS = {"sources": 1, "families": 2, "runs": 3, "checkpoints": 1708, "metrics": 39181}
FILE, PTB = SOURCE.files

LINES = """\
Step,downstream/piqa_len_norm,model_name,num_params,ptb-validation/CrossEntropyLoss,4chan-validation/CrossEntropyLoss,\
4chan-validation/Perplexity,v2-small-4chan-validation/CrossEntropyLoss,v2-small-pile-validation/Perplexity,\
v3-small-c4_en-validation/CrossEntropyLoss,checkpoint
1000,0.5,OLMo-1B ,1B,,,,3.5,20.0,4.0,"{'pretrained_model_name_or_path': 'OLMo-1B ', 'revision': 'step1000-tokens4B'}"
21000,0.7,OLMo-7B,7B,,2.0,7.389056,,,,"{'revision': 'step21000-tokens93B'}"
22000,0.7,OLMo-7B,7B,2.9,2.0,7.389056,,,,"{'revision': 'step22000-tokens97B'}"
"""
EXPORT = """\
"Step","OLMo-7B-run-038 - eval/ptb-validation/CrossEntropyLoss",\
"OLMo-7B-run-038 - eval/ptb-validation/CrossEntropyLoss__MIN",\
"OLMo-7B-run-001 - eval/ptb-validation/CrossEntropyLoss"
21000,"","","3.0"
22000,"2.9","2.9",""
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    for name, text in ((FILE, LINES), (PTB, EXPORT)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    metrics = SOURCE.tables(tmp_path)["metrics"]
    found = {(m.run, m.step, m.metric, m.task): m.value for m in metrics.itertuples()}
    assert found == {
        ("olmo/1b", 1000, "accuracy_norm", "piqa"): 0.5,
        ("olmo/1b", 1000, "loss", "v2-small-4chan"): 3.5,
        ("olmo/1b", 1000, "perplexity", "v2-small-pile"): 20.0,  # no cross-entropy beside it
        ("olmo/1b", 1000, "loss", "v3-small-c4_en"): 4.0,
        ("olmo/7b", 21000, "accuracy_norm", "piqa"): 0.7,
        ("olmo/7b", 21000, "loss", "v2-small-4chan"): 2.0,  # its perplexity is no second measurement
        ("olmo/7b", 21000, "loss", "v2-small-ptb"): 3.0,  # from the export
        ("olmo/7b", 22000, "accuracy_norm", "piqa"): 0.7,
        ("olmo/7b", 22000, "loss", "v2-small-4chan"): 2.0,
        ("olmo/7b", 22000, "loss", "v2-small-ptb"): 2.9,
    }
    assert metrics.loc[metrics["run"] == "olmo/1b", "tokens"].unique() == [1000 * 2048 * 2048]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2: 1000,0.5255712866783142,OLMo-7B-Twin-2T,7B,5.149366855621338,...
    traced = {m["task"]: m for m in tables["metrics"].to_pylist() if m["line"] == 2 and m["file"] == FILE}
    assert traced["piqa"]["value"] == 0.5255712866783142
    assert (traced["piqa"]["metric"], traced["piqa"]["shots"]) == ("accuracy_norm", 0)
    assert traced["v2-small-gab"]["value"] == 5.149366855621338
    assert traced["v2-small-gab"]["run"] == "olmo-twin/7b"


def test_tokens_agree_with_the_revisions_of_the_7b(raw_sources: Path) -> None:
    wide = pd.read_csv(raw_sources / SOURCE.folder / FILE, usecols=["Step", "model_name", "checkpoint"])
    wide = wide[wide["model_name"] == "OLMo-7B"]
    billions = wide["checkpoint"].str.extract(r"tokens(\d+)B", expand=False).astype(float)
    assert ((wide["Step"] * 2160 * 2048 / 1e9 - billions).abs() <= 0.5).all()
    checkpoints = read(SOURCE, raw_sources / SOURCE.folder)["checkpoints"].to_pylist()
    last = max((c for c in checkpoints if c["run"] == "olmo/1b"), key=lambda c: c["step"])
    assert last["tokens"] == pytest.approx(3.095e12, rel=1e-3)  # its card: 3 trillion; step738000-tokens3095B


def test_steps_logged_twice_are_not_summed(raw_sources: Path) -> None:
    metrics = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pylist()
    twin = {(m["step"], m["task"]): m["value"] for m in metrics if m["run"] == "olmo-twin/7b"}
    assert twin[158000, "v2-small-4chan"] == pytest.approx(twin[157000, "v2-small-4chan"], rel=0.01)
    assert twin[168000, "copa"] < 0.9
