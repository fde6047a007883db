"""RegMix: 1,088 trainings on random mixtures of 17 parts of the Pile, at three sizes, with losses on 13 parts.

Mixtures and losses stand in two tables that join on ``index``. The test mixtures of 1M and 60M are the same, row by
row; those of 1B are others, counted from 0. "1M" leaves out the embeddings, which are 95 % of that model. A family
holds one size, so that no law of scale describes it: its runs differ in data only, and ``data`` gives the mixtures.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

# The repository's lit_gpt/config.py: blocks with four square matrices, a gated block of three and two norms; two
# embedding matrices. Tokens: section 3 of the paper. Recipe of the 1B models: the card of sail/data-mixture-random-1b.
SIZES = pd.DataFrame(
    [
        ("regmix-1m", 2, 256, 8, 512, 1e9),
        ("regmix-60m", 10, 768, 8, 1536, 1e9),
        ("regmix-1b", 22, 2048, 16, 5632, 25e9),
    ],
    columns=["family", "layers", "width", "heads", "inner", "tokens"],
)
VOCABULARY = 50_432

# family, set of mixtures, file of mixtures, file of losses
FILES = (
    ("regmix-1m", "train", "data/train_mixture_1m.csv", "data/train_pile_loss_1m.csv"),
    ("regmix-1m", "test", "data/test_mixture_1m.csv", "data/test_pile_loss_1m.csv"),
    ("regmix-60m", "test", "data/test_mixture_60m.csv", "data/test_pile_loss_60m.csv"),
    ("regmix-1b", "test-1b", "data/test_mixture_1B.csv", "data/test_pile_loss_1B.csv"),
)


def tables(raw: Path) -> Tables:
    """Runs, checkpoints and metrics, one row per published value."""
    mixtures = pd.concat([_mixtures(raw, *names) for names in FILES], ignore_index=True)
    losses = pd.concat([_losses(raw, *names) for names in FILES], ignore_index=True)
    tokens = SIZES.set_index("family")["tokens"]
    metrics = losses.assign(tokens=losses["run"].str.split("/").str[0].map(tokens))
    return {
        "families": SIZES[["family"]].assign(
            architecture="decoder",
            data="mixtures of the Pile",
            metric="loss",
            task="pile_pile_cc",
            split="validation",
            varies="mixture",
            related="regmix",
            note="One size: runs differ in the mixture of their data only.",
        ),
        "runs": _runs(mixtures),
        "checkpoints": metrics[["run", "tokens"]].drop_duplicates().assign(tokens_basis="planned"),
        "metrics": metrics,
    }


def _mixtures(raw: Path, family: str, part: str, file: str, _: str) -> pd.DataFrame:
    """Runs with their mixture in words, parts without weight left out."""
    table = pd.read_csv(raw / file, dtype={"index": str})
    weights = table.drop(columns="index").rename(columns=lambda c: c.removeprefix("train_the_pile_"))
    words = weights.apply(lambda w: w.map(lambda x: f"{w.name} {x:g}" if x else ""))
    data = words.apply(lambda row: ", ".join(w for w in row if w), axis=1)
    recipe = part + "-" + table["index"]
    return pd.DataFrame({"run": family + "/" + recipe, "family": family, "recipe": recipe, "data": data})


def _losses(raw: Path, family: str, part: str, _: str, file: str) -> pd.DataFrame:
    """Losses of the runs, long."""
    table = pd.read_csv(raw / file, dtype={"index": str})
    table["line"] = table.index + 2
    table["run"] = family + "/" + part + "-" + table["index"]
    long = table.drop(columns="index").melt(["run", "line"], var_name="key")
    task = long["key"].str.removeprefix("metric/the_").str.removesuffix("_val_loss")
    return long.assign(metric="loss", task=task, split="validation", how="as_published", file=file)


def _runs(mixtures: pd.DataFrame) -> pd.DataFrame:
    width, inner = SIZES["width"], SIZES["inner"]
    body = SIZES["layers"] * (4 * width**2 + 3 * width * inner + 2 * width) + width
    large = SIZES["family"] == "regmix-1b"
    sizes = SIZES.drop(columns=["inner", "tokens"]).assign(
        params=body,
        params_total=body + 2 * VOCABULARY * width,
        params_non_embedding=body,
        planned_tokens=SIZES["tokens"],
        batch_tokens=pd.Series(1e6, SIZES.index).where(large),
        peak_learning_rate=pd.Series(4e-4, SIZES.index).where(large),
        schedule=pd.Series("cosine", SIZES.index).where(large),
        warmup_tokens=(0.04 * SIZES["tokens"]).where(large),
    )
    return mixtures.merge(sizes, on="family").assign(
        params_basis="non-embedding",
        architecture="decoder",
        vocabulary=VOCABULARY,
        context=2048,
    )


SOURCE = Source(
    tables=tables,
    title="Losses of models trained on random mixtures of the Pile",
    repository="sail-sg/regmix",
    commit="b004d3a3f39846dcec6b3740da22bcd1ba95a5d0",
    retrieved=datetime.date(2024, 10, 3),
    licence="MIT",
    citation="Liu et al. 2024, RegMix: Data Mixture as Regression for Language Model Pre-training, arXiv:2407.01492",
    folder="regmix",
    files={
        "data/test_mixture_1B.csv": "dd38052949c0a5f84165bdcb3ae3a331c7f07efd9bb83848bd579dfc4ce75a2c",
        "data/test_mixture_1m.csv": "197267b7d6f15367e2f46c881e564c35b0d34e51b1754bb09d07e650cf8e1ce8",
        "data/test_mixture_60m.csv": "197267b7d6f15367e2f46c881e564c35b0d34e51b1754bb09d07e650cf8e1ce8",
        "data/test_pile_loss_1B.csv": "b2451e2b7fa15400688edc39e4d32f21ccbe0fb356e07d62a0e9ccddf247114f",
        "data/test_pile_loss_1m.csv": "e027b1674f60140a65a87b5e4a59ab5f09dc33e8fd02c080682678074b160f53",
        "data/test_pile_loss_60m.csv": "8fe69d59ab7dd4fae4736459f4265ec93c7ed1ad1eca407346052560edc72b5b",
        "data/train_mixture_1m.csv": "04a32ef4ab594376bf90e11404c033668f887c351d6a03ad3744824c7296a2d8",
        "data/train_pile_loss_1m.csv": "49a959aa07ce5c20831d5abe3a7896ff0cd90a398bd407c8913fd5588be0465a",
    },
    note="Finals only; tokens are the paper's budgets. Weights are rounded to .001 and need not add up to 1.",
)
