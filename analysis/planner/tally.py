"""A policy against another: on how many families, or contests, it does better."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from scalebook.corpus.errors import UnknownName

from ..error import Interval, over_families

if TYPE_CHECKING:
    import pandas as pd

#: Policies that agree so closely are level.
LEVEL = 1e-12


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Wins of a policy over another.

    Parameters
    ----------
    policy, other : str
        Who plays.
    share : Interval
        Share of plays in which the policy does better, groups of families weighing the same, of those in which the two
        differ.
    wins, level, losses : int
        Plays; level are those in which both come to the same.
    """

    policy: str
    other: str
    share: Interval
    wins: int
    level: int
    losses: int

    @classmethod
    def of(cls, mean: pd.DataFrame, policy: str, other: str, **more: Any) -> Self:
        """Count.

        Parameters
        ----------
        mean : DataFrame
            What is better if lower, by play and group (index, the group named ``related``) and policy (columns).
        **more
            Further fields.
        """
        gain = (mean[other] - mean[policy]).to_numpy()
        wins, losses = gain > LEVEL, gain < -LEVEL
        differ = np.where(wins | losses, wins.astype(float), np.nan)
        share = over_families(differ, mean.index.get_level_values("related").to_numpy(), statistic="mean")
        counts = {"wins": wins, "level": ~wins & ~losses, "losses": losses}
        return cls(policy=policy, other=other, share=share, **{k: int(v.sum()) for k, v in counts.items()}, **more)

    def said(self, better: str, plays: str, aside: str = "") -> str:
        """The tally in words: "a lower error on" how many "families", and an aside on those that are level."""
        at, differ = self.share, self.wins + self.losses
        if not differ:
            return f"{self.policy} against {self.other}: level in all {self.level} {plays}"
        return (
            f"{self.policy} against {self.other}: {better} {self.wins} of the {differ} {plays} where they differ"
            f" ({100 * self.wins / differ:.0f} %), level in {self.level}{aside}; {100 * at.value:.0f} % with groups of"
            f" families weighing the same ({100 * at.level:.0f} % interval {100 * at.low:.0f} to {100 * at.high:.0f} %,"
            f" {at.groups} groups)"
        )


def known(names: Collection[str], *asked: str) -> None:
    """Refuse a policy that is none.

    Raises
    ------
    UnknownName
        With what is meant.
    """
    for name in asked:
        if name not in names:
            raise UnknownName("policy", name, names)
