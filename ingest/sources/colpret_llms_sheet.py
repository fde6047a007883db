"""A spreadsheet: IBM's mixtures of experts (ModuleFormer) throughout training, beside public models, zero-shot.

Two header rows; blank lines separate blocks. The rows of a block belong to the model that the block names, which may
stand in its first or in its last row. The column called Corpus holds tokens ("64B") except for finished models
("Pile"): those have no place in training, and are left out unless their tokens are known from elsewhere. ``ppl`` is per
word for wikitext and per target word for LAMBADA. The row Random is chance. ``IBM_MoE.csv`` repeats a part of the
sheet: only its column ``data`` is read. The row obsidian-4B repeats 19 of 21 values of ST-h1 at 100 B tokens.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..corrections import Correction
from ..source import Source, Tables

FILE = "aggregated_eval/LLMs - 0-shot.csv"
PART = "raw_data/IBM_MoE.csv"
MOE, PUBLIC = "ibm-moe", "ibm-moe-baselines"

#: Training tokens of public models: Pythia 143,000 steps x 2,097,152 (arXiv:2304.01373); GPT-Neo by its model cards.
BUDGETS = {"Pythia": 143_000 * 2_097_152.0, "GPT-neo 1.3B": 380e9, "GPT-neo 2.7B": 420e9}
PUBLIC_MODELS = ("GPT2", "GPT3-ada", "Pythia", "Codegen-NL", "GPT-neo", "LLAMA")
DENSE = (*PUBLIC_MODELS, "GPT-Stickbreaking")
ABOUT = ["Model", "Params", "Effective Params", "Corpus", "Inference time", "Tokenizer"]
METRICS = {"acc": "accuracy", "acc_norm": "accuracy_norm", "bpb": "bits_per_byte"}


def amount(words: pd.Series[str]) -> pd.Series[float]:
    """Numbers with M, B or T; anything else is none.

    Examples
    --------
    >>> amount(pd.Series(["64B", "350M", "Pile"])).tolist()
    [64000000000.0, 350000000.0, nan]
    """
    parts = words.str.extract(r"^([\d.]+)([MBT])$")
    return parts[0].astype(float) * parts[1].map({"M": 1e6, "B": 1e9, "T": 1e12})


def _sheet(file: Path) -> pd.DataFrame:
    """Rows with a model each, and one column per task and metric."""
    head = pd.read_csv(file, header=None, nrows=2, dtype="str")
    rows = pd.read_csv(file, header=None, skiprows=2, dtype="str", skip_blank_lines=False)
    rows.columns = pd.Index(head.loc[0].ffill() + (" " + head.loc[1]).fillna(""))
    empty = rows.isna().all(axis=1)
    rows["line"], block = rows.index + 3, empty.cumsum()
    rows["Model"] = rows.groupby(block)["Model"].bfill()
    rows["Model"] = rows.groupby(block)["Model"].ffill()
    rows["data"] = rows["Corpus"].where(rows["Corpus"].isin(["Pile", "IBM Pile"]))
    of_model = ["Params", "Effective Params", "Tokenizer", "data"]
    rows[of_model] = rows.groupby([block, "Model"])[of_model].bfill()
    rows[of_model] = rows.groupby([block, "Model"])[of_model].ffill()
    return rows[~empty & (rows["Model"] != "Random")]


def _runs(rows: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Family, run, size and tokens of every row."""
    said = part[["Model", "data"]].dropna().drop_duplicates().drop_duplicates("Model", keep=False)
    model, size = rows["Model"], rows["Params"].where(~rows["Model"].str.startswith("obsidian-4B"), "4B")
    public = model.isin(PUBLIC_MODELS)
    ambiguous = model.isin(["ST-k2", "ST-h1"])
    name = model + ("-" + rows["Tokenizer"].str.replace("_", "-")).where(ambiguous, "") + ("-" + size).where(public, "")
    known = (model + " " + size).map(BUDGETS).fillna(model.map(BUDGETS))
    family = public.map({True: PUBLIC, False: MOE})
    return rows.assign(
        family=family,
        run=family + "/" + name.str.lower(),
        params=amount(size),
        params_active=amount(rows["Effective Params"]).where(~model.isin(DENSE)),
        tokens=amount(rows["Corpus"]).fillna(known),
        tokens_basis=amount(rows["Corpus"]).isna().map({True: "planned", False: "reported"}),
        architecture=model.isin(DENSE).map({True: "decoder", False: "moe"}),
        recipe=model,
        data=rows["data"].fillna(model.map(said.set_index("Model")["data"]).where(~ambiguous)),
    )


def _families() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": [MOE, PUBLIC],
            "architecture": ["moe", "decoder"],
            "data": ["Pile", None],
            "related": "ibm-moe",
            "note": [
                "Recipes differ from run to run: no scaled family, no law. Word perplexity on wikitext compares them.",
                "Public models of several families, evaluated by the same authors: no scaled family.",
            ],
        }
    )


def tables(raw: Path) -> Tables:
    """Two families, one run per model, all tasks at every known place in training."""
    rows = _runs(_sheet(raw / FILE), pd.read_csv(raw / PART))
    rows = rows[rows["tokens"].notna()]
    about = ["run", "family", "params", "params_active", "architecture", "recipe", "data"]
    tasks = [c for c in rows.columns if " " in c and c not in ABOUT]
    metrics = rows.melt(["run", "tokens", "line"], tasks, "column", "published").dropna(subset="published")
    metrics[["task", "kind"]] = metrics["column"].str.split(" ", expand=True)
    metrics["task"] = metrics["task"].str.lower()
    wikitext = metrics["task"] == "wikitext"
    share = metrics["kind"].isin(["acc", "acc_norm"])
    perplexity = wikitext.map({True: "word_perplexity", False: "target_perplexity"})
    value = metrics["published"].astype(float)
    return {
        "families": _families(),
        "runs": rows[about].drop_duplicates("run").assign(params_basis="nominal"),
        "checkpoints": rows[["run", "tokens", "tokens_basis"]],
        "metrics": metrics[["run", "tokens", "line", "task"]].assign(
            metric=metrics["kind"].map(METRICS).fillna(perplexity),
            split=wikitext.map({True: "test", False: None}),
            shots=(~wikitext).map({True: 0, False: None}).astype("Int64"),
            value=value.where(~share, value / 100),
            how="as_published",
            file=FILE,
        ),
    }


SOURCE = Source(
    tables=tables,
    title="Zero-shot evaluations of IBM's mixtures of experts throughout training",
    repository="IBM/ColPret",
    commit="16f23bbe054277ddc4afd07a972dd7cfbe3f48c3",
    retrieved=datetime.date(2025, 1, 27),
    licence="MIT",
    citation=(
        "Shen et al. 2023, ModuleFormer, arXiv:2306.04640; collected by Choshen, Zhang, Andreas 2024, arXiv:2410.11840"
    ),
    folder="colpret",
    files={
        FILE: "28158ea0db677bc5f55f2db7587600856c098e2f301e01516eaf935c273b7ed5",
        PART: "112bd464afefef86b5a28f63c2f54367c337d447b72fb2226f687a45102f788c",
    },
    note="A working sheet, typed by hand. Sizes are rounded; mixtures of experts have both total and active.",
    corrections=(
        Correction(
            table="metrics",
            where="run = 'ibm-moe/h1-k4' and tokens = 40e9 and task = 'lambada_openai' and value = 0.322",
            reason="the accuracy in LAMBADA repeats that in OpenBookQA, 32.2; before it stands 47.3 and after it 50.6",
            date=datetime.date(2026, 11, 21),
            rows=1,
        ),
    ),
)
