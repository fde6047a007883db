r"""Approach 2 by interpolation: minima of Akima's curve through log loss against log size.

The curve goes through every loss, so that it suits planned grids, of whatever shape and width, and repeats the noise of
single runs: the bootstrap over runs says how much that matters [1]_.

References
----------
.. [1] Porian et al. (2024), Resolving Discrepancies in Compute-Optimal Scaling, arXiv:2406.19146, section 2.3.
"""

from __future__ import annotations

from ...points import Points
from ..approach import Approach
from ..frontier import Frontier, Options
from ..isoflop import isoflop
from ..minimum import akima


def find(points: Points, options: Options) -> Frontier:
    """Frontier through the minima of Akima's curves."""
    return isoflop("isoflop_akima", points, options, akima)


APPROACH = Approach(find)
