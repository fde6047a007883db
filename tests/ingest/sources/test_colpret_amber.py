from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES
from scalebook.ingest.sources.colpret_amber import PIECE

SOURCE = SOURCES["colpret-amber"]
ROWS = {"sources": 1, "families": 1, "runs": 1, "checkpoints": 356, "metrics": 36 * 178 + 4 * 356}

FOLDER = "raw_data/lm360/Amber"
HELLASWAG = f"{FOLDER}/wandb_export_2023-12-27T16_36_38.432-05_00.csv"
SAMPLES = {
    HELLASWAG: ("downstream_eval - hellaswag", [(1, 24.8), (2, 26.1)]),
    f"{FOLDER}/wandb_export_2023-12-27T16_37_23.778-05_00.csv": ("downstream_eval - crowspairs", [(0, 48.5)]),
}
OTHERS = ("perplexity_eval - Wikipedia (en)", [(0, 147.1), (2, 90.5)])


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    for number, file in enumerate(SOURCE.files):
        column, values = SAMPLES.get(file, (f"{OTHERS[0]} {number}", OTHERS[1]))
        with (tmp_path / file).open("w", newline="") as out:
            rows = csv.writer(out, quoting=csv.QUOTE_ALL)
            rows.writerow(["Step", column, f"{column}__MIN", f"{column}__MAX"])
            rows.writerows([step, value, value, value] for step, value in values)
    metrics = SOURCE.tables(tmp_path)["metrics"]
    hellaswag = metrics[metrics["task"] == "hellaswag"]
    assert list(hellaswag["value"]) == pytest.approx([0.248, 0.261])  # percent becomes a share
    assert list(hellaswag["tokens"] / PIECE) == [1, 2]  # counts from 1
    pairs = metrics[metrics["task"] == "crows_pairs"]
    assert list(pairs["metric"]) == ["percentage_stereotype"]
    assert list(pairs["tokens"] / PIECE) == [1]  # counts from 0
    wikipedia = metrics[metrics["metric"] == "perplexity"]
    assert set(wikipedia["value"]) == {147.1, 90.5}  # a perplexity is neither percent nor a loss
    assert len(metrics) == 2 + 1 + 2 * (len(SOURCE.files) - 2)  # __MIN and __MAX are not values


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 357 of the file of HellaSwag: "356","73.90957976498706","73.90957976498706","73.90957976498706"
    traced = [m for m in tables["metrics"].to_pylist() if m["file"] == HELLASWAG and m["line"] == 357]
    assert [(m["task"], m["metric"], m["shots"]) for m in traced] == [("hellaswag", "accuracy_norm", 10)]
    assert traced[0]["value"] == pytest.approx(0.7390957976498706, abs=1e-15)
