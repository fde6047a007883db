from __future__ import annotations

import json
from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-gzip"]
ROWS = {"sources": 1, "families": 5, "runs": 150, "checkpoints": 64560, "metrics": 65100}

STATS = {
    "vocab_size": 32001,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "max_position_embeddings": 256,
}
LINES = [
    {
        "dataset_name": f"/gzipscale-{ratio}-10M",
        "dataset_gzip": [ratio, 0.0036],
        "token_ct": 99695,
        "model_stats": STATS,
        "model_size": 4178368,
        "num_epochs": epochs,
        "train_loss": [10.34, 10.32, 10.29],
        "valid_loss": [10.03, 10.01],
    }
    for ratio, epochs in ((0.12, 1), (0.61, 2))
]


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "raw_data/gzip").mkdir(parents=True)
    (tmp_path / "raw_data/gzip/results_new.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    tables = SOURCE.tables(tmp_path)
    runs = tables["runs"].set_index("run")
    assert list(runs.index) == ["pcfg-gzip-0.12/w64-99695", "pcfg-gzip-0.61/w64-99695"]
    assert list(runs["params_non_embedding"]) == [4178368 - 2 * 32001 * 64] * 2
    assert list(runs["planned_tokens"]) == [99695, 2 * 99695]  # what was seen, not what there is
    metrics = tables["metrics"]
    train = metrics[(metrics["run"] == runs.index[0]) & (metrics["split"] == "train")]
    assert list(train["step"]) == [1, 2, 3]
    assert list(train["tokens"].isna()) == [True, True, False]  # only the whole is stated
    # the two validation losses are batches at the end, not moments of the training
    end = metrics[(metrics["run"] == runs.index[1]) & (metrics["split"] == "validation")]
    assert list(zip(end["step"], end["tokens"], end["repeat"], end["value"], end["line"], strict=True)) == [
        (3, 2 * 99695, 0, 10.03, 2),
        (3, 2 * 99695, 1, 10.01, 2),
    ]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 1: ... "train_loss": [10.343668937683105, 10.319437026977539, ...], "valid_loss": [10.031084060668945, ...]
    traced = {(m["key"], m["step"], m["repeat"]): m for m in tables["metrics"].to_pylist() if m["line"] == 1}
    assert traced["train_loss", 2, 0]["value"] == 10.319437026977539
    assert traced["valid_loss", 13, 0]["value"] == 10.031084060668945
    assert traced["valid_loss", 13, 0]["run"] == "pcfg-gzip-0.12/w64-99695"


def test_a_step_is_32_sequences_and_sizes_follow_from_the_shape(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    runs = tables["runs"].to_pandas().set_index("run")
    steps = tables["checkpoints"].to_pandas().groupby("run")["step"].max()
    assert (steps - runs["planned_tokens"] / (32 * 256)).between(0, 2).all()
    blocks = runs["layers"] * (10 * runs["width"] ** 2 + 2 * runs["width"]) + runs["width"]  # inner width is 2 d
    assert (runs["params_non_embedding"] == blocks).all()


def test_batches_at_the_end_lie_about_the_last_training_losses(raw_sources: Path) -> None:
    rows = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas()
    validation = rows[rows["split"] == "validation"].groupby("run")["value"].mean()
    last = rows[rows["split"] == "train"].sort_values("step").groupby("run")["value"].apply(lambda v: v.tail(5).mean())
    assert (validation / last).median() == pytest.approx(1, abs=0.01)
