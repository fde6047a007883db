r"""Approach 3: the optimum of Chinchilla's law fitted to all points, in closed form.

FLOPs per parameter and token are those of the points (their geometric mean; 6 where :math:`C = 6 N D`), and intervals
are from refits on redrawn runs [1]_ [2]_.

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.3.
.. [2] Besiroglu et al. (2024), Chinchilla Scaling: A Replication Attempt, arXiv:2404.10102.
"""

from __future__ import annotations

import numpy as np

from ...engine.clusters import LEAST
from ...fit import Fit, bootstrap, fit
from ...law import Array, Law, laws
from ...points import Points
from ..approach import Approach
from ..closed_form import COEFFICIENTS, closed_form
from ..frontier import Frontier, Options, found, nothing

#: FLOPs per parameter and token that differ by more than this factor are worth a word.
UNEVEN = 1.1


def find(points: Points, options: Options) -> Frontier:
    """Frontier of Chinchilla's law."""
    law = laws["chinchilla"]
    fitted = fit(
        law,
        points.columns,
        objective=options.objective,
        delta=options.delta,
        starts=options.starts,
        seed=options.seed,
        level=options.level,
    )
    values = fitted.values
    if fitted.status != "converged" or not all(values[name] > 0 for name in COEFFICIENTS):
        gone = [name for name in COEFFICIENTS if not values[name] > 0]
        why = f"{fitted.status}: {fitted.reason}" if fitted.status != "converged" else f"{', '.join(gone)} is 0"
        return nothing("parametric", points, "no_law", f"the law has no optimum: {why}")
    enough = options.bootstraps and len(points.runs) >= LEAST
    drawn = _drawn(law, points, fitted, options) if enough else None
    per = points["flops"] / (points["params"] * points["tokens"])
    log_flops = np.log(points["flops"])
    both = closed_form(
        values,
        kappa=float(np.exp(np.log(per).mean())),
        centre=float(log_flops.mean()),
        drawn=drawn,
        level=options.level,
    )
    note = f"FLOPs per parameter and token lie between {per.min():.3g} and {per.max():.3g}; their mean is used"
    ends = float(points["flops"].min()), float(points["flops"].max())
    return found("parametric", points, both, ends, options.bootstraps, [note] if per.max() > UNEVEN * per.min() else [])


def _drawn(law: Law, points: Points, fitted: Fit, options: Options) -> Array:
    """A, B, alpha and beta of refits on redrawn runs, where they have an optimum."""
    refits = bootstrap(law, points.columns, fitted, options.bootstraps, clusters=points["run"], seed=options.seed)
    values = refits.values[:, [refits.names.index(name) for name in COEFFICIENTS]]
    kept: Array = values[refits.converged & (values > 0).all(axis=1)]
    return kept


APPROACH = Approach(find)
