from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import Akima1DInterpolator

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["porian"]
ROWS = {"sources": 1, "families": 9, "runs": 303, "checkpoints": 1745, "metrics": 1745}

LINES = """\
summary_file,dataset,hparams,warmup,decay,param_count,loss_split,flops,n_params,tokens,loss
summary_df,rw,base,long,kaplan,kaplan,train,1.25e+16,331776.0,6279337062.757201,4.709075571728609
summary_df,rw,base,long,kaplan,standard,val,1.25e+16,5173248.0,402712828.2528372,6.089021203218112
summary_df,rw,base,long,kaplan,kaplan,train,2.56e+19,,,
summary_df,rw,base,short,chinchilla,standard,val,1.25e+16,7503872.0,277634569.5,5.26782
summary_df,rw,base,short,chinchilla,standard,val,2.5e+16,7503872.0,555268939.1,5.08481
summary_df_att,rw,base,short,chinchilla,attention,train,1.25e+16,8552448.0,243592819.1,5.28
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "isoflop_points.csv").write_text(LINES)
    made = SOURCE.tables(tmp_path)
    metrics = made["metrics"].set_index("line")
    assert 4 not in metrics.index  # a budget without a point is no value
    # one training under two definitions of N is one run
    assert set(metrics.loc[[2, 3], "run"]) == {"porian-rw-base-long-kaplan/96x3"}
    assert list(metrics.loc[[2, 3], "split"]) == ["train", "validation"]
    runs = made["runs"].set_index("run")
    run = runs.loc["porian-rw-base-long-kaplan/96x3"]
    assert (run["params"], run["params_basis"]) == (5173248, "non-embedding+head")
    assert run["params_non_embedding"] == 331776
    # cosine decay: one training per budget, and the points of another definition are no training of their own
    cosine = "porian-rw-base-short-chinchilla/128x4"
    assert set(runs.index) == {run.name, f"{cosine}-1.25e16", f"{cosine}-2.5e16", f"{cosine}-attention"}
    assert runs.loc[f"{cosine}-attention", "parent_run"] == f"{cosine}-2.5e16"
    assert runs["parent_run"].notna().sum() == 1
    assert list(made["families"]["split"]) == ["validation", "validation"]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 578: ...,rw,tuned,short,const,standard,val,2.56e+19,347078656.0,12293082829.80866,3.1241576892022573
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 578]
    assert [(m["run"], m["value"], m["tokens"], m["how"]) for m in traced] == [
        ("porian-rw-tuned-short-const/1024x23", 3.1241576892022573, 12293082829.80866, "extracted")
    ]
    flops = [c["flops"] for c in tables["checkpoints"].to_pylist() if c["tokens"] == traced[0]["tokens"]]
    assert 2.56e19 in flops


def test_a_training_is_counted_once(raw_sources: Path) -> None:
    families = read(SOURCE, raw_sources / SOURCE.folder)["families"].to_pylist()
    independent = {f["family"]: f["independent_runs"] for f in families}
    assert independent["porian-rw-base-long-kaplan"] == 16  # three definitions of N
    assert independent["porian-rw-base-short-chinchilla"] == 88
    assert sum(independent.values()) == 6 * 16 + 15 + 2 * 88


@pytest.mark.parametrize(
    ("recipe", "counted", "exponent"),
    [
        ("base-long-kaplan", "kaplan", 0.835),
        ("base-long-kaplan", "standard", 0.700),
        ("base-short-kaplan", "standard", 0.606),
        ("base-short-chinchilla", "standard", 0.572),
        ("tuned-short-const", "standard", 0.497),
    ],
)
def test_the_tables_give_the_published_exponents(raw_sources: Path, recipe: str, counted: str, exponent: float) -> None:
    """Acceptance test P1: exponent of the optimal size, through minima of Akima curves in logarithms."""
    tables = {name: t.to_pandas() for name, t in read(SOURCE, raw_sources / SOURCE.folder).items()}
    points = tables["metrics"].merge(tables["checkpoints"], on=["run", "tokens"]).merge(tables["runs"], on="run")
    points = points[(points["family"] == f"porian-rw-{recipe}") & (points["key"] == f"param_count={counted}")]
    size = "params_non_embedding" if counted == "kaplan" else "params"
    best = {}
    for budget, group in points.sort_values(size).groupby("flops"):
        n = np.geomspace(group[size].min(), group[size].max(), 25 * (len(group) - 1))
        at = int(np.argmin(Akima1DInterpolator(np.log(group[size]), np.log(group["value"]))(np.log(n))))
        if 0 < at < len(n) - 1:
            best[budget] = n[at]
    optimum = pd.Series(best)
    assert len(optimum) >= 11
    assert np.polyfit(np.log(optimum.index), np.log(optimum), 1)[0] == pytest.approx(exponent, abs=0.001)
