"""Observational Scaling Laws: 148 public base models in 47 lines, measured on about 290 benchmarks when finished.

No losses. Sizes are nominal; for mixtures of experts they count all parameters or the active ones, by row. "Winograd"
is WinoGrande. "Pretraining data size" is mostly the number of training tokens, for some models that of the corpus
(corrected); it stays open where the authors of a model do not say (Mistral, GPT-2 and others). The stated FLOPs are
6 x size x data without exception and are not repeated. Left out: instruction-tuned models, whose base is not stated.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

MODELS = "eval_results/base_llm_benchmark_eval.csv"
LEADERBOARD = "eval_results/base_llm_leaderboard_v2_eval.csv"
LONG_NAMES = (
    "eval_results/base_llm_emergent_capability_eval.csv",
    "eval_results/base_llm_post_training_eval.csv",
)

# column: task, metric, examples, as the Open LLM Leaderboard defines the first six (v1) and the last six (v2)
COLUMNS: dict[str, tuple[str, str, int | None]] = {
    "MMLU": ("mmlu", "accuracy", 5),
    "ARC-C": ("arc_challenge", "accuracy_norm", 25),
    "HellaSwag": ("hellaswag", "accuracy_norm", 10),
    "Winograd": ("winogrande", "accuracy", 5),
    "TruthfulQA": ("truthfulqa", "mc2", 0),
    "GSM8K": ("gsm8k", "accuracy", 5),
    "XWinograd": ("xwinograd", "accuracy", None),
    "HumanEval": ("humaneval", "pass_at_1", None),
    "leaderboard_bbh": ("leaderboard_bbh", "accuracy_norm", 3),
    "leaderboard_gpqa": ("leaderboard_gpqa", "accuracy_norm", 0),
    "leaderboard_ifeval": ("leaderboard_ifeval", "accuracy", 0),
    "leaderboard_math_hard": ("leaderboard_math_hard", "exact_match", 4),
    "leaderboard_mmlu_pro": ("leaderboard_mmlu_pro", "accuracy", 5),
    "leaderboard_musr": ("leaderboard_musr", "accuracy_norm", 0),
}

ARCHITECTURES = {
    "DeepSeek-V2": "moe",
    "DeepSeek-Coder-V2": "moe",
    "DeepSeek-MoE": "moe",
    "Mixtral": "moe",
    "Jamba": "hybrid",
    "RWKV": "ssm",
}
#: Tokens that the table leaves open: one epoch of the Pile (arXiv:2305.13048), and table 1 of arXiv:2407.10671.
BUDGETS = {
    **{f"RWKV/rwkv-4-{size}-pile": 332e9 for size in ("169m", "430m", "1b5", "3b", "7b", "14b")},
    **{f"Qwen/Qwen2-{size}": 7e12 for size in ("1.5B", "7B", "72B")},
    "Qwen/Qwen2-0.5B": 12e12,
}
#: Mixtures of experts whose size counts the parameters that one token passes through.
ACTIVE = (
    "deepseek-ai/DeepSeek-V2",
    "deepseek-ai/DeepSeek-Coder-V2-Base",
    "mistralai/Mixtral-8x22B-v0.1",
    "ai21labs/Jamba-v0.1",
)
#: Its size in the table, 24 B, is neither the 57 B of all parameters nor the 14 B of one token.
UNSIZED = "Qwen/Qwen2-57B-A14B"


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    models = _models(pd.read_csv(raw / MODELS))
    wide = [_melted(raw, file, models) for file in (MODELS, LEADERBOARD)]
    named = [_named(_melted(raw, file, models)) for file in LONG_NAMES]
    meaning = pd.DataFrame.from_dict(COLUMNS, orient="index", columns=["task", "metric", "shots"]).astype(
        {"shots": "Int64"}
    )
    metrics = pd.concat([pd.concat(wide).join(meaning, on="key", how="inner"), *named], ignore_index=True)
    families = models.drop_duplicates("family")
    return {
        "families": families[["family", "architecture", "related"]].assign(
            varies=(families["family"] == "obsscaling-others").map({True: "data and architecture", False: None}),
            note="Finished models of one line; sizes and tokens are nominal.",
        ),
        "runs": models.drop(columns=["tokens", "tokens_basis", "Model", "related"]),
        "checkpoints": models[["run", "tokens", "tokens_basis"]],
        "metrics": metrics.assign(how="as_published"),
    }


def _models(table: pd.DataFrame) -> pd.DataFrame:
    """Models; lines of one size together in one family."""
    line = table["Model Family"]
    plain = line.str.lower().str.replace("/", "-")
    alone = table.groupby(line)["Model Size (B)"].transform("nunique") == 1
    family = "obsscaling-" + plain.mask(alone, "others")
    params = (table["Model Size (B)"] * 1e9).mask(table["Model"] == UNSIZED)
    active = table["Model"].isin(ACTIVE)
    word = plain.str.extract(r"^(h2o|gpt-neo|openllama|[a-z]+)")[0]
    models = pd.DataFrame(
        {
            "Model": table["Model"],
            "run": family + "/" + table["Model"].str.split("/").str[1].str.lower(),
            "family": family,
            "related": word.replace("codellama", "llama").mask(alone, "others"),
            "recipe": table["Model"],
            "architecture": line.map(ARCHITECTURES).fillna("decoder").mask(table["Model"] == UNSIZED, "moe"),
            "params": params,
            "params_active": params.where(active),
            "params_basis": active.map({True: "active", False: "nominal"}).where(params.notna()),
            "tokens": (table["Pretraining Data Size (T)"] * 1e12).fillna(table["Model"].map(BUDGETS)),
            "tokens_basis": table["Pretraining Data Size (T)"].isna().map({True: "planned", False: "reported"}),
        }
    )
    models["tokens_basis"] = models["tokens_basis"].where(models["tokens"].notna())
    return models.sort_values("architecture", key=lambda a: a != "decoder", kind="stable")


def _melted(raw: Path, file: str, models: pd.DataFrame) -> pd.DataFrame:
    """Every value of a table with its run, tokens, line and column."""
    table = pd.read_csv(raw / file)
    place = pd.DataFrame({"Model": table["Model"], "line": table.index + 2}).merge(models[["Model", "run", "tokens"]])
    values = [c for c in table.columns if c != "Model" and "(" not in c and c != "Model Family"]
    long = place.merge(table[["Model", *values]]).melt(["run", "tokens", "line"], values, "key")
    return long.dropna(subset="value").assign(file=file)


def _named(long: pd.DataFrame) -> pd.DataFrame:
    """Task, examples and metric out of names such as ``gsm8k_5_exact_match,flexible-extract``."""
    names = long["key"].drop_duplicates()
    parts = names.str.extract(
        r"^(?P<task>.*)_(?P<shots>\d+)_(?P<plain>acc|exact_match|bleu)(?:,(?P<filter>.*?))?(?P<norm>,norm)?$"
    )
    metric = parts["plain"].replace({"acc": "accuracy"})
    found = pd.DataFrame(
        {
            "key": names,
            # answers are found in the text by one of several filters, which are not comparable
            "task": parts["task"] + ("/" + parts["filter"]).fillna(""),
            "shots": parts["shots"].astype("Int64"),
            "metric": metric.mask(parts["norm"].notna(), "centred_accuracy"),
        }
    )
    long = long.merge(found, on="key")
    return long.assign(value=long["value"].where(long["metric"] != "bleu", long["value"] / 100))


def _fix(where: str, right: float, models: int, values: int, reason: str) -> list[Correction]:
    """Number of tokens, where it is stated and where it is repeated."""
    stated = float(where.rsplit("=", 1)[1])
    return [
        Correction(
            table=table,
            where=where,
            reason=reason,
            date=datetime.date(2026, 11, 21),
            rows=rows,
            column="tokens",
            scale=right / stated,
        )
        for table, rows in (("checkpoints", models), ("metrics", values))
    ]


SOURCE = Source(
    tables=tables,
    title="Benchmark scores of public base models",
    repository="ryoungj/ObsScaling",
    commit="4d6e1e43fd2635d04654aa77d1df9d5266ea0382",
    retrieved=datetime.date(2024, 10, 1),
    licence="Apache-2.0",
    citation="Ruan, Maddison, Hashimoto 2024, Observational Scaling Laws, arXiv:2405.10938",
    folder="obsscaling",
    files={
        MODELS: "511996815735a4c46251dc585dcc525e370d148201f86561e6f927f9df2d0db8",
        LEADERBOARD: "ace728c962dfb2b9133fe92081c818e3fba01391694c9590fa0198f850062563",
        LONG_NAMES[0]: "a156beee73c39b7833c3c53535c473939105512d85e90b0143be7325e516ef7c",
        LONG_NAMES[1]: "797e7e50c6ac54960e28447884b78bf9821b297646741b4485152715fe7fdbe5",
    },
    note="Collected from the Open LLM Leaderboard and from evaluations of their own: how a score was prompted differs.",
    corrections=(
        *_fix(
            "run like '%/btlm-3b-8k-base' and tokens = 627e12", 627e9, 1, 8, "billions in a column of trillions: 627 B"
        ),
        *_fix("run like '%/opt-%' and tokens = 180e9", 300e9, 8, 2012, "size of the corpus; trained on 300 B tokens"),
        *_fix(
            "run like '%/stablelm-base-alpha-_b' and tokens = 1.5e12", 800e9, 2, 16, "size of the corpus; 800 B tokens"
        ),
        *_fix("run like '%/open_llama_13b' and tokens = 600e9", 1e12, 1, 6, "a preview's; the model has 1 T tokens"),
        *_fix("run like '%/gemma-2b' and tokens = 6e12", 3e12, 1, 253, "the 7B model's; 2B has 3 T (arXiv:2403.08295)"),
        Correction(
            table="runs",
            where="run like '%/open_llama_7b_v2' and params = 13e9",
            reason="the name says 7B",
            date=datetime.date(2026, 11, 21),
            rows=1,
            column="params",
            scale=7 / 13,
        ),
    ),
)
