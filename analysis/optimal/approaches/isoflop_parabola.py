r"""Approach 2 by smoothing: vertices of parabolas in log size.

A parabola is fitted by least squares to the losses at one budget [1]_. Far from its minimum a profile is none: over
sizes that are a thousand times apart, parabolas made an exponent of 2 out of .83. So only sizes within a factor of six
of the best one are used, which holds nearly all that was trained for [1]_.

References
----------
.. [1] Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, arXiv:2203.15556, section 3.2.
"""

from __future__ import annotations

from ...points import Points
from ..approach import Approach
from ..frontier import Frontier, Options
from ..isoflop import isoflop
from ..minimum import parabola


def find(points: Points, options: Options) -> Frontier:
    """Frontier through the vertices of parabolas."""
    return isoflop("isoflop_parabola", points, options, parabola)


APPROACH = Approach(find)
