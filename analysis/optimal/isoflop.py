"""Approach 2: at every budget, the size with the least loss; a power law through these minima.

Of every profile (`profiles`) the minimum is read off a curve in the logarithm of size (`minimum`); the tokens there are
those of its neighbours, straight between them in logarithms. Minima at the smallest or largest size are left out.
"""

from __future__ import annotations

import numpy as np

from ..law import Array
from ..points import Points
from .frontier import Frontier, Optimum, Options, drawn_runs, through
from .minimum import Minimise
from .profiles import Profile, profiles


def isoflop(approach: str, points: Points, options: Options, minimise: Minimise) -> Frontier:
    """Frontier through the minima of isoFLOP profiles.

    Parameters
    ----------
    approach : str
        Its name.
    minimise : callable
        Sizes and losses, in logarithms, to their minima.
    """
    known = profiles(points, drawn_runs(points, options)) if len(points) else []
    sizes = np.full((1 + options.bootstraps, len(known)), np.nan)
    tokens = sizes.copy()
    optima = []
    for k, profile in enumerate(known):
        least = minimise(profile.sizes, profile.losses)
        sizes[:, k] = np.where(least.inside, least.x, np.nan)
        tokens[:, k] = [_tokens(profile, draw, size) for draw, size in enumerate(sizes[:, k])]
        at = float(least.x[0]) if np.isfinite(least.x[0]) else float(profile.sizes[0, np.argmin(profile.losses[0])])
        there = float(least.y[0]) if np.isfinite(least.y[0]) else float(profile.losses[0].min())
        optimum = (profile.flops, at, _tokens(profile, 0, at), there)
        optima.append(Optimum.of(*optimum, sizes=profile.sizes.shape[1], inside=bool(least.inside[0])))
    return through(approach, points, options, np.array([p.flops for p in known]), sizes, tokens, optima)


def _tokens(profile: Profile, draw: int, size: Array | float) -> float:
    """Logarithm of the tokens at a size, from those of the sizes on either side."""
    there = np.isfinite(profile.sizes[draw])
    return float(np.interp(size, profile.sizes[draw][there], profile.tokens[draw][there])) if there.any() else np.nan
