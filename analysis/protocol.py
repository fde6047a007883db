"""A protocol is a question with a function: which checkpoints may be seen, and which must be predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from scalebook.corpus.names import Registry

from .points import Mask, Points


@dataclass(frozen=True)
class Split:
    """Points to learn from and points to predict.

    Parameters
    ----------
    settings : mapping of str to float
        Where in the protocol this split stands.
    train, target : array of bool, shape (n,)
        Either may be empty (the study then records why nothing was fitted); no point is in both.
    """

    settings: Mapping[str, float]
    train: Mask
    target: Mask

    def __post_init__(self) -> None:
        both = int(np.sum(self.train & self.target))
        if both:
            raise ValueError(f"{both} points are both seen and predicted, at {dict(self.settings)}")


@dataclass(frozen=True)
class Protocol:
    """A question about designs, asked of every family alike.

    Parameters
    ----------
    split : callable
        Points of a family to splits; empty when the family cannot answer.
    question : str
        What the splits vary, as a question.
    settings : mapping of str to str
        Every setting of a split, and what it means.
    """

    split: Callable[[Points], Iterator[Split]]
    question: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the file that defines it."""
        return self.split.__module__.rsplit(".", 1)[-1]


protocols: Registry[Protocol] = Registry("scalebook.analysis.protocols", "PROTOCOL", Protocol)
