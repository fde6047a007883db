"""Published claims, and the verdict of this corpus on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .error import Interval

Verdict = Literal["supported", "not supported", "contradicted", "not testable here"]

#: Share of false discoveries that is accepted among all claims that are called supported or contradicted.
FALSE = 0.1


@dataclass(frozen=True)
class Published:
    """A claim of the literature, made so precise that an interval can decide it.

    Parameters
    ----------
    text : str
        The claim in our words.
    place : str
        Where it stands.
    holds : (float, float)
        The effects for which it is true, both ends included.
    """

    text: str
    place: str
    holds: tuple[float, float]

    @property
    def directional(self) -> bool:
        """It says that something helps or harms: 1, no effect at all, is an end of `holds`."""
        return 1.0 in self.holds


def verdict(published: Published, interval: Interval, q: float = math.nan) -> Verdict:
    """Decide a claim.

    Supported when the whole interval lies where the claim holds, contradicted when all of it lies elsewhere. A claim
    that something helps or harms must also survive the control of false discoveries over all findings.

    Parameters
    ----------
    published : Published
        The claim.
    interval : Interval
        The effect that was found.
    q : float
        Adjusted p value of "no effect"; NaN if it is not known.

    Examples
    --------
    >>> helps = Published("it helps", "section 1", (0.0, 1.0))
    >>> verdict(helps, Interval(0.5, 0.3, 0.8, 0.9, 12, 9))
    'supported'
    >>> verdict(helps, Interval(0.9, 0.3, 1.2, 0.9, 12, 9))
    'not supported'
    >>> verdict(helps, Interval(0.5, -math.inf, math.inf, 0.9, 3, 1))
    'not testable here'
    """
    low, high = interval.low, interval.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return "not testable here"
    if published.directional and q > FALSE:
        return "not supported"
    if published.holds[0] <= low and high <= published.holds[1]:
        return "supported"
    if high < published.holds[0] or low > published.holds[1]:
        return "contradicted"
    return "not supported"
