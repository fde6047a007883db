"""A protocol is a question with a function: which checkpoints may be seen, and which must be predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from scalebook.corpus.names import Registry

from .points import Mask, Points

#: Where the term of model size in a law comes from: it is fitted, dropped, or taken from another family.
Term = Literal["fitted", "dropped", "lent"]


@dataclass(frozen=True)
class Split:
    """Points to learn from and points to predict.

    Parameters
    ----------
    settings : mapping of str to float
        Where in the protocol this split stands.
    train, target : array of bool, shape (n,)
        Either may be empty (the study then records why nothing was fitted); no point is in both.
    size_term : {"fitted", "dropped", "lent"}
        One size cannot tell how the loss changes with size. Where only one is seen, the term is dropped, or lent by
        every unrelated family in turn, each making a row; see `lending`.
    loss : str
        Column that is learnt and predicted; another than ``loss`` holds that of another evaluation set.
    """

    settings: Mapping[str, float]
    train: Mask
    target: Mask
    size_term: Term = "fitted"
    loss: str = "loss"

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
    needs : str
        What a family must have, for the row of one that has it not.
    scaled_only : bool
        Ask families that differ in scale only and have three sizes; else every family with a loss.
    borrows : bool
        Some splits have a size term that is lent.
    """

    split: Callable[[Points], Iterator[Split]]
    question: str
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: str = "three sizes"
    scaled_only: bool = True
    borrows: bool = False

    @property
    def name(self) -> str:
        """Name of the file that defines it."""
        return self.split.__module__.rsplit(".", 1)[-1]


protocols: Registry[Protocol] = Registry("scalebook.analysis.protocols", "PROTOCOL", Protocol)
