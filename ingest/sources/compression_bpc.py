"""Compression Represents Intelligence Linearly: bits per character of 31 public base models on three new texts.

13 models were measured again by OpenCompass: the same run, told apart by ``repeat`` (0 as first published, then 1).
Sizes are rounded and tokens those of the makers, both put beside the values by hand; for Qwen1.5 by third parties;
for four models none are known. The benchmark scores in the file are those of the source obsscaling, and left to it.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "compression_bpc.csv"
TEXTS = ["common_crawl", "python", "arxiv_math", "average"]
MIXTURES_OF_EXPERTS = ["Mixtral", "DeepSeek-V2"]


def tables(raw: Path) -> Tables:
    """One run per model, its lines of one size together; three rates and their mean per measurement."""
    rows = pd.read_csv(raw / FILE)
    rows["line"] = rows.index + 2
    sizes = rows.groupby("family")["n_params_total"].transform("nunique")
    name = rows["family"].str.lower().where(sizes > 1, "others")
    rows["related"] = name.str.extract(r"^([a-z]+)", expand=False)
    rows["architecture"] = rows["family"].isin(MIXTURES_OF_EXPERTS).map({True: "moe", False: "decoder"})
    rows["family"] = "compression-" + name
    rows["run"] = rows["family"] + "/" + rows["model_key"]
    models = rows.drop_duplicates("run")
    sparse = models["architecture"] == "moe"
    families = rows.drop_duplicates("family")[["family", "related"]]
    families["architecture"] = families["family"].map({"compression-mixtral": "moe"}).fillna("decoder")
    others = families["family"] == "compression-others"
    return {
        "families": families.assign(
            architecture=families["architecture"].mask(others),
            metric="bits_per_character",
            task="compression_average",
            split="test",
            varies=others.map({True: "data and architecture", False: None}),
            note="Finished models of makers; sizes and tokens from their figures.",
        ),
        "runs": models[["run", "family", "architecture"]].assign(
            params=models["n_params_total"],
            params_total=models["n_params_total"],
            params_active=models["n_params_active"].where(sparse),
            params_basis="nominal",
            planned_tokens=models["tokens"],
            recipe=models["model"],
        ),
        "checkpoints": models[["run", "tokens"]].assign(
            tokens_basis=models["tokens"].notna().map({True: "planned", False: None})
        ),
        "metrics": _rates(rows),
    }


def _rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Bits per character on each text, long; the mean was made by the source."""
    rows = rows.assign(repeat=rows.groupby("run").cumcount())
    wide = rows.rename(columns={f"bpc_{text}": text for text in TEXTS})
    long = wide.melt(["run", "tokens", "repeat", "line"], TEXTS, "text")
    how = long["text"].eq("average").map({True: "extracted", False: "as_published"})
    return long.drop(columns="text").assign(
        metric="bits_per_character", task="compression_" + long["text"], split="test", how=how, file=FILE
    )


SOURCE = Source(
    tables=tables,
    title="Compression rates of public base models",
    repository="hkust-nlp/llm-compression-intelligence",
    commit="ff39c4161d4cd16c7603d85f436da123773448bb",
    retrieved=datetime.date(2024, 9, 20),
    licence="MIT AND Apache-2.0",
    citation=(
        "Huang et al. 2024, Compression Represents Intelligence Linearly, arXiv:2404.09937;"
        " measured again by the OpenCompass contributors"
    ),
    folder="compression-bpc",
    files={FILE: "05bd0546b058c9e206a8d9581883a3a2d019f80dc8903179500970601ea7fbe3"},
    extracted=True,
    note="Parsed from README tables. Newer models may have seen the texts. Apache-2.0: the values of OpenCompass.",
)
