"""TinyLlama: one model of 1.1B at seven checkpoints up to 3 T tokens (three epochs), on eleven benchmarks, in percent.

Read from the tables of the document itself. The second kind of table has no tokens: they follow from the step. Tokens
are rounded (step 50K is called 104b and listed as 103B). The first kind reports accuracy by length where the harness
has it, which BoolQ and WinoGrande do not. The column avg is left out. Chat models are fine-tuned from checkpoints.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pandas as pd

from ..source import Source, Tables

FILE = "EVAL.md"

# column: task, metric, examples (Zhang et al. 2024, section 3.2)
COLUMNS = {
    "HellaSwag": ("hellaswag", "accuracy_norm", 0),
    "Obqa": ("openbookqa", "accuracy_norm", 0),
    "WinoGrande": ("winogrande", "accuracy", 0),
    "ARC_c": ("arc_challenge", "accuracy_norm", 0),
    "ARC_e": ("arc_easy", "accuracy_norm", 0),
    "boolq": ("boolq", "accuracy", 0),
    "piqa": ("piqa", "accuracy_norm", 0),
    "MMLU": ("mmlu", "accuracy", 5),
    "BBH": ("bbh", "exact_match", 3),
    "HumanEval": ("humaneval", "pass_at_1", 0),
    "DROP": ("drop", "exact_match", 3),
}
BASE = "tinyllama/1.1b"


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    values = pd.DataFrame(_cells((raw / FILE).read_text("utf-8")))
    step = values["model"].str.extract(r"step-(\d+)[kK]")[0].astype("Int64") * 1000
    chat = values["model"].str.extract(r"Chat-(v[\d.]+)")[0]
    other = values["model"].str.startswith("Pythia")
    run = ("tinyllama-chat/" + chat).fillna(BASE).mask(other, "tinyllama-baseline/pythia-1b")
    number = values["tokens"].str.extract(r"^([\d.]+)([BT])$")
    tokens = (number[0].astype(float) * number[1].map({"B": 1e9, "T": 1e12})).round()
    tokens = tokens.groupby([run, step], dropna=False).transform("first")
    meaning = pd.DataFrame.from_dict(COLUMNS, orient="index", columns=["task", "metric", "shots"])
    metrics = values.assign(run=run, step=step, tokens=tokens, value=values["value"] / 100).join(meaning, on="key")
    checkpoints = metrics[["run", "step", "tokens"]].drop_duplicates()
    return {
        "families": pd.DataFrame(
            {
                "family": ["tinyllama", "tinyllama-chat", "tinyllama-baseline"],
                "architecture": "decoder",
                "data": ["SlimPajama and StarCoder", None, "Pile"],
                "related": ["tinyllama", "tinyllama", "pythia"],
                "note": ["One model throughout training.", "Fine-tuned from checkpoints.", "Measured beside it."],
            }
        ),
        "runs": _runs(checkpoints),
        "checkpoints": checkpoints.assign(tokens_basis="reported"),
        "metrics": metrics.drop(columns="model").assign(how="as_published", file=FILE),
    }


def _cells(text: str) -> list[dict[str, Any]]:
    """Cells of all tables, with the line that each stands in."""
    head: list[str] = []
    found: list[dict[str, Any]] = []
    for line, content in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in content.strip().strip("|").split("|")]
        if not content.startswith("|") or set(cells[0]) <= set("-"):
            continue
        if cells[0] == "Model":
            head = cells
            continue
        row = dict(zip(head, cells, strict=True))
        name = re.sub(r"^\[(.*)\]\(.*\)$", r"\1", row["Model"])
        place = {"model": name, "tokens": row.get("Pretrain Tokens"), "line": line}
        found += [{**place, "key": key, "value": float(row[key])} for key in COLUMNS if key in row]
    return found


def _runs(checkpoints: pd.DataFrame) -> pd.DataFrame:
    """The model, its fine-tuned copies and the baseline (Zhang et al. 2024, section 2)."""
    ends = checkpoints.groupby("run", as_index=False)["tokens"].max()
    base, chat = ends["run"] == BASE, ends["run"].str.startswith("tinyllama-chat/")
    own = base | chat
    total, vocabulary, width = 1_100_048_384.0, 32_000, 2048

    def only(where: pd.Series[bool], value: object) -> pd.Series[Any]:
        return where.map({True: value, False: None})

    return pd.DataFrame(
        {
            "run": ends["run"],
            "family": ends["run"].str.split("/").str[0],
            "recipe": ends["run"].str.split("/").str[1],
            "params": own.map({True: total, False: 1e9}),
            "params_total": only(own, total).astype(float),
            "params_non_embedding": only(own, total - 2 * vocabulary * width).astype(float),
            "params_basis": own.map({True: "total", False: "nominal"}),
            "data": only(base, "SlimPajama and StarCoder"),
            "architecture": "decoder",
            "layers": only(own, 22).astype("Int64"),
            "width": only(own, width).astype("Int64"),
            "heads": only(own, 32).astype("Int64"),
            "vocabulary": only(own, vocabulary).astype("Int64"),
            "context": 2048,
            "batch_tokens": only(base, 2_097_152).astype(float),
            "peak_learning_rate": only(base, 4e-4).astype(float),
            "schedule": only(base, "cosine"),
            "warmup_tokens": only(base, 2000 * 2_097_152).astype(float),
            "optimizer": only(base, "AdamW"),
            "weight_decay": only(base, 0.1).astype(float),
            "planned_tokens": only(base, 3e12).astype(float),
            "unique_tokens": only(base, 950e9).astype(float),
            "epochs": only(base, 3.0).astype(float),
            "parent_run": only(chat, BASE),
            "branch_tokens": ends["tokens"].where(chat),
        }
    )


SOURCE = Source(
    tables=tables,
    title="Benchmarks of TinyLlama during training",
    repository="jzhang38/TinyLlama",
    commit="bf122247c486b6b897050e98cbb7bedae8eeba73",
    retrieved=datetime.date(2024, 2, 4),
    licence="Apache-2.0",
    citation="Zhang et al. 2024, TinyLlama: An Open-Source Small Language Model, arXiv:2401.02385",
    folder="tinyllama",
    files={FILE: "57b42ff898254bd7647c5b4db08d538d11a1ddebbebc1a7dedae0b15643d0a8a"},
    note="One model of one size: no law of scale.",
)
