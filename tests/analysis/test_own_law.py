"""A user's own law, from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import scalebook.analysis.engine.batch as batch
from scalebook.analysis.fit import fit_batch
from scalebook.analysis.law import find_law, laws
from scalebook.corpus.errors import Misuse, UnknownName

GOOD = '''"""Loss as a power of size times tokens."""
from scalebook.analysis.law import Coefficient, Law

def predict(params, tokens, *, E, A, alpha):
    return E + A * (params * tokens) ** -alpha

LAW = Law(predict=predict, inputs=("params", "tokens"), cite="me2024", coefficients={
    "E": Coefficient("floor", linear=True),
    "A": Coefficient("level", linear=True, dims={"params": "alpha", "tokens": "alpha"}),
    "alpha": Coefficient("power", high=3.0, start=(0.02, 0.8)),
})
'''


def test_a_law_of_ones_own_is_fitted_in_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my_law.py"
    file.write_text(GOOD)
    law = find_law(file)
    assert law.name == "my_law"
    rng = np.random.default_rng(0)
    tables = []
    for alpha in (0.1, 0.15, 0.2):
        n, d = np.exp(rng.uniform(16, 23, 40)), np.exp(rng.uniform(20, 26, 40))
        loss = law.predict(n, d, E=1.5, A=1e18**alpha, alpha=alpha)
        tables.append({"params": n, "tokens": d, "loss": loss})
    monkeypatch.setattr(batch, "PROBLEMS", 1)
    one, two = fit_batch(law, tables), fit_batch(law, tables, jobs=2)
    assert [f.values["alpha"] for f in one] == pytest.approx([0.1, 0.15, 0.2], rel=1e-6)
    assert [f.values for f in one] == [f.values for f in two]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (", "does not run: SyntaxError"),
        ("import nowhere_at_all", "does not run: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("LAW = 3", "must hold LAW, a scalebook.analysis.law.Law; it holds int"),
        ("", "it holds NoneType"),
        (GOOD.replace('("params", "tokens")', '("params",)'), "does not run: TypeError: .*predict takes"),
        (GOOD.replace("linear=True)", ")"), "does not run: TypeError: floor: give either linear=True or a range"),
    ],
)
def test_a_broken_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(Misuse, match=message):
        find_law(str(file))


def test_a_name_is_looked_up_and_a_missing_file_is_named() -> None:
    assert find_law("chinchilla") is laws["chinchilla"]
    with pytest.raises(UnknownName, match="did you mean 'chinchilla'"):
        find_law("chinchila")
    with pytest.raises(Misuse, match=r"there is no file none\.py"):
        find_law("./none.py")
