from __future__ import annotations

import math
from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-pile-t5"]
ROWS = {"sources": 1, "families": 1, "runs": 4, "checkpoints": 807, "metrics": 2406}

LINES = """\
model_name,steps,accuracy,cross_ent_loss_per_all_target_tokens,val_perplexity,config,learning_rate/current
base,0,2.8e-05,10.912897,1.8357067,"a, b",
base,10000,-0.74585724,-2.371871,1.0811766,,0.01
xxl,680000,0.0,nan,1.034422,,0.001213
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "aggregated_eval").mkdir()
    (tmp_path / "aggregated_eval/t5_pile.csv").write_text(LINES)
    made = SOURCE.tables(tmp_path)
    metrics = made["metrics"].set_index(["line", "metric"])
    assert list(metrics.loc[(3, "span_perplexity"), ["run", "split", "value"]]) == [
        "pile-t5/base",
        "validation",
        1.0811766,
    ]
    assert (4, "span_loss") not in metrics.index  # NaN is no value
    assert list(made["checkpoints"]["tokens"]) == [0, 10000 * 2048 * 512, 680000 * 2048 * 512]
    assert list(made["checkpoints"]["learning_rate"].dropna()) == [0.01, 0.001213]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 607: base,2000000,,-0.93639714,218572.25,-1.115024,...,1.0508947232362524,
    traced = {m["metric"]: m for m in tables["metrics"].to_pylist() if m["line"] == 607}
    assert {(m["run"], m["step"]) for m in traced.values()} == {("pile-t5/base", 2000000)}
    assert traced["span_perplexity"]["value"] == pytest.approx(1.0508947, abs=1e-6)
    # the column cross_ent_loss is a sum over the batch, and did not overflow
    assert traced["span_loss"]["value"] == pytest.approx(218572.25 / (2048 * 114), rel=1e-6)
    assert 0.78 < traced["token_accuracy"]["value"] < 0.79


def test_the_perplexity_is_not_per_token_and_not_a_loss(raw_sources: Path) -> None:
    """Untrained, an example costs ln(vocabulary) nats for each of its 114 targets; the source divides by 2,048."""
    metrics = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pylist()
    untrained = {
        m["metric"]: m["value"] for m in metrics if m["run"] == "pile-t5/base" and m["step"] == 0 and m["value"] > 1
    }
    assert untrained["span_loss"] == pytest.approx(10.9129, abs=1e-4)
    assert math.log(untrained["span_perplexity"]) * 2048 / 114 == pytest.approx(untrained["span_loss"], rel=1e-3)


def test_sizes_are_counted_from_the_shape(raw_sources: Path) -> None:
    runs = read(SOURCE, raw_sources / SOURCE.folder)["runs"].to_pylist()
    assert {r["recipe"]: r["params_total"] for r in runs} == {
        "base": 247_577_856,  # as T5 1.1
        "large": 783_150_080,
        "xl": 2_849_757_184,
        "xxl": 11_135_332_352,
    }
