from __future__ import annotations

from pathlib import Path

import pandas as pd

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["multipower"]
ROWS = {"sources": 1, "families": 1, "runs": 27, "checkpoints": 6265, "metrics": 6265}

LINES = """\
step,lr,loss
2160,0.0003,3.7755
2288,0.0002999771173709568,3.7327
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    for file in SOURCE.files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(LINES)
    made = SOURCE.tables(tmp_path)
    runs = made["runs"].set_index("run")
    assert list(runs.loc["multipower/100m-cosine_24000", ["params", "params_basis", "schedule"]]) == [
        1e8,
        "nominal",
        "cosine",
    ]
    assert runs.loc["multipower/25m-wsdcon_9", "parent_run"] == "multipower/25m-constant_72000"
    checkpoints = made["checkpoints"].set_index(["run", "step"])["learning_rate"]
    assert checkpoints["multipower/400m-wsd_20000_24000", 2288] == 0.0002999771173709568
    assert "tokens" not in made["metrics"].columns  # not in the files, and not invented


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    assert tables["families"].to_pylist()[0]["independent_runs"] == 12
    # last line of csv_400/cosine_72000.csv: 71936,3.000055944153241e-05,2.6154
    traced = [
        m for m in tables["metrics"].to_pylist() if m["run"] == "multipower/400m-cosine_72000" and m["line"] == 547
    ]
    assert [(m["step"], m["value"]) for m in traced] == [(71936, 2.6154)]


def test_branches_share_the_curve_of_their_parent(raw_sources: Path) -> None:
    tables = {name: t.to_pandas() for name, t in read(SOURCE, raw_sources / SOURCE.folder).items()}
    curves = tables["metrics"].pivot(index="step", columns="run", values="value")
    branches = tables["runs"].dropna(subset="parent_run")
    assert len(branches) == 15
    for branch in branches.itertuples():
        both = curves[[branch.run, branch.parent_run]].dropna()
        early = both[both.index < (8000 if branch.schedule == "two-stage" else 16000)]
        assert len(early) > 40
        pd.testing.assert_series_equal(early[branch.run], early[branch.parent_run], check_names=False)
