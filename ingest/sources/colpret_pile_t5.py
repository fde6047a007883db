"""Pile-T5: four encoder-decoders of 0.25B to 11B parameters, every 10,000 steps to 2 million, masked spans of the Pile.

Two traps. Losses and accuracies of training are sums over 10,000 steps divided by a count of target tokens that outgrew
32 bits (hence negative losses): scaled back. The validation "perplexity" is exp of the mean cross-entropy of an example
over the *number of examples* (``-np.mean(scores) / len(targets)`` in improved-t5/data/metrics.py, 2,048 examples), not
over its 114 target tokens: kept as published under a name of its own; its logarithm times 2048/114 is nats per token.
Of abandoned attempts and repeated evaluations (raw_data/t5_pile) the table keeps the last; so do we.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "aggregated_eval/t5_pile.csv"

# Column config of the file (gin): layers are encoder plus decoder.
SIZES = pd.DataFrame(
    [
        ("base", 12, 768, 2048, 12),
        ("large", 24, 1024, 2816, 16),
        ("xl", 24, 2048, 5120, 32),
        ("xxl", 24, 4096, 10240, 64),
    ],
    columns=["recipe", "depth", "width", "hidden", "heads"],
)
VOCABULARY, BATCH, CONTEXT, TARGETS = 32_128, 2048, 512, 114
WINDOW = 10_000  # steps between two rows
RATE = "learning_rate/current"
# column -> metric, split
MEASURES = {
    "cross_ent_loss_per_all_target_tokens": ("span_loss", "train"),
    "accuracy": ("token_accuracy", "train"),
    "val_perplexity": ("span_perplexity", "validation"),
}


def tables(raw: Path) -> Tables:
    """One run per size; the mean of a window of training stands at the window's end."""
    log = pd.read_csv(raw / FILE, usecols=["model_name", "steps", RATE, *MEASURES])
    log = log.assign(
        line=log.index + 2,
        run="pile-t5/" + log["model_name"],
        step=log["steps"],
        tokens=log["steps"] * float(BATCH * CONTEXT),
        learning_rate=log[RATE],
    )
    metrics = log.melt(["run", "step", "tokens", "line"], list(MEASURES), "column").dropna(subset="value")
    return {
        "families": pd.DataFrame(
            {
                "family": ["pile-t5"],
                "architecture": "encoder-decoder",
                "data": "Pile",
                "metric": "span_perplexity",
                "task": "Pile",
                "split": "validation",
                "related": "pile-t5",
                "note": (
                    "Tokens count the encoder's 512 per example. The canonical loss is nats per example / 2048: times"
                    " 2048/114 it is nats per target token; relative errors do not depend on the factor."
                ),
            }
        ),
        "runs": _runs(),
        "checkpoints": log[["run", "step", "tokens", "learning_rate"]].assign(tokens_basis="step_x_batch"),
        "metrics": metrics.assign(
            metric=metrics["column"].map({c: metric for c, (metric, _) in MEASURES.items()}),
            split=metrics["column"].map({c: split for c, (_, split) in MEASURES.items()}),
            task="Pile",
            how="as_published",
            file=FILE,
        ).drop(columns="column"),
    }


def _runs() -> pd.DataFrame:
    """The four trainings; parameters are counted from the shape (T5 1.1: gated feed-forward, untied head)."""
    depth, width, hidden, heads = (SIZES[c] for c in ("depth", "width", "hidden", "heads"))
    attention = 4 * width * heads * 64
    blocks = depth * (3 * attention + 2 * 3 * width * hidden + 5 * width) + 2 * (32 * heads + width)
    total = (blocks + 2 * VOCABULARY * width).astype(float)
    return pd.DataFrame(
        {
            "run": "pile-t5/" + SIZES["recipe"],
            "family": "pile-t5",
            "recipe": SIZES["recipe"],
            "params": total,
            "params_total": total,
            "params_non_embedding": blocks.astype(float),
            "params_basis": "total",
            "layers": 2 * depth,
            "width": width,
            "heads": heads,
            "vocabulary": VOCABULARY,
            "context": CONTEXT,
            "batch_tokens": float(BATCH * CONTEXT),
            "planned_tokens": 2e6 * BATCH * CONTEXT,
            "warmup_tokens": 1e4 * BATCH * CONTEXT,
            "schedule": "inverse-sqrt",
            "peak_learning_rate": 0.01,  # 1 / sqrt(warm-up steps)
            "optimizer": "Adafactor",
            "precision": "bfloat16",
            "architecture": "encoder-decoder",
            "data": "Pile",
        }
    )


def _overflow(metric: str) -> Correction:
    counted = BATCH * TARGETS * WINDOW
    return Correction(
        table="metrics",
        where=f"metric = '{metric}' and value < 0",
        column="value",
        scale=(counted - 2**32) / counted,
        rows=793,
        reason=f"divided by {counted:,} target tokens in a 32-bit integer, which is {counted - 2**32:,}",
        date=datetime.date(2026, 11, 21),
    )


SOURCE = Source(
    tables=tables,
    title="Training and validation logs of Pile-T5",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Sutawika, Komatsuzaki, Raffel 2024, Pile-T5, EleutherAI (https://blog.eleuther.ai/pile-t5/);"
        " collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={FILE: "2d290d98eac37d8abd6b967c20f330b553b459139f02620a96893c00facc2da1"},
    note="Losses of masked spans, not comparable with those of causal models. Means of 10,000 steps for training.",
    corrections=(
        Correction(
            table="metrics",
            where="metric = 'token_accuracy' and run = 'pile-t5/xxl' and step between 620000 and 680000",
            rows=7,
            reason="the loss of these windows is NaN, and the batches that gave NaN count as all wrong",
            date=datetime.date(2026, 11, 21),
        ),
        _overflow("span_loss"),
        _overflow("token_accuracy"),
        Correction(
            table="metrics",
            where="metric = 'span_loss' and run = 'pile-t5/xxl' and step = 600000 and value > 25",
            rows=1,
            reason="mean of a window in which the training diverged (6,940 nats); it was restarted, the table kept it",
            date=datetime.date(2026, 11, 21),
        ),
    ),
)
