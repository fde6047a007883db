from __future__ import annotations

from pathlib import Path

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-redpajama"]
ROWS = {"sources": 1, "families": 1, "runs": 2, "checkpoints": 128, "metrics": 72 + 63 - 7}


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "raw_data/redPajama").mkdir(parents=True)
    (tmp_path / "raw_data/redPajama/2.4B.csv").write_text("63.50160256410254, 2.3911838370579788\n75.2, 2.3690\n")
    (tmp_path / "raw_data/redPajama/6.7B.csv").write_text("39.312900641025635, 2.390156544493807\n")
    metrics = SOURCE.tables(tmp_path)["metrics"]
    assert list(metrics["run"]) == ["redpajama-incite/2.8b"] * 2 + ["redpajama-incite/6.9b"]
    assert list(metrics["line"]) == [1, 2, 1]  # no header: the first line is a reading
    assert metrics["tokens"][0] == 63.50160256410254e9  # the axis is in billions
    assert list(metrics["value"]) == [2.3911838370579788, 2.3690, 2.390156544493807]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # 6.7B.csv:63: 153.84615384615384, 2.1534733441033924
    traced = [m for m in tables["metrics"].to_pylist() if m["line"] == 63 and m["file"].endswith("6.7B.csv")]
    assert [(m["run"], m["tokens"], m["value"]) for m in traced] == [
        ("redpajama-incite/6.9b", 153.84615384615384e9, 2.1534733441033924)
    ]


def test_what_is_left_is_two_curves(raw_sources: Path) -> None:
    metrics = read(SOURCE, raw_sources / SOURCE.folder)["metrics"].to_pandas().sort_values("tokens")
    for _, curve in metrics.groupby("run"):
        assert curve["value"].diff().max() < 0.015  # a stray reading is a jump of .25 and more
