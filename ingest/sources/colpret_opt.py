"""OPT: six sizes from 125M to 175B, validation perplexity and six BIG-bench tasks throughout training.

``ppl`` is a perplexity (10 to 70), not a loss. In ``opt_trajectories.csv`` the columns ``num_token`` and ``flops`` are
log10, in ``opt.csv`` they are not; both only restate steps x nominal batch and 6 N D, so that tokens are computed here
and FLOPs stay null. Accuracies are percent. Not every checkpoint has a perplexity: 142 of 147.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

PERPLEXITY = "aggregated_eval/opt_trajectories.csv"
ACCURACY = "aggregated_eval/opt.csv"

#: The authors' code plots ``valid/combined`` (github.com/xiamengzhou/training_trajectory_analysis, utils.py).
VALIDATION = "OPT validation sets, combined"

#: Zhang et al. 2022 (arXiv:2205.01068), table 1: sizes and batches as the paper rounds them.
SHAPES = pd.DataFrame(
    [
        ("125m", 125e6, 12, 768, 12, 0.5e6, 6.0e-4, 375e6),
        ("1.3b", 1.3e9, 24, 2048, 32, 1e6, 2.0e-4, 375e6),
        ("6.7b", 6.7e9, 32, 4096, 32, 2e6, 1.2e-4, 375e6),
        ("13b", 13e9, 40, 5120, 40, 4e6, 1.0e-4, 375e6),
        ("30b", 30e9, 48, 7168, 56, 4e6, 1.0e-4, 375e6),
        ("175b", 175e9, 96, 12288, 96, 2e6, 1.2e-4, 2000 * 2e6),
    ],
    columns=["recipe", "params", "layers", "width", "heads", "batch_tokens", "peak_learning_rate", "warmup_tokens"],
)

#: The source writes BIG-bench's names without their underscores.
TASKS = {
    "bigbench__codelinedescription": "bigbench_code_line_description",
    "bigbench__humanorganssenses": "bigbench_human_organs_senses",
    "bigbench__implicatures": "bigbench_implicatures",
    "bigbench__phraserelatedness": "bigbench_phrase_relatedness",
    "bigbench__whatisthetao": "bigbench_what_is_the_tao",
    "bigbench__swahilienglishproverbs": "bigbench_swahili_english_proverbs",
}


def _perplexities(raw: Path) -> pd.DataFrame:
    """Validation perplexity at 142 checkpoints."""
    rows = pd.read_csv(raw / PERPLEXITY).rename(columns={"model_size": "size", "steps": "step", "ppl": "value"})
    rows["line"] = rows.index + 2
    return rows[["size", "step", "value", "line"]].assign(
        metric="perplexity", task=VALIDATION, split="validation", file=PERPLEXITY
    )


def _accuracies(raw: Path) -> pd.DataFrame:
    """Accuracy in six tasks at 147 checkpoints."""
    wide = pd.read_csv(raw / ACCURACY).rename(columns={"steps": "step"})
    wide["line"] = wide.index + 2
    rows = wide.melt(["size", "step", "line"], list(TASKS), "task").dropna(subset="value")
    return rows.assign(task=rows["task"].map(TASKS), value=rows["value"] / 100, metric="accuracy", file=ACCURACY)


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics from both files."""
    metrics = pd.concat([_perplexities(raw), _accuracies(raw)], ignore_index=True)
    metrics["tokens"] = metrics["step"] * metrics["size"].map(SHAPES.set_index("recipe")["batch_tokens"])
    metrics["run"] = "opt/" + metrics.pop("size")
    return {
        "families": pd.DataFrame(
            {
                "family": ["opt"],
                "architecture": "decoder",
                "data": "OPT mixture",
                "metric": "perplexity",
                "task": VALIDATION,
                "split": "validation",
                "related": "opt",
                "note": "Tokens are steps x nominal batch; checkpoints end before training did.",
            }
        ),
        # Section 2: linear decay to a tenth over 300 B tokens, AdamW, weights in fp16; 180 B tokens of text.
        "runs": SHAPES.assign(
            run="opt/" + SHAPES["recipe"],
            family="opt",
            params_basis="nominal",
            data="OPT mixture",
            architecture="decoder",
            context=2048,
            schedule="linear",
            planned_tokens=300e9,
            unique_tokens=180e9,
            optimizer="AdamW",
            weight_decay=0.1,
            precision="fp16",
        ),
        "checkpoints": metrics[["run", "step", "tokens"]].drop_duplicates().assign(tokens_basis="step_x_batch"),
        "metrics": metrics.assign(how="as_published"),
    }


SOURCE = Source(
    tables=tables,
    title="OPT throughout training: validation perplexity and BIG-bench",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Xia et al. 2023, Training Trajectories of Language Models Across Scales, arXiv:2212.09803; models: Zhang et"
        " al. 2022, OPT, arXiv:2205.01068; collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={
        PERPLEXITY: "c3a53ccc7a412f0caff4179ce484acf1c2aab36b25677473658f094362449ff5",
        ACCURACY: "adff9b18349c5f337c9757cc0d7ec562c36b74546d14ab035aee5d35f2c9775a",
    },
    note="Perplexities, not losses; the number of shots in BIG-bench is not stated.",
)
