"""Golden numbers of the other laws: G1, G2 (over-training), C1 (compute), M1 (compression), S5 (extreme ratios)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from scalebook.analysis.fit import Fit, fit
from scalebook.analysis.law import Array, laws

pytestmark = pytest.mark.raw
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "zoo.json").read_text())


class Model(NamedTuple):
    params: float
    tokens: float
    loss: float
    error: float

    @property
    def ratio(self) -> int:
        return round(self.tokens / self.params)


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def numbers(rows: list[dict[str, str]], column: str) -> Array:
    return np.array([float(row[column]) for row in rows])


@pytest.fixture(scope="module")
def gadre(raw_sources: Path) -> list[Model]:
    """RedPajama models with their loss on C4 and their mean error on 17 tasks."""
    folder = raw_sources / "gadre-overtrain" / "exp_data"
    models = []
    for file in sorted((folder / "models").glob("rpj-*.json")):
        card = json.loads(file.read_text())
        scores = json.loads((folder / "evals" / f"evaluation_{file.stem}_heavy.json").read_text())["eval_metrics"][
            "icl"
        ]
        (loss,) = [r["loss"] for r in card["results"] if "c4_val" in str(r["val_data"])]
        error = 1 - np.mean([scores[task] for task in GOLDEN["G2_tasks"]])
        models.append(Model(card["hyperparameters"]["params"], card["hyperparameters"]["tokens"], loss, float(error)))
    return models


@pytest.fixture(scope="module")
def seen(gadre: list[Model]) -> list[Model]:
    """Four sizes at 20 tokens per parameter and the smallest at 320."""
    small = sorted({m.params for m in gadre})[:4]
    return [m for m in gadre if m.params in small and (m.ratio == 20 or (m.ratio == 320 and m.params == small[0]))]


@pytest.fixture(scope="module")
def unseen(gadre: list[Model]) -> dict[str, Model]:
    return {
        "6.9B": next(m for m in gadre if m.params > 6e9),
        "1.4B": next(m for m in gadre if 1e9 < m.params < 2e9 and m.ratio == 640),
    }


@pytest.fixture(scope="module")
def overtraining(seen: list[Model]) -> Fit:
    columns = {name: [getattr(m, name) for m in seen] for name in ("params", "tokens", "loss")}
    return fit(laws["overtraining"], columns, objective="lsq")


def test_g1_loss_of_over_trained_models(overtraining: Fit, seen: list[Model], unseen: dict[str, Model]) -> None:
    assert len(seen) == 5
    assert overtraining.status == "converged"
    for name, model in unseen.items():
        predicted = overtraining.predict(params=model.params, tokens=model.tokens)
        assert abs(predicted - model.loss) / model.loss == pytest.approx(GOLDEN["G1"][name], abs=1e-6)


def test_g2_error_from_predicted_loss(
    overtraining: Fit, gadre: list[Model], seen: list[Model], unseen: dict[str, Model]
) -> None:
    known = [*seen, next(m for m in gadre if 1e9 < m.params < 2e9 and m.ratio == 20)]
    columns = {name: [getattr(m, name) for m in known] for name in ("loss", "error")}
    chain = fit(laws["loss_to_error"], columns, objective="lsq")
    assert chain.status == "converged"
    for name, model in unseen.items():
        predicted = chain.predict(loss=overtraining.predict(params=model.params, tokens=model.tokens))
        assert abs(predicted - model.error) / model.error == pytest.approx(GOLDEN["G2"][name], abs=1e-5)


def test_c1_compute_law_of_cerebras(raw_sources: Path) -> None:
    rows = table(raw_sources / "cerebras-gpt" / "cerebras_gpt.csv")
    rows = [row for row in rows if row["suite"] == "cerebras-gpt" and row["parametrization"] == "SP"]
    flops, loss = numbers(rows, "flops"), numbers(rows, "pile_test_loss_paper")
    golden = GOLDEN["C1"]
    published = {name: golden[name] for name in ("E", "C_0", "a")}
    law = laws["compute"]
    assert np.std(loss / law.predict(flops, **published) - 1) == pytest.approx(golden["residual"], abs=1e-4)
    ours = fit(law, {"flops": flops, "loss": loss}, objective="lsq")
    assert ours.status == "converged"
    assert ours.values["a"] == pytest.approx(golden["a"], abs=2 * ours.coefficients["a"].se)
    assert ours.value <= 0.5 * np.sum((loss - law.predict(flops, **published)) ** 2)


def test_m1_more_compute(raw_sources: Path) -> None:
    """Dense models whose makers published N and D, and of which the secondary tables say the same."""
    rows = [
        row
        for row in table(raw_sources / "compression-bpc" / "compression_bpc.csv")
        if row["measured_by"] == "hkust"
        and row["n_params_total"] == row["n_params_active"]
        and "agrees with the obsscaling table" in row["tokens_source"]
    ]
    assert len(rows) == 18
    columns = {
        name: numbers(rows, column)
        for name, column in (("params", "n_params_total"), ("tokens", "tokens"), ("bpc", "bpc_average"))
    }
    ours = fit(laws["more_compute"], columns, objective="lsq")
    assert ours.status == "converged"
    assert ours.values == pytest.approx(GOLDEN["M1"], abs=5e-4)
    slope, intercept = np.polyfit(np.log(columns["params"] * columns["tokens"] / 1e21), columns["bpc"], 1)
    assert ours.values == pytest.approx({"a": slope, "b": intercept}, rel=1e-9)


def test_s5_ordinary_ratios_over_promise(raw_sources: Path) -> None:
    rows = table(raw_sources / "beyond-chinchilla" / "trainingresults.csv")
    columns = {
        name: numbers(rows, column)
        for name, column in (("params", "Parameters"), ("tokens", "Tokens"), ("loss", "Smoothed Loss"))
    }
    ordinary = numbers(rows, "Tokens/Params") <= 100
    assert len(rows) == 47
    for name, rows_seen in (("ordinary", ordinary), ("all", np.ones(47, dtype=bool))):
        result = fit(laws["chinchilla"], {key: column[rows_seen] for key, column in columns.items()})
        assert result.status == "converged"
        predicted = result.predict(params=151e6, tokens=1.51e12)
        assert predicted == pytest.approx(GOLDEN["S5"][name], abs=1e-3)
        assert predicted < GOLDEN["S5"]["observed"]
