"""Jet: an array that carries its exact first and second derivatives through a formula.

Forward-mode automatic differentiation, sparse: a derivative that is zero is absent, so a law such as
``E + A N^-alpha`` costs hardly more than its hand-written gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Values = Any
"""An array or a plain number; shapes broadcast."""
First = Mapping[int, Values]
Second = Mapping[tuple[int, int], Values]


class Jet:
    """A value, its derivatives by variable and its second derivatives by pair of variables.

    Parameters
    ----------
    value : array or float
        The value.
    first : mapping of int to array
        Derivative in variable i.
    second : mapping of (int, int) to array, or None
        Second derivative in variables i <= j; None in every operand if only first derivatives are wanted.
    log : Jet or callable that returns it, optional
        Its logarithm where that is known, so that powers cost one exponential and no logarithm.

    Examples
    --------
    >>> alpha = Jet.variable(2.0, 0)
    >>> f = 3.0 ** -alpha
    >>> [round(float(v), 6) for v in (f.value, f.first[0], f.second[0, 0])]
    [0.111111, -0.122068, 0.134105]
    """

    __slots__ = ("_first", "_log", "_second", "_value")

    def __init__(
        self, value: Values, first: First, second: Second | None, log: Jet | Callable[[], Jet] | None = None
    ) -> None:
        self._value, self._first, self._second, self._log = value, first, second, log

    @classmethod
    def from_log(cls, log: Jet | Callable[[], Jet]) -> Jet:
        """The exponential of `log`, expanded only if it is asked for: a power of it needs the logarithm alone."""
        return cls(None, {}, None, log)

    @property
    def value(self) -> Values:
        """The value."""
        if self._value is None:
            self._expand()
        return self._value

    @property
    def first(self) -> First:
        """Derivative by variable."""
        if self._value is None:
            self._expand()
        return self._first

    @property
    def second(self) -> Second | None:
        """Second derivative by pair of variables."""
        if self._value is None:
            self._expand()
        return self._second

    def _expand(self) -> None:
        with np.errstate(all="ignore"):  # a trial step may leave the domain; asked for late, it must not warn either
            self._expand_quietly()

    def _expand_quietly(self) -> None:
        log = self.log()
        value = np.exp(log.value)
        self._first = first = {i: _times(d, value) for i, d in log.first.items()}
        if log.second is not None:
            second = {k: _times(d, value) for k, d in log.second.items()}
            for i, a in log.first.items():
                for j, b in first.items():
                    if i <= j:
                        _accumulate(second, (i, j), _times(a, b))
            self._second = second
        self._value = value

    @classmethod
    def variable(cls, value: Values, index: int, order: int = 2) -> Jet:
        """Variable number `index`: its derivative is one."""
        return cls(value, {index: 1.0}, {} if order > 1 else None)

    @classmethod
    def constant(cls, value: Values, log: Values | None = None, order: int = 2) -> Jet:
        """A value without derivatives, with its logarithm if that is at hand."""
        second: Second | None = {} if order > 1 else None
        return cls(value, {}, second, None if log is None else cls(log, {}, second))

    def log(self) -> Jet:
        """Natural logarithm, computed once."""
        if self._log is None:
            inverse = 1.0 / self.value
            self._log = self.chain(np.log(self.value), inverse, -inverse * inverse)
        elif not isinstance(self._log, Jet):
            self._log = self._log()
        return self._log

    def exp(self) -> Jet:
        """Exponential; its logarithm stays known."""
        return Jet.from_log(self)

    def chain(self, value: Values, slope: Values, bend: Values) -> Jet:
        """A function of this jet, from its value and its first two derivatives here."""
        first = {i: _times(d, slope) for i, d in self.first.items()}
        if self.second is None:
            return Jet(value, first, None)
        second = {k: _times(d, slope) for k, d in self.second.items()}
        for i, a in self.first.items():
            bent = _times(a, bend)
            for j, b in self.first.items():
                if i <= j:
                    _accumulate(second, (i, j), _times(b, bent))
        return Jet(value, first, second)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        rule = _RULES.get(ufunc)
        if rule is None or method != "__call__" or kwargs:
            raise TypeError(f"a law cannot use np.{ufunc.__name__}; it may use {', '.join(sorted(_names()))}")
        return rule(*inputs)

    def __neg__(self) -> Jet:
        second = None if self.second is None else {k: -d for k, d in self.second.items()}
        return Jet(-self.value, {i: -d for i, d in self.first.items()}, second)

    def __add__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.first, self.second)
        second = None if self.second is None or other.second is None else _sum(self.second, other.second)
        return Jet(self.value + other.value, _sum(self.first, other.first), second)

    def __sub__(self, other: Any) -> Jet:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Jet:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            second = None if self.second is None else {k: d * other for k, d in self.second.items()}
            return Jet(self.value * other, {i: _times(d, other) for i, d in self.first.items()}, second)
        known = (lambda: self.log() + other.log()) if self._log is not None and other._log is not None else None
        if known and (self._value is None or other._value is None):
            return Jet.from_log(known)
        a, b = self.value, other.value
        first = _sum(
            {i: _times(d, b) for i, d in self.first.items()}, {i: _times(d, a) for i, d in other.first.items()}
        )
        second = None if self.second is None or other.second is None else self._mul_second(other)
        return Jet(a * b, first, second, known)

    def _mul_second(self, other: Jet) -> dict[tuple[int, int], Values]:
        assert self.second is not None
        assert other.second is not None
        second = {k: _times(d, other.value) for k, d in self.second.items()}
        for k, d in other.second.items():
            _accumulate(second, k, _times(d, self.value))
        for i, a in self.first.items():
            for j, b in other.first.items():
                cross = _times(a, b)
                _accumulate(second, (min(i, j), max(i, j)), 2.0 * cross if i == j else cross)
        return second

    def reciprocal(self) -> Jet:
        """One over it."""
        if self._log is not None:
            return Jet.from_log(lambda: -self.log())
        inverse = 1.0 / self.value
        square = inverse * inverse
        return self.chain(inverse, -square, 2.0 * square * inverse)

    def __truediv__(self, other: Any) -> Jet:
        return self.__mul__(other.reciprocal() if isinstance(other, Jet) else 1.0 / other)

    def __rtruediv__(self, other: Any) -> Jet:
        return self.reciprocal().__mul__(other)

    def __pow__(self, other: Any) -> Jet:
        if isinstance(other, Jet) or self._log is not None:
            return self.log().__mul__(other).exp()
        power = self.value**other
        slope = other * self.value ** (other - 1)
        return self.chain(power, slope, (other - 1) * other * self.value ** (other - 2))

    def __rpow__(self, other: Any) -> Jet:
        return self.__mul__(np.log(other)).exp()

    __radd__, __rmul__ = __add__, __mul__


def _times(a: Values, b: Values) -> Values:
    """Product that skips a factor which is exactly the number one, as the derivative of a variable is."""
    if type(a) is float and a == 1.0:
        return b
    if type(b) is float and b == 1.0:
        return a
    return a * b


def _accumulate(total: dict[Any, Values], key: Any, value: Values) -> None:
    total[key] = total[key] + value if key in total else value


def _sum(a: Mapping[Any, Values], b: Mapping[Any, Values]) -> dict[Any, Values]:
    total = dict(a)
    for key, value in b.items():
        _accumulate(total, key, value)
    return total


def _binary(operate: Callable[[Jet, Any], Jet], reflect: Callable[[Jet, Any], Jet]) -> Callable[[Any, Any], Jet]:
    return lambda a, b: operate(a, b) if isinstance(a, Jet) else reflect(b, a)


def _sqrt(a: Jet) -> Jet:
    root = np.sqrt(a.value)
    return a.chain(root, 0.5 / root, -0.25 / (root * a.value))


def _tanh(a: Jet) -> Jet:
    value = np.tanh(a.value)
    slope = 1.0 - value * value
    return a.chain(value, slope, -2.0 * value * slope)


def _expm1(a: Jet) -> Jet:
    value = np.expm1(a.value)
    return a.chain(value, value + 1.0, value + 1.0)


def _log1p(a: Jet) -> Jet:
    inverse = 1.0 / (1.0 + a.value)
    return a.chain(np.log1p(a.value), inverse, -inverse * inverse)


def _logaddexp(a: Any, b: Any) -> Jet:
    """log(e^a + e^b) = m + log1p(exp(-|a - b|)), whose derivative in a - b is the logistic function."""
    difference: Jet = a - b
    slope = 0.5 * (1.0 + np.tanh(0.5 * difference.value))
    # log(e^d + 1) of the difference, added to b: no overflow at either end
    soft = difference.chain(np.logaddexp(difference.value, 0.0), slope, slope * (1.0 - slope))
    return soft.__add__(b)


def _select(better: Callable[[Values, Values], Values]) -> Callable[[Any, Any], Jet]:
    """Minimum or maximum: the derivative of the operand that was taken."""

    def rule(a: Any, b: Any) -> Jet:
        difference: Jet = a - b
        taken = better(difference.value, 0.0).astype(float)
        zero = 0.0 * taken
        return difference.chain(difference.value * taken, taken, zero).__add__(b)

    return rule


_RULES: dict[np.ufunc, Callable[..., Jet]] = {
    np.add: _binary(Jet.__add__, Jet.__add__),
    np.subtract: _binary(Jet.__sub__, Jet.__rsub__),
    np.multiply: _binary(Jet.__mul__, Jet.__mul__),
    np.true_divide: _binary(Jet.__truediv__, Jet.__rtruediv__),
    np.power: _binary(Jet.__pow__, Jet.__rpow__),
    np.negative: Jet.__neg__,
    np.exp: Jet.exp,
    np.log: Jet.log,
    np.sqrt: _sqrt,
    np.tanh: _tanh,
    np.expm1: _expm1,
    np.log1p: _log1p,
    np.logaddexp: _logaddexp,
    np.minimum: _select(np.less),
    np.maximum: _select(np.greater),
}


def _names() -> list[str]:
    return [f"np.{u.__name__}" for u in _RULES]
