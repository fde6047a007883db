"""Sloth: 188 public models, base and instruction-tuned, on both versions of the Open LLM Leaderboard, with sub-tasks.

No losses. Sizes are nominal, often cut to whole billions. An instruction-tuned model hangs on the base model of its
line and size; its tokens are those of pre-training. Scores of the first leaderboard repeat those of obsscaling for most
base models, as both copied it. Left out: ratings by people or judges; ``df_full*.csv``, which repeats these values and
adds fine-tunes of unstated bases, in ``df_full_v2.csv`` on another scale (chance is 0); and the raw exports of the
leaderboard: fine-tunes and merges of unstated bases, with duplicates and flagged entries.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "data/data_v2.csv"

# column: task, metric, examples, as the leaderboard defines them
COLUMNS: dict[str, tuple[str, str, int | None]] = {
    "IFEval": ("leaderboard_ifeval", "accuracy", 0),
    "BBH": ("leaderboard_bbh", "accuracy_norm", 3),
    "MATH Lvl 5": ("leaderboard_math_hard", "exact_match", 4),
    "GPQA": ("leaderboard_gpqa", "accuracy_norm", 0),
    "MUSR": ("leaderboard_musr", "accuracy_norm", 0),
    "MMLU-PRO": ("leaderboard_mmlu_pro", "accuracy", 5),
    "MMLU": ("mmlu", "accuracy", 5),
    "ARC": ("arc_challenge", "accuracy_norm", 25),
    "HellaSwag": ("hellaswag", "accuracy_norm", 10),
    "Winogrande": ("winogrande", "accuracy", 5),
    "TruthfulQA": ("truthfulqa", "mc2", 0),
    "GSM8K": ("gsm8k", "accuracy", 5),
    "XWinograd": ("xwinograd", "accuracy", None),
    "HumanEval": ("humaneval", "pass_at_1", None),
}
# beginnings of the columns of sub-tasks: metric, examples
PARTS: dict[str, tuple[str, int]] = {
    "bbh": ("accuracy_norm", 3),
    "gpqa": ("accuracy_norm", 0),
    "math": ("exact_match", 4),
    "musr": ("accuracy_norm", 0),
    "hendrycksTest": ("accuracy", 5),
}
ARCHITECTURES = {"rwkv": "ssm", "recurrentgemma": "hybrid", "mixtral-8x-v0.1": "moe"}
RELATED = {"codellama": "llama", "meta": "llama", "recurrentgemma": "gemma"}


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    scores = pd.read_csv(raw / FILE, index_col=0).reset_index(drop=True)
    meaning = _meaning(list(scores.columns))
    line = scores["Family"].str.replace("/", "-")
    family = ("sloth-" + line).mask(scores["Instruct"], "sloth-instruct")
    models = pd.DataFrame(
        {
            "run": family + "/" + scores["Model"].str.lower(),
            "family": family,
            "line_of_models": line,
            "tuned": scores["Instruct"],
            "recipe": scores["Model"],
            "size": scores["#Params (B)"],
            # 7 and 22 are the sizes of one expert of Mixtral, not of the model
            "params": (scores["#Params (B)"] * 1e9).mask(line == "mixtral-8x-v0.1"),
            "architecture": line.map(ARCHITECTURES).fillna("decoder"),
            "tokens": scores["Pretraining Data Size (T)"] * 1e12,
            "line": scores.index + 2,
        }
    )
    wide = models[["run", "tokens", "line"]].join(scores[list(meaning.index)])
    metrics = wide.melt(["run", "tokens", "line"], var_name="key").dropna(subset="value")
    return {
        "families": _families(models),
        "runs": _runs(models),
        "checkpoints": models[["run", "tokens"]].assign(
            tokens_basis=models["tokens"].isna().map({True: None, False: "reported"})
        ),
        "metrics": metrics.join(meaning, on="key").assign(how="as_published", file=FILE),
    }


def _meaning(columns: list[str]) -> pd.DataFrame:
    """Task, metric and examples of every column of scores."""
    known = {c: COLUMNS[c] for c in columns if c in COLUMNS}
    for column in columns:
        start = column.replace("-", "_").split("_")[0]
        if start in PARTS:
            known[column] = (column if start == "hendrycksTest" else f"leaderboard_{column}", *PARTS[start])
    return pd.DataFrame.from_dict(known, orient="index", columns=["task", "metric", "shots"]).astype({"shots": "Int64"})


def _families(models: pd.DataFrame) -> pd.DataFrame:
    """One family per line of base models, and one for all instruction-tuned models."""
    base = models[~models["tuned"]].drop_duplicates("family").sort_values("family")
    word = base["line_of_models"].str.extract(r"^(gpt-neo|openllama|[a-z]+)")[0].replace(RELATED)
    lines = base[["family", "architecture"]].assign(
        related=word, note="Finished models of one line; sizes and tokens are nominal."
    )
    tuned = {
        "family": "sloth-instruct",
        "related": "others",
        "varies": "data and architecture",
        "note": "Each hangs on the base of its line and size.",
    }
    return pd.concat([lines, pd.DataFrame([tuned])], ignore_index=True)


def _runs(models: pd.DataFrame) -> pd.DataFrame:
    """Base models, and instruction-tuned models with their base."""
    base, tuned = models[~models["tuned"]], models[models["tuned"]]
    place = ["line_of_models", "size"]
    # one base per line and size: the table has two only where nothing was tuned
    parents = base.drop_duplicates(place, keep=False)[[*place, "run"]].rename(columns={"run": "parent_run"})
    runs = pd.concat([base, tuned.merge(parents, how="left", on=place)], ignore_index=True)
    kept = ["run", "family", "recipe", "params", "architecture", "parent_run"]
    return runs[kept].assign(params_basis=runs["params"].isna().map({True: None, False: "nominal"}))


def _fix(where: str, right: float, models: int, values: int, reason: str) -> list[Correction]:
    """Number of tokens, where it is stated and where it is repeated."""
    scale, date = right / float(where.rsplit("=", 1)[1]), datetime.date(2026, 11, 21)
    return [
        Correction(table=table, where=where, reason=reason, date=date, rows=rows, column="tokens", scale=scale)
        for table, rows in (("checkpoints", models), ("metrics", values))
    ]


SOURCE = Source(
    tables=tables,
    title="Leaderboard scores of public base and instruction-tuned models",
    repository="felipemaiapolo/statistical-scaling-law",
    commit="ec189676fb1ff21115536651f46bf9d279578cb8",
    retrieved=datetime.date(2026, 7, 14),
    licence="MIT",
    citation="Maia Polo et al. 2024, Sloth: scaling laws for LLM skills, arXiv:2412.06540",
    folder="sloth",
    files={FILE: "528d08d7bc04dc71a73d42ea0a1041396616505b53a140052828104afe0c6f39"},
    note="The measurements are the Open LLM Leaderboard's; scores of its second version are rounded to .01.",
    corrections=(
        *_fix("run like '%/opt-%' and tokens = 180e9", 300e9, 8, 606, "size of the corpus; trained on 300 B tokens"),
        *_fix(
            "regexp_matches(run, '/(pythia|dolly-v2)-') and tokens = 250e9",
            300e9,
            8,
            796,
            "other sizes have 300 B, rightly",
        ),
        *_fix("run like '%/gemma-2-2b%' and tokens = 8e12", 2e12, 2, 49, "shifted by one model: 2B has 2 T"),
        *_fix("run like '%/gemma-2-9b%' and tokens = 13e12", 8e12, 2, 86, "shifted by one model: 9B has 8 T"),
        *_fix("run like '%gemma-2b%' and tokens = 6e12", 3e12, 3, 321, "the 7B model's; 2B has 3 T (arXiv:2403.08295)"),
        *_fix(
            "run like '%/stablelm-base-alpha-_b' and tokens = 1.5e12", 800e9, 2, 126, "size of the corpus; 800 B tokens"
        ),
        *_fix("run like '%/open_llama_13b' and tokens = 600e9", 1e12, 1, 63, "a preview's; the model has 1 T tokens"),
        Correction(
            table="runs",
            where="run like '%/stablelm-2-1_6b%' and params = 6e9",
            reason="1_6b read as 6 B",
            date=datetime.date(2026, 11, 21),
            rows=2,
            column="params",
            scale=1.6 / 6,
        ),
    ),
)
