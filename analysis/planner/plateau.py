"""Where a limited data set ends: the loss that repeating it for ever comes to, and the compute that all but does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surface import Surface

#: Share of the last loss that is not worth compute.
NEAR = 1e-4
#: Training compute among which the plateau's beginning is searched, and halvings of its logarithm.
RANGE, HALVINGS = (1e12, 1e40), 24


@dataclass(frozen=True)
class Plateau:
    """The end of a data set.

    Parameters
    ----------
    unique_tokens : float
        Its tokens.
    loss : float
        The loss that it ends at.
    flops : float
        Training compute for which the best loss is within `NEAR` of that.
    """

    unique_tokens: float
    loss: float
    flops: float

    @property
    def reached(self) -> float:
        """Loss from which on compute buys nothing."""
        return self.loss * (1 + NEAR)

    @property
    def words(self) -> str:
        """Both in words."""
        return (
            f"{self.unique_tokens:.3g} unique tokens end at a loss of {self.loss:.6g}, however often they are repeated,"
            f" and about {self.flops:.2g} FLOPs come within {NEAR:.2%} of it"
        )


def plateau(surface: Surface) -> Plateau | None:
    """Where the loss of one set of coefficients ends on its unique tokens; None if it does not.

    Examples
    --------
    >>> from scalebook.analysis.law import laws
    >>> values = {"E": 1.86914, "A": 520.825, "B": 1487.716, "alpha": 0.3526596, "beta": 0.3526596}
    >>> end = plateau(Surface.of(laws["data_constrained"], {**values, "R_D": 15.387756, "R_N": 5.309743}, 1e9))
    >>> f"{end.loss:.3f}, {end.flops:.1e}"
    '2.761, 1.2e+21'
    """
    end = float(surface.floor[0, 0])
    if surface.unique_tokens is None or not np.isfinite(end):
        return None
    low, high = np.log(RANGE)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if _best(surface, float(np.exp(middle))) > end * (1 + NEAR):
            low = middle
        else:
            high = middle
    return Plateau(surface.unique_tokens, end, float(np.exp(high)))


def _best(surface: Surface, flops: float) -> float:
    """The least loss for training compute; where it is not to be told apart from its neighbours, the end."""
    with np.errstate(all="ignore"):
        n, d = surface.best_for(flops)
        loss = float(surface.loss(n, d)[0, 0])
    return loss if np.isfinite(loss) else -np.inf
