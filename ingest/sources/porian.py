"""Porian et al.: losses at 12 FLOP budgets, 16 sizes, nine recipes between Kaplan's and Chinchilla's.

The file holds interpolated points, not logs: each recipe was sampled up to three times, once per definition of N
(``param_count``), at the tokens where 6 N D meets a budget. A training is one run here, whatever the definition: the
points of other definitions are further checkpoints of it, with the budget as their FLOPs and the definition in ``key``.
``standard`` is N with the head (``params``), ``kaplan`` is ``params_non_embedding``, ``attention`` FLOPs / (6 tokens).
Points of ``standard`` are validation losses, the others smoothed training losses.

Cosine decay to the budget ("chinchilla") takes one training per size and budget (the file names no runs; the losses fit
nothing else). Its ``attention`` points lie on unnamed ones of them: one run per size, with the longest as its parent.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "isoflop_points.csv"
CONTEXT, VOCABULARY = 2048, 50_432  # data.py of the repository
DATA = {"rw": "RefinedWeb", "owt2": "OpenWebText2"}
SCHEDULES = {"kaplan": "cosine", "chinchilla": "cosine", "const": "constant"}
SPLITS = {"val": "validation", "train": "train"}
RECIPE = ["dataset", "hparams", "warmup", "decay"]
# Width and depth: the only ones that give all three published counts of a size.
WIDTHS = (96, 128, 160, 224, 288, 320, 384, 480, 576, 640, 704, 832, 1024, 1120, 1312, 1504)
LAYERS = (3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 18, 21, 23, 26, 26, 30)


def sizes() -> pd.DataFrame:
    """The 16 shapes with the authors' three counts (``precise_param_count_open_lm`` in data.py)."""
    table = pd.DataFrame({"width": WIDTHS, "layers": LAYERS})
    width, layers = table["width"], table["layers"]
    hidden = 256 * ((8 * width // 3 + 255) // 256)
    kaplan = (4 * width + 3 * hidden) * width * layers
    standard = kaplan + VOCABULARY * width
    return table.assign(kaplan=kaplan, standard=standard, attention=standard + CONTEXT * width * layers)


def tables(raw: Path) -> Tables:
    """One run per training, one checkpoint and one loss per point."""
    points = _points(raw)
    recipes = points.drop_duplicates("family")
    canonical = recipes["family"].map(points.groupby("family")["split"].max())  # validation where there is one
    points = points.assign(tokens_basis="reported", flops_basis="reported")
    checkpoints = ["run", "tokens", "tokens_basis", "flops", "flops_basis"]
    return {
        "families": recipes[["family", "data"]].assign(
            architecture="decoder",
            metric="loss",
            task=recipes["data"],
            split=canonical,
            related="porian",
            note="Interpolated at FLOP budgets; points of other definitions of N are further checkpoints of the runs.",
        ),
        "runs": _runs(points, recipes.set_index("family")["data"].index[canonical == "train"]),
        "checkpoints": points[checkpoints],
        "metrics": points[["run", "tokens", "split", "line", "key"]].assign(
            metric="loss", task=points["data"], value=points["loss"], how="extracted", file=FILE
        ),
    }


def _points(raw: Path) -> pd.DataFrame:
    """Rows of the file with a loss, each with its family, size and run."""
    points = pd.read_csv(raw / FILE)
    points = points.assign(line=points.index + 2).dropna(subset="loss")
    counts = sizes().melt(["width", "layers"], var_name="param_count", value_name="n_params")
    points = points.merge(counts, on=["param_count", "n_params"], how="left", validate="many_to_one")
    shape = points["width"].astype("Int64").astype("str") + "x" + points["layers"].astype("Int64").astype("str")
    points["family"] = "porian-" + points[RECIPE].agg("-".join, axis=1)
    points["data"] = points["dataset"].map(DATA)
    points["split"] = points["loss_split"].map(SPLITS)
    points["key"] = "param_count=" + points["param_count"]
    points["budget"] = "-" + points["flops"].map("{:.3g}".format).str.replace("e+", "e")
    points.loc[points["param_count"] == "attention", "budget"] = "-attention"
    points.loc[points["decay"] != "chinchilla", "budget"] = ""
    points["run"] = points["family"] + "/" + shape + points["budget"]
    return points


def _runs(points: pd.DataFrame, non_embedding: pd.Index) -> pd.DataFrame:
    """One row per training; those of a family in `non_embedding` are sized without the head, as their points are."""
    runs = points.drop_duplicates("run")[["run", "family", "data", "decay", "width", "budget", "flops", "tokens"]]
    runs = runs.merge(sizes(), on="width", validate="many_to_one")
    without_head = runs["family"].isin(non_embedding)
    cosine, envelope = runs["decay"] == "chinchilla", runs["budget"] == "-attention"
    longest = runs[cosine & ~envelope].sort_values("flops").groupby(["family", "width"])["run"].last()
    parents = pd.Series(list(zip(runs["family"], runs["width"], strict=True)), index=runs.index).map(longest)
    return runs.assign(
        params=runs["standard"].where(~without_head, runs["kaplan"]).astype(float),
        params_basis=without_head.map({True: "non-embedding", False: "non-embedding+head"}),
        params_non_embedding=runs["kaplan"].astype(float),
        parent_run=parents.where(envelope),
        planned_tokens=runs["tokens"].where(cosine & ~envelope),
        schedule=runs["decay"].map(SCHEDULES),
        recipe=runs["family"].str.removeprefix("porian-"),
        architecture="decoder",
        context=CONTEXT,
        vocabulary=VOCABULARY,
        optimizer="AdamW",
    ).drop(columns=["decay", "budget", "flops", "tokens", "kaplan", "standard", "attention"])


SOURCE = Source(
    tables=tables,
    title="IsoFLOP points of nine recipes between Kaplan's and Chinchilla's",
    repository="formll/resolving-scaling-law-discrepancies",
    commit="0dc60d91b8a525858a3067fc9e4a46ff5374cc6f",
    retrieved=datetime.date(2025, 11, 4),
    licence="MIT",
    citation=(
        "Porian et al. 2024, Resolving Discrepancies in Compute-Optimal Scaling of Language Models, arXiv:2406.19146"
    ),
    folder="porian",
    files={FILE: "7d2bf68ede6223215cff28cda8dccee90aa167515d16a46e4ad3d6bc80b18863"},
    extracted=True,
    note=(
        "Flattened from the authors' pickled summaries; the per-run curves are not in it. FLOPs are the budget, 6 N D"
        " under the definition of N that metrics.key names."
    ),
)
