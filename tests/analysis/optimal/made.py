"""Runs that Chinchilla's law made, as an isoFLOP grid of curves, and as single runs."""

from __future__ import annotations

import numpy as np

from scalebook.analysis.points import Points

TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
A = TRUTH["beta"] / (TRUTH["alpha"] + TRUTH["beta"])
SIZES = np.geomspace(5e6, 9e8, 16)
BUDGETS = 1.25e16 * 2.0 ** np.arange(12)


def loss(params: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    return TRUTH["E"] + TRUTH["A"] * params ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]


def grid(
    *,
    curves: bool = True,
    sizes: np.ndarray = SIZES,
    budgets: np.ndarray = BUDGETS,
    noise: float = 0.0,
    kappa: float = 6.0,
) -> Points:
    """Every size at every budget, from .3 to 1,000 tokens per parameter; one run a size, or one a point."""
    params, flops = (x.ravel() for x in np.meshgrid(sizes, budgets, indexing="ij"))
    tokens = flops / (kappa * params)
    keep = (tokens > 0.3 * params) & (tokens < 1000 * params)
    params, flops, tokens = params[keep], flops[keep], tokens[keep]
    names = [f"made/{n:.0f}" for n in params] if curves else [f"made/{k}" for k in range(len(params))]
    scatter = np.exp(noise * np.random.default_rng(0).normal(size=len(params)))
    return Points(
        "made",
        {
            "run": np.array(names, object),
            "params": params,
            "tokens": tokens,
            "flops": flops,
            "loss": loss(params, tokens) * scatter,
            "params_basis": np.full(len(params), "total", object),
            "flops_basis": np.full(len(params), "6nd", object),
        },
    )
