"""LLMs on the Line: public models re-evaluated on five texts and ten benchmarks, with losses of the right answers.

Tokenizers differ between families: bits per byte may be compared, losses only within one tokenizer. Sizes count all
parameters, but for Pythia and the FineWeb ablations without the input embedding. Tokens are rounded down to billions;
those of the finished FineWeb ablations are a guess (corrected to the 350 B of their cards), and finished FineWeb-Edu
repeats step 130000. Left out: 46 checkpoints of OLMo that the table does not tell apart (no revision, step or tokens),
and an older table of the same models, ``notebooks/df_hf_pretrained_*.csv``, without steps, sizes and tokens.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "data/latest_pm_hf.csv"

TEXTS = {
    "C4": "c4",
    "The Pile UC": "pile",
    "RefineWeb": "refinedweb",
    "Slimpajama": "slimpajama",
    "FineWeb-Edu": "fineweb-edu",
}
BENCHMARKS = {
    "ARC-Challenge": "arc_challenge",
    "ARC-Easy": "arc_easy",
    "HellaSwag": "hellaswag",
    "MMLU": "mmlu",
    "Winogrande": "winogrande",
    "PIQA": "piqa",
    "Social IQa": "social_iqa",
    "CommonSenseQA": "commonsense_qa",
    "COPA": "copa",
    "OpenBookQA": "openbookqa",
}
# family, architecture, metric of one law, what varies, related
FAMILIES = pd.DataFrame(
    [
        ("llm-line-pythia", "decoder", "loss", None, "pythia"),
        ("llm-line-mamba", "ssm", "loss", None, "mamba"),
        ("llm-line-mamba2", "ssm", "loss", None, "mamba"),
        ("llm-line-gpt-neo", "decoder", "bits_per_byte", "architecture and tokenizer", "gpt-neo"),
        ("llm-line-fineweb-ablations", "decoder", "loss", "data", "fineweb"),
    ],
    columns=["family", "architecture", "metric", "varies", "related"],
)


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    table = pd.read_csv(raw / FILE)
    rows = _places(table)[table["Tokens"].notna()]
    meaning = _meaning()
    places = ["run", "step", "tokens", "line"]
    metrics = rows[places].join(table[list(meaning.index)]).melt(places, list(meaning.index), "key")
    models = rows.drop_duplicates("run")
    partly = models["family"].isin(["llm-line-pythia", "llm-line-fineweb-ablations"])
    return {
        "families": FAMILIES.assign(
            task="pile", split="validation", note="Losses of another tokenizer do not compare."
        ),
        "runs": models[["run", "family", "recipe", "params", "data", "architecture", "vocabulary"]].assign(
            params_total=models["params"].mask(partly),
            params_basis=partly.map({True: "non-embedding+head", False: "total"}),
        ),
        "checkpoints": rows[["run", "step", "tokens"]].assign(tokens_basis="reported"),
        "metrics": metrics.dropna(subset="value").join(meaning, on="key").assign(how="as_published", file=FILE),
    }


def _places(table: pd.DataFrame) -> pd.DataFrame:
    """Family, run, step and size of every row."""
    name = table["Name"].str.split("/").str[1]
    family = name.str.extract(r"^(pythia|mamba2|mamba|gpt-neo|ablation)")[0].replace("ablation", "fineweb-ablations")
    family = "llm-line-" + family.fillna("gpt-neo")
    return pd.DataFrame(
        {
            "run": family + "/" + name.str.lower().str.removeprefix("ablation-model-"),
            "family": family,
            "step": table["Steps"].astype("Int64"),
            "tokens": table["Tokens"],
            "line": table.index + 2,
            "recipe": table["Name"],
            "params": table["Size"],
            "data": table["Pretraining Data"],
            "architecture": table["Architecture"].isin(["Mamba", "Mamba2"]).map({True: "ssm", False: "decoder"}),
            "vocabulary": table["Tokenizer"].map({"gpt2-HF": 50_257, "gpt-neox": None}).astype("Int64"),
        }
    )


def _meaning() -> pd.DataFrame:
    """Task, split and metric of every column of values."""
    rows: list[tuple[str, str, str | None, str]] = []
    for column, task in TEXTS.items():
        rows.append((f"{column} Validation Loss", task, "validation", "loss"))
        rows.append((f"{column} Validation BPB", task, "validation", "bits_per_byte"))
    for column, task in BENCHMARKS.items():
        rows.append((f"{column} Accuracy", task, None, "accuracy"))
        rows.append((f"{column} Loss", task, None, "answer_loss"))
        rows.append((f"{column} BPB", task, None, "answer_bits_per_byte"))
    return pd.DataFrame(rows, columns=["key", "task", "split", "metric"]).set_index("key")


def _budget(run: str, stated: float, values: int) -> list[Correction]:
    """Tokens of a finished ablation."""
    return [
        Correction(
            table=table,
            where=f"run = 'llm-line-fineweb-ablations/{run}' and step is null and tokens = {stated!r}",
            reason="last listed step plus one interval; the card says 350 B, and the loss falls that far",
            date=datetime.date(2026, 11, 21),
            rows=rows,
            column="tokens",
            scale=350e9 / stated,
        )
        for table, rows in (("checkpoints", 1), ("metrics", values))
    ]


SOURCE = Source(
    tables=tables,
    title="Losses and benchmarks of public models, re-evaluated",
    repository="brendel-group/llm-line",
    commit="e57749dab976fbe2dc58596ad1c0f61518ac0644",
    retrieved=datetime.date(2025, 12, 15),
    licence="MIT",
    citation="Mayilvahanan et al. 2025, LLMs on the Line: data determines loss-to-loss scaling laws, arXiv:2502.12120",
    folder="llm-line",
    files={FILE: "fa044f137792b59d6cf0d95d3a1b63b5b10f48730d9decd29839382a942b5333"},
    note="Losses are higher than those of the models' authors on the same texts: other cuts of the texts.",
    corrections=(
        *_budget("c4", 313e9, 38),
        *_budget("the-pile", 179e9, 38),
        *(
            Correction(
                table=table,
                where="run = 'llm-line-fineweb-ablations/fineweb-edu' and step is null and tokens = 357e9",
                reason="every value equals that of step 130000, and the losses of step 160000 are lower",
                date=datetime.date(2026, 11, 21),
                rows=rows,
            )
            for table, rows in (("checkpoints", 1), ("metrics", 38))
        ),
    ),
)
