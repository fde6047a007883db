"""Clark et al.: 223 dense and routed language models (hash, S-Base, RL-R) of six widths and 2 to 512 experts.

``dense_parameter_count`` is what one token passes through; none of the counts holds embeddings. It is a mere label for
wider dense models (``flop_increase``; all their parameters are active, so the total stands in) and for routing to more
than one expert (``k``; left unknown). ``flops_per_step`` is the forward pass: training takes three times as much.
Four S-Base configurations are published twice, with losses up to .1 apart: some setting must differ that is not said.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from ..source import Source, Tables

FILE = "data/curves.csv.gz"
# Section 2 of the paper: 256 sequences of 2,048 tokens, 250,000 steps, 32,000 tokens of vocabulary.
BATCH_TOKENS, CONTEXT, STEPS, VOCABULARY = 524_288.0, 2048, 250_000, 32_000
DATA = "MassiveText"
# column -> evaluation set, split
LOSSES = {
    "loss_validation": (DATA, "validation"),
    "loss_c4": ("C4", None),
    "loss_curation_corpus": ("Curation Corpus", None),
    "loss_lambada": ("LAMBADA", None),
    "loss_pile": ("Pile EuroParl", None),
    "loss_wikitext103": ("WikiText-103", None),
}


def tables(raw: Path) -> Tables:
    """One run per ``hyper_id``; a family is one router with one number of experts, in every second block."""
    curves = pd.read_csv(raw / FILE)
    curves["line"] = curves.index + 2
    runs = _runs(curves.drop_duplicates("hyper_id"))
    named = curves.merge(runs[["hyper_id", "run"]], on="hyper_id")
    named = named.assign(tokens=named["step"] * BATCH_TOKENS, flops=3 * named["flops_per_step"] * named["step"])
    metrics = named.melt(["run", "step", "tokens", "line"], list(LOSSES), "column").dropna(subset="value")
    places = named[["run", "step", "tokens", "flops"]]
    return {
        "families": _families(runs),
        "runs": runs.drop(columns=["hyper_id", "note"]),
        "checkpoints": places.assign(tokens_basis="step_x_batch", flops_basis="counted"),
        "metrics": metrics.assign(
            metric="loss",
            task=metrics["column"].map({c: task for c, (task, _) in LOSSES.items()}),
            split=metrics["column"].map({c: split for c, (_, split) in LOSSES.items()}),
            how="as_published",
            file=FILE,
        ).drop(columns="column"),
    }


def _runs(said: pd.DataFrame) -> pd.DataFrame:
    """One row per configuration, with its family and the family's note."""
    dense, wide = said["router_type"] == "Dense", said["flop_increase"] > 1
    plain = (said["routing_frequency"] == 0.5) & (said["k"] == 1) & ~wide
    experts = said["num_experts"].astype(str)
    kind = experts.where(plain, "other").where(~dense, wide.map({True: "wide", False: ""}))
    family = ("routed-" + said["router_type"].str.lower() + "-" + kind).str.rstrip("-")
    size = said["model_size_label"].str.lower()
    repeats = said.assign(family=family).groupby(["family", "model_size_label"])["seed"].transform("nunique") > 1
    unusual = "-" + said["hyper_id"].astype(str)
    name = size + ("-seed" + said["seed"].astype(str)).where(repeats, unusual.where(~plain, ""))
    active = said["total_parameter_count"].where(dense, said["dense_parameter_count"].where(said["k"] == 1))
    frequency = said["routing_frequency"].map("{:.3g}".format)
    return pd.DataFrame(
        {
            "hyper_id": said["hyper_id"],
            "run": family + "/" + name,
            "family": family,
            "recipe": "E=" + experts + " k=" + said["k"].astype(str) + " routed blocks=" + frequency,
            "params": active,
            "params_active": active,
            "params_non_embedding": said["total_parameter_count"],
            "params_basis": active.map(lambda n: "active", na_action="ignore"),
            "layers": said["num_blocks"],
            "width": said["d_model"],
            "heads": said["num_heads"],
            "seed": said["seed"],
            "replicate_group": (family + "/" + size).where(repeats),
            "architecture": dense.map({True: "decoder", False: "moe"}),
            "data": DATA,
            "context": CONTEXT,
            "vocabulary": VOCABULARY,
            "batch_tokens": BATCH_TOKENS,
            "planned_tokens": STEPS * BATCH_TOKENS,
            "note": plain.map({True: "", False: "Single settings off the grid: not one recipe."}),
        }
    )


def _families(runs: pd.DataFrame) -> pd.DataFrame:
    families = runs.drop_duplicates("family")[["family", "architecture", "data", "note"]]
    return families.assign(
        metric="loss",
        task=DATA,
        split="validation",
        related="routed-lms",
        note=families["note"].replace("", None),
        varies=(families["note"] != "").map({True: "routing", False: None}),
    )


SOURCE = Source(
    tables=tables,
    title="Loss curves of routed and dense language models",
    repository="google-deepmind/scaling_laws_for_routing",
    commit="42da0c392b127df2c01fa7b705f72396050d05e5",
    retrieved=datetime.date(2022, 7, 21),
    licence="CC-BY-4.0",
    citation="Clark et al. 2022, Unified Scaling Laws for Routed Language Models, arXiv:2202.01169",
    folder="routed-lms",
    files={FILE: "c03e7531add85e594f368d33bac4a0220280be858a7ed12d147cf73af6a3819f"},
    note="Parameter counts leave embeddings out; FLOPs are three times the authors' forward estimate.",
)
