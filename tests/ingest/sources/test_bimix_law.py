from __future__ import annotations

from pathlib import Path

import pytest

from scalebook.corpus.metric_names import METRICS
from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["bimix-law"]
ROWS = {"sources": 1, "families": 2, "runs": 12, "checkpoints": 240, "metrics": 3720}

FILES = {
    "Pile_losses.csv": "global_step,ArXiv,Pile-CC,avg,mixture\n10000,2.2,3.6,2.9,DoReMi\n20000,2.0,3.4,2.7,DoReMi\n",
    "Pile_ratios.csv": "domain,DoReMi\nArXiv,0.25\nPile-CC,0.7500001\n",
    "SlimPajama_losses.csv": "global_step,C4,avg,mixture\n10000,3.5,3.5,SE\n",
    "SlimPajama_ratios.csv": "domain,SE\nC4,1.0\n",
}


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    tables = SOURCE.tables(tmp_path)
    metrics = tables["metrics"].set_index(["run", "step", "task"])
    assert metrics.loc[("bimix-pile/DoReMi", 20000, "pile_pile_cc"), "value"] == 3.4
    assert metrics.loc[("bimix-pile/DoReMi", 20000, "pile_pile_cc"), "line"] == 3
    assert metrics.loc[("bimix-slimpajama/SE", 10000, "slimpajama_c4"), "value"] == 3.5
    assert len(metrics) == 8
    # the mean over the parts was made by the source, the parts were measured
    assert set(tables["metrics"].query("how == 'extracted'")["task"]) == {"pile_mean", "slimpajama_mean"}
    assert list(tables["runs"]["data"]) == ["ArXiv 0.25, Pile-CC 0.75", "C4 1"]
    assert "tokens" not in metrics.columns  # the files do not say
    assert "params" not in tables["runs"]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 2 of SlimPajama_losses.csv: 10000,2.228436880582634,3.41020...,Baseline
    traced = [
        m
        for m in tables["metrics"].to_pylist()
        if (m["file"], m["line"], m["task"]) == ("SlimPajama_losses.csv", 2, "slimpajama_arxiv")
    ]
    assert [(m["run"], m["step"], m["value"]) for m in traced] == [
        ("bimix-slimpajama/Baseline", 10000, 2.228436880582634)
    ]


def test_values_are_logarithms_and_the_mean_is_one(raw_sources: Path) -> None:
    rows = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas()
    assert rows["value"].between(1, 4).all()  # a perplexity of the Pile would be near exp(2.6) = 13
    assert set(rows["unit"]) == {METRICS["loss"].unit}
    means = rows[rows["how"] == "extracted"].set_index(["run", "step"])["value"]
    parts = rows[rows["how"] == "as_published"].groupby(["run", "step"])["value"].mean()
    assert (means - parts).abs().max() == pytest.approx(0, abs=1e-12)
