from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalebook.ingest.build import read
from scalebook.ingest.source import SOURCES

SOURCE = SOURCES["cerebras-gpt"]
ROWS = {"sources": 1, "families": 4, "runs": 28, "checkpoints": 28, "metrics": 60}

LINES = """\
model,suite,parametrization,train_corpus,n_params_nominal,n_params_total,n_params_nonembedding,tokens,flops,\
pile_test_loss_paper,pile_test_loss_card,pile_val_loss_wandb,zero_shot_avg_paper,n_layers,d_model,batch_size_seqs,\
seq_len,steps,max_lr,min_lr,lr_schedule,verified,note
Cerebras-GPT-111M,cerebras-gpt,SP,pile,111000000,111050496,70880256,2220933120,2.6e18,2.608,2.566,,0.315,10,768,120,\
2048,9037,0.0006,6e-05,linear,"loss, flops: secondary",paper and model card disagree on the loss
Cerebras-GPT-13B,cerebras-gpt,SP,pile,13000000000,12853386240,12585584640,257066680320,2.3e22,1.572,1.575,,0.570,40,\
5120,720,2048,135223,0.00012,1.2e-05,cosine,secondary,"batch 720, then 1080"
Cerebras-GPT-111M-muP,cerebras-gpt,muP,pile,111000000,111050496,70880256,2220933120,2.6e18,2.588,,,0.325,10,768,120,\
2048,9037,0.006,0.0006,linear,secondary,
Pythia-70M-deduped,pythia,SP,pile-deduped,70000000,70426624,18915328,299892736000,1.6e20,2.549,,3.013,,6,512,1024,\
2048,143000,,,cosine,secondary,converted
"""


def test_few_lines_of_the_real_format(tmp_path: Path) -> None:
    (tmp_path / "cerebras_gpt.csv").write_text(LINES)
    made = SOURCE.tables(tmp_path)
    found = {(m.run, m.task): (m.value, m.how) for m in made["metrics"].itertuples() if m.metric == "loss"}
    assert found == {
        ("cerebras-gpt/111m", "Pile"): (2.608, "as_published"),
        ("cerebras-gpt/111m", "Pile, model card"): (2.566, "as_published"),  # a contradiction stays visible
        ("cerebras-gpt/13b", "Pile"): (1.572, "as_published"),
        ("cerebras-gpt/13b", "Pile, model card"): (1.575, "as_published"),
        ("cerebras-gpt-mup/111m", "Pile"): (2.588, "as_published"),
        ("cerebras-pythia-deduped/70m", "Pile"): (2.549, "extracted"),  # converted to another vocabulary
        ("cerebras-pythia-deduped/70m", "Pile, Pythia's logs"): (3.013, "as_published"),
    }
    runs = made["runs"].set_index("run")
    assert runs.loc["cerebras-gpt/111m", "batch_tokens"] == 120 * 2048
    assert np.isnan(runs["batch_tokens"]["cerebras-gpt/13b"])  # changed in mid-run
    flops = made["checkpoints"].set_index("run")["flops"]
    assert flops["cerebras-gpt/111m"] == 2.6e18  # the authors' count, not 6 N D
    assert np.isnan(flops["cerebras-pythia-deduped/70m"])


def test_golden_rows_and_a_value_traced_by_hand(raw_sources: Path) -> None:
    tables = read(SOURCE, raw_sources / SOURCE.folder)
    assert {name: t.num_rows for name, t in tables.items()} == ROWS
    # line 5: Cerebras-GPT-1.3B,...,26313424896,2.8e20,1.997,1.996,,0.410,24,2048,528,2048,24334,...
    traced = {m["task"]: m for m in tables["metrics"].to_pylist() if m["line"] == 5}
    assert {(m["run"], m["step"], m["tokens"]) for m in traced.values()} == {("cerebras-gpt/1.3b", 24334, 26313424896)}
    assert [traced[t]["value"] for t in ("Pile", "Pile, model card", "mean of seven tasks")] == [1.997, 1.996, 0.410]


def test_the_published_law_fits_the_papers_losses(raw_sources: Path) -> None:
    """Acceptance test C1: the residual of (C / 5.984e22)^-.0737 + .5066 on the seven standard models."""
    tables = {name: t.to_pandas() for name, t in read(SOURCE, raw_sources / SOURCE.folder).items()}
    points = tables["metrics"].query("task == 'Pile'").merge(tables["checkpoints"], on=["run", "step", "tokens"])
    points = points[points["run"].str.startswith("cerebras-gpt/")]
    residual = ((points["flops"] / 5.984e22) ** -0.0737 + 0.5066) / points["value"] - 1
    assert len(points) == 7
    assert np.sqrt((residual**2).mean()) * 100 == pytest.approx(0.661, abs=0.01)
