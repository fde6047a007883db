r"""The loss of a law over size and tokens, and what is cheapest on it: the planner of every law with N and D.

With :math:`n = \log N` and :math:`d = \log D`, the most loss that :math:`k(N) D = C` FLOPs can take away, where
a token of training costs k(N), is where

.. math:: \partial L / \partial n = \kappa \, \partial L / \partial d, \qquad \kappa = d \log k / dn,

and the cheapest model of one loss that also serves T tokens, at h(N) FLOPs each, is where

.. math::
    \frac{dn}{dd} (s \kappa + (1 - s) \eta) + s = 0 \quad \text{along} \quad L(n, d) = \text{const}, \qquad
    s = \frac{k D}{k D + h T}, \quad \eta = d \log h / dn.

A dense model has k = 6 N, h = 2 N and :math:`\kappa = \eta = 1`; `spending` has others. Both places are
searched on a grid first, so that nothing is assumed of a law but that its loss falls with N and with D; then the root
of the exact derivative is bracketed between neighbours of the best place, so that it is found to the last digits and
also where a law has a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..law import Array, Law
from .bracket import root
from .spending import DENSE, Spending

#: Logarithms of the sizes and of the tokens among which optima are searched.
SIZES = (0.0, float(np.log(1e30)))
TOKENS = (0.0, float(np.log(1e32)))
#: Places of the grid; the base of a logarithm apart by a quarter.
PLACES = 300
#: A function that varies by a smaller share has no least place: what varies is rounding.
FLAT = 1e-9
#: Step into the complex plane: small enough that its square is nothing.
_STEP = 1e-30


@dataclass(frozen=True)
class Surface:
    """A law with coefficients; many draws of them are one surface.

    Parameters
    ----------
    law : Law
        It takes ``params`` and ``tokens``, and may take ``unique_tokens``.
    values : mapping of str to array, shape (draws, 1)
        Coefficients.
    unique_tokens : float, optional
        Tokens of the data set; without it no token is seen twice.
    spending : Spending
        What a token costs by size.
    held : mapping of str to float
        Other inputs of the law.
    """

    law: Law
    values: Mapping[str, Array]
    unique_tokens: float | None = None
    spending: Spending = DENSE
    held: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        law: Law,
        values: Mapping[str, float],
        unique_tokens: float | None = None,
        spending: Spending = DENSE,
        held: Mapping[str, float] = {},
    ) -> Surface:
        """The surface of one set of coefficients."""
        return cls(law, {name: np.array([[value]]) for name, value in values.items()}, unique_tokens, spending, held)

    @property
    def draws(self) -> int:
        """Number of sets of coefficients."""
        return len(next(iter(self.values.values())))

    def loss(self, n: Array, d: Array) -> Array:
        """Loss at logarithms of size and tokens, shape (draws, places)."""
        return np.asarray(self._predict(np.exp(n), np.exp(d)), float)

    def slopes(self, n: Array, d: Array) -> tuple[Array, Array]:
        """Derivatives of the loss by n and by d, exact: by a step into the complex plane."""
        size, spent = np.exp(n), np.exp(d)
        by_size = np.imag(self._predict(size * (1 + 1j * _STEP), spent + 0j)) / _STEP
        by_spent = np.imag(self._predict(size + 0j, spent * (1 + 1j * _STEP))) / _STEP
        return by_size, by_spent

    @property
    def floor(self) -> Array:
        """Loss of a model without end on tokens without end, shape (draws, 1); minus infinity if there is none."""
        endless = np.full((self.draws, 1), 1e150)
        with np.errstate(all="ignore"):
            end = np.asarray(self._predict(endless, endless), float)
            further = np.asarray(self._predict(endless * 1e5, endless * 1e5), float)
        return np.where(end - further > 1e-3, -np.inf, end)

    def _predict(self, size: NDArray[np.inexact], spent: NDArray[np.inexact]) -> NDArray[np.inexact]:
        columns = {"params": size, "tokens": spent, **{name: np.asarray(value) for name, value in self.held.items()}}
        if "unique_tokens" in self.law.inputs:
            columns["unique_tokens"] = spent if self.unique_tokens is None else np.asarray(self.unique_tokens)
        return np.asarray(self.law.predict(*(columns[name] for name in self.law.inputs), **self.values))

    def price(self, n: Array) -> tuple[Array, Array]:
        """Logarithms of the FLOPs of a token of training and of inference, at logarithms of size."""
        size = np.exp(n)
        return np.log(self.spending.train(size)), np.log(self.spending.inference(size))

    def rises(self, n: Array) -> tuple[Array, Array]:
        """Derivatives of `price` by n, exact as `slopes`."""
        size = np.exp(n) * (1 + 1j * _STEP)
        spent = (self.spending.train(size), self.spending.inference(size))
        by_train, by_inference = (np.imag(flops) / np.real(flops) / _STEP for flops in spent)
        return by_train, by_inference

    # what is best on it: logarithms, of shape (draws, 1), NaN where there is none

    def size_of(self, loss: Array, d: Array) -> Array:
        """Logarithm of the size that has this loss after so many tokens, of their shape; NaN where none has."""
        shape = np.broadcast_shapes(np.shape(loss), np.shape(d), (self.draws, 1))
        d = np.broadcast_to(d, shape)
        return root(lambda n: self.loss(n, d) - loss, np.full(shape, SIZES[0]), np.full(shape, SIZES[1]))

    def tokens_of(self, loss: Array, n: Array) -> Array:
        """Logarithm of the tokens after which a model of this size has this loss; NaN where it never has."""
        shape = np.broadcast_shapes(np.shape(loss), np.shape(n), (self.draws, 1))
        n = np.broadcast_to(n, shape)
        return root(lambda d: self.loss(n, d) - loss, np.full(shape, TOKENS[0]), np.full(shape, TOKENS[1]))

    def best_for(self, flops: float | Array) -> tuple[Array, Array]:
        """Size and tokens of least loss for training compute in FLOP."""
        budget = np.log(np.asarray(flops, float)) * np.ones((self.draws, 1))
        least, most = (np.full((self.draws, 1), end) for end in SIZES)
        largest = root(lambda n: self.price(n)[0] - budget, least, most)  # it sees a single token
        grid = np.broadcast_to(np.linspace(0.0, 1.0, PLACES), (self.draws, PLACES)) * largest

        def tokens(n: Array) -> Array:
            left: Array = budget - self.price(n)[0]
            return left

        def uphill(n: Array) -> Array:
            by_size, by_spent = self.slopes(n, tokens(n))
            return by_size - self.rises(n)[0] * by_spent

        n = _least(self.loss(grid, tokens(grid)), grid, uphill)
        return n, tokens(n)

    def best_of_size(self, params: float) -> tuple[Array, Array]:
        """A size, and the tokens with which it is the best use of compute."""
        n = np.full((self.draws, 1), np.log(params))
        grid, rise = np.linspace(*TOKENS, PLACES), self.rises(n)[0]

        def short(d: Array) -> Array:
            by_size, by_spent = self.slopes(np.broadcast_to(n, np.broadcast_shapes(n.shape, d.shape)), d)
            return by_size - rise * by_spent

        left = short(np.broadcast_to(grid, (self.draws, PLACES)))
        turns = (left[:, :-1] > 0) & (left[:, 1:] <= 0)
        at = turns.argmax(axis=1)
        low, high = (np.where(turns.any(axis=1), grid[at + k], np.nan)[:, None] for k in (0, 1))
        d = root(short, low, high)
        again, _ = self.best_for(np.exp(self.price(n)[0] + d))  # slopes are also equal where no split is the best
        return n, np.where(np.abs(again - n) < 1e-6, d, np.nan)

    def cheapest(self, loss: float | Array, served: float = 0.0) -> tuple[Array, Array]:
        """Size and tokens of least cost for a loss and inference tokens (effective ones, where prices count)."""
        goal = np.asarray(loss, float) * np.ones((self.draws, 1))
        with np.errstate(divide="ignore"):
            rest = np.log(served)
        grid = np.broadcast_to(np.linspace(*TOKENS, PLACES), (self.draws, PLACES))
        train, inference = self.price(self.size_of(goal, grid))
        with np.errstate(invalid="ignore"):  # no size has the loss after too few tokens
            cost = np.logaddexp(train + grid, inference + rest)

        def uphill(d: Array) -> Array:
            n = self.size_of(goal, d)
            with np.errstate(all="ignore"):
                by_size, by_spent = self.slopes(n, d)
                by_train, by_inference = self.rises(n)
                train, inference = self.price(n)
                share = 1 / (1 + np.exp(inference + rest - train - d))
                rise = share - by_spent / by_size * (share * by_train + (1 - share) * by_inference)
            return np.where(np.isfinite(n), rise, -1.0)  # too few tokens for any size: more of them

        d = _least(cost, grid, uphill)
        return self.size_of(goal, d), d


def _least(values: Array, grid: Array, uphill: Callable[[Array], Array]) -> Array:
    """Where a function is least, shape (draws, 1); NaN where that is an end of the grid, everywhere or nowhere.

    Parameters
    ----------
    values, grid : array, shape (draws, places)
        The function and its places; NaN where it is not defined.
    uphill : callable
        Its derivative, array of shape (draws, 1) to such an array.
    """
    known = np.where(np.isfinite(values), values, np.inf)
    at = known.argmin(axis=1)
    rows, least = np.arange(len(grid)), known.min(axis=1)
    inner = (at > 0) & (at < grid.shape[1] - 1) & np.isfinite(least)
    most = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    with np.errstate(invalid="ignore"):
        inner &= ~(most - least < FLAT * np.abs(least))
    low, high = (np.where(inner, grid[rows, np.clip(at + k, 0, PLACES - 1)], np.nan)[:, None] for k in (-1, 1))
    return root(uphill, low, high)
