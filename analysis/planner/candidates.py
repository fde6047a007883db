"""Runs that one could train next: sizes up to the target, tokens per parameter as so far and as usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..designs import levels
from ..points import SAME_SIZE, Points
from .belief import Array, Places

#: Steps between sizes: the root of two, wider where there would be more sizes than this.
SIZES, STEP = 10, 2**0.5
#: Sizes below the smallest run's, as shares of it, where runs have fewer sizes than tell how loss changes with them.
SMALLER, FEW = (1 / 8, 1 / 4, 1 / 2), 3
#: Usual tokens per parameter, besides the user's own.
RATIOS = (10.0, 20.0, 40.0, 80.0)
#: Shares of the target's training that can be run ahead of it.
PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
#: Shares of its own tokens at which a run is expected to be evaluated.
SEEN = (0.25, 0.5, 1.0)


#: Number of the target's run; those of a user's runs are smaller, those of candidates larger.
TARGET = 10**9


@dataclass(frozen=True)
class Target:
    """The run to be forecast: parameters and training tokens."""

    params: float
    tokens: float

    @property
    def flops(self) -> float:
        """6 N D."""
        return 6 * self.params * self.tokens

    @property
    def ratio(self) -> float:
        """Tokens per parameter."""
        return self.tokens / self.params

    @property
    def place(self) -> Places:
        """The end of its training."""
        one = np.ones(1)
        return Places(self.params * one, self.tokens * one, self.tokens * one, 0 * one, np.array([TARGET]))


@dataclass(frozen=True)
class Candidate:
    """A run that could be trained.

    Parameters
    ----------
    params, tokens : float
        Size, and tokens it is trained on.
    end : float
        Tokens that its schedule is planned for: more than `tokens` for the beginning of the target.
    """

    params: float
    tokens: float
    end: float

    @property
    def flops(self) -> float:
        """6 N D."""
        return 6 * self.params * self.tokens

    @property
    def partial(self) -> bool:
        """Whether it is the beginning of the target's own training."""
        return self.tokens < self.end

    @property
    def label(self) -> str:
        """Size and tokens as people say them.

        Examples
        --------
        >>> Candidate(1.3e9, 2.6e10, 2.6e10).label, Candidate(7e9, 1e11, 2e11).label
        ('1.3B on 26B', 'the target (7B) on its first 100B')
        """
        size, data = short(self.params), short(self.tokens)
        return f"the target ({size}) on its first {data}" if self.partial else f"{size} on {data}"

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints of it."""
        about = {"params": self.params, "tokens": self.tokens, "tokens_per_param": self.tokens / self.params}
        return {**about, "flops": self.flops, "partial_target": self.partial}


def short(value: float) -> str:
    """A number of parameters or tokens with its unit letter.

    Examples
    --------
    >>> short(1.25e8), short(3e11), short(1.4e13), short(950)
    ('125M', '300B', '14T', '950')
    """
    for letter, unit in (("T", 1e12), ("B", 1e9), ("M", 1e6)):
        if value >= unit * 0.9995:
            return f"{value / unit:.3g}{letter}"
    return f"{value:.3g}"


def candidates(points: Points, params: float, tokens: float, budget: float) -> list[Candidate]:
    """Runs within a budget, in order of size and tokens.

    Parameters
    ----------
    points : Points
        The runs so far.
    params, tokens : float
        The target.
    budget : float
        Training FLOPs, by 6 N D.

    Returns
    -------
    list of Candidate
        Sizes from that of the smallest run to below the target, on tokens up to the target's, and the target's own
        beginning. Where the runs have fewer than `FEW` sizes, smaller ones too, and no whole run that is shorter than
        one that there is at its size. Empty if nothing can be paid for.
    """
    smallest = float(points.sizes[0])
    steps = int(np.clip(np.ceil(np.log(params / smallest) / np.log(STEP)), 1, SIZES))
    sizes = [float(size) for size in np.geomspace(smallest, params, steps + 1)[:-1] if size * SAME_SIZE < params]
    few = levels(points) < FEW
    if few:
        sizes = [share * smallest for share in SMALLER] + sizes
    own = (points["tokens"] / points["params"])[points.final]
    ratios = sorted({*RATIOS, *np.quantile(own, [0.0, 0.5, 1.0]).tolist(), tokens / params})
    kept = [ratio for k, ratio in enumerate(ratios) if not k or ratio > SAME_SIZE * ratios[k - 1]]
    whole = [Candidate(n, ratio * n, ratio * n) for n in sizes for ratio in kept if ratio * n <= tokens]
    if few:  # the runs there have been where a shorter one would go, and there is little else to choose from
        whole = [one for one in whole if one.tokens >= longest(points, one.params) * (1 - 1e-9)]
    part = [Candidate(params, share * tokens, tokens) for share in PARTS]
    return [one for one in (*whole, *part) if one.flops <= budget]


def longest(points: Points, params: float) -> float:
    """Tokens of the longest run of a size; zero where there is none."""
    there = np.abs(np.log(points["params"] / params)) <= np.log(SAME_SIZE) / 2
    return float(points["tokens"][there].max(initial=0.0))


def doubled(points: Points, params: float, budget: float) -> list[Candidate]:
    """The doubling rule: twice the size of the largest run with its tokens per parameter, while it can be paid.

    Sizes stay below the target's; what remains of the budget is not spent.
    """
    size, left = float(points.sizes[-1]), budget
    largest = points["params"] == size
    ratio = float((points.run_tokens / points["params"])[largest].max())
    found: list[Candidate] = []
    while 2 * size * SAME_SIZE < params:
        size *= 2
        one = Candidate(size, ratio * size, ratio * size)
        if one.flops > left:
            break
        found.append(one)
        left -= one.flops
    return found


def expected(some: Sequence[Candidate], target: Target) -> tuple[Places, NDArray[np.int64]]:
    """Where candidates would be evaluated, and which rows are whose, shape (m, 3).

    Parameters
    ----------
    some : sequence of Candidate
        The runs.
    target : Target
        The run to be forecast.
    """
    shares = np.array(SEEN)
    repeated = len(SEEN)
    params: Array = np.repeat([one.params for one in some], repeated).astype(float)
    tokens = np.concatenate([one.tokens * shares for one in some]) if some else np.empty(0)
    end = np.repeat([one.end for one in some], repeated).astype(float)
    run = np.repeat([TARGET if one.partial else TARGET + 1 + k for k, one in enumerate(some)], repeated).astype(
        np.int64
    )
    far = np.abs(np.log(tokens / params / target.ratio))
    return Places(params, tokens, end, far, run), np.arange(len(tokens)).reshape(-1, repeated)
