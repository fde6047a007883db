from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["optimizer-sweep"]
ROWS = {"sources": 1, "families": 12, "runs": 226, "checkpoints": 226, "metrics": 226}

LINES = """\
optimizer,size_label,n_params_nonembedding,chinchilla_ratio,tokens,min_loss,min_loss_at,listed_config_loss,\
cfg_learning_rate,cfg_weight_decay,cfg_train_batch_size,cfg_warmup,cfg_lr_schedule
adamw,130m,134217728,1,2684354560,3.5291,baseline,3.5291,0.008,0.1,128,2000,
adamw,130m,134217728,2,5368709120,3.4077,max_grad_norm=2.0,3.4092,0.008,0.1,128,2000,
muon,1.2b,1207959552,1,24159191040,2.8862,train_batch_size=256,2.8867,0.004,0.1,128,0,linear
lion,300m,301989888,8,48318382080,3.0428,other run,,0.001,0.7,256,2000,
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "optimizer_sweep.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    runs = tables["runs"].set_index("run")
    assert list(runs.index) == [
        "optimizer-sweep-adamw/130m-1x",
        "optimizer-sweep-adamw/130m-2x",
        "optimizer-sweep-muon/1.2b-1x",
        "optimizer-sweep-lion/300m-8x",
        "optimizer-sweep-listed/adamw-130m-2x",  # the listed configuration is another run than the best
        "optimizer-sweep-listed/muon-1.2b-1x",
    ]
    settings = runs[["peak_learning_rate", "batch_tokens", "warmup_tokens"]]
    assert list(settings.loc["optimizer-sweep-adamw/130m-2x"]) == [0.008, 128 * 4096, 2000 * 128 * 4096]
    assert list(settings.loc["optimizer-sweep-muon/1.2b-1x"]) == [0.004, 256 * 4096, 0]  # the changed setting
    assert list(settings.loc["optimizer-sweep-listed/muon-1.2b-1x"]) == [0.004, 128 * 4096, 0]  # as listed
    assert settings.loc["optimizer-sweep-lion/300m-8x"].isna().all()  # an unpublished run
    assert runs["schedule"].notna().to_list() == [False, False, True, False, False, True]
    metrics = tables["metrics"].set_index("run")
    assert metrics.loc["optimizer-sweep-adamw/130m-2x", "value"] == 3.4077
    assert metrics.loc["optimizer-sweep-listed/adamw-130m-2x", "value"] == 3.4092
    assert set(metrics.loc[["optimizer-sweep-adamw/130m-2x", "optimizer-sweep-listed/adamw-130m-2x"], "line"]) == {3}


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2: adamw,130m,134217728,1,2684354560,3.5291428565979004,baseline,...
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 2]
    assert [(m["run"], m["value"], m["tokens"]) for m in traced] == [
        ("optimizer-sweep-adamw/130m-1x", 3.5291428565979004, 2684354560)
    ]


def test_sizes_budgets_and_losses_hang_together(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    runs = tables["runs"].to_pandas()
    # without embeddings: 32 blocks of 4 d x 3 d + 4 d x d
    assert (runs["params"] == 32 * 16 * runs["width"] ** 2).all()
    assert (runs["planned_tokens"] % (20 * runs["params"]) == 0).all()
    rows = tables["metrics"].to_pandas().merge(runs[["run", "params", "family"]], on="run")
    rows = rows[rows["family"] == "optimizer-sweep-adamw"]
    largest = rows[rows["params"] == rows["params"].max()]
    # the source's own check: AdamW at 1.2B fits .2394 r^-.4848 + 2.6649
    ratio = largest["tokens"] / (20 * largest["params"])
    assert largest["value"].to_list() == pytest.approx((0.2394 * ratio**-0.4848 + 2.6649).to_list(), abs=2e-3)
    assert rows.pivot(index="tokens", columns="params", values="value").notna().sum().sum() == 18
    falling = rows.sort_values("tokens").groupby("params")["value"].apply(lambda v: v.is_monotonic_decreasing)
    assert falling.all()
    assert pd.notna(rows["value"]).all()
