from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["colpret-chinchilla"]
ROWS = {"sources": 1, "families": 1, "runs": 245, "checkpoints": 245, "metrics": 245}

LINES = """\
x,y,color,Model Size,Training FLOP,hex_color,loss
154.03592,140.63364,#faebdd,6795600349.289497,9.993852799709755e+18,#faebdd,5.005581996196243
151.60375,175.51709,#f8d1b8,2979521172.1967993,9.227541223049181e+18,#f8d1b8,4.665232074214
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "raw_data").mkdir()
    (tmp_path / "raw_data/chinchila_extracted.csv").write_text(LINES)
    tables = SOURCE.tables(tmp_path)
    assert list(tables["runs"]["params"]) == [6795600349.289497, 2979521172.1967993]  # not rounded
    assert list(tables["checkpoints"]["flops_basis"]) == ["digitised"] * 2
    assert tables["checkpoints"]["tokens"].tolist() == pytest.approx([2.4510609e8, 5.1616482e8], rel=1e-6)
    assert tables["metrics"]["how"].unique().tolist() == ["digitised"]


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 4: 153.29233,180.65761,#f47a54,2638630840.924473,9.753046550244106e+18,#f47a54,3.7655629197937
    run = "chinchilla-digitised/line-4"
    assert [m["value"] for m in tables["metrics"].to_pylist() if m["run"] == run] == [3.7655629197937]
    assert [r["params"] for r in tables["runs"].to_pylist() if r["run"] == run] == [2638630840.924473]
    assert [c["flops"] for c in tables["checkpoints"].to_pylist() if c["run"] == run] == [9.753046550244106e18]


def test_the_best_known_fit_is_the_best_known_fit_of_these_rows(raw_sources: Path) -> None:
    """Test B1: sum of Huber(1e-3) of the log residuals, without the five highest losses."""
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    runs = tables["runs"].to_pandas().set_index("run")
    rows = tables["metrics"].to_pandas().sort_values("value").iloc[:-5]
    params = runs.loc[rows["run"], "params"].to_numpy()
    predicted = 1.81722 + 477.83 * params**-0.34731 + 2143.42 * rows["tokens"].to_numpy() ** -0.36717
    off = np.abs(np.log(predicted) - np.log(rows["value"].to_numpy()))
    value = np.where(off <= 1e-3, off**2 / 2, 1e-3 * (off - 1e-3 / 2)).sum()
    assert len(rows) == 240
    # 1.018274e-3 at the minimum; 1.018277e-3 at the printed coefficients; 1.0168e-3 when N is rounded to 1e7.
    assert value == pytest.approx(1.018277e-3, abs=1e-9)
