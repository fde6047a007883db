"""Law: a functional form without data; its formula, and what each of its coefficients means."""

from __future__ import annotations

import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.errors import Misuse, UnknownName
from scalebook.corpus.names import Registry

Array = NDArray[np.float64]
Columns = Mapping[str, Any]
"""Columns of equal length by name, such as ``{"params": ..., "tokens": ..., "loss": ...}``."""


@dataclass(frozen=True)
class Coefficient:
    """A named number of a law.

    Parameters
    ----------
    meaning, unit : str
        What it says, and in what.
    low, high : float
        Hard bounds, which a fit keeps. A coefficient with `dims` may only be bounded by 0 and infinity, since other
        bounds would move with the unit.
    start : (float, float), optional
        Where starts are drawn from, if it is not linear. With `dims`, in units of the geometric mean of the inputs.
    linear : bool
        The prediction is affine in all linear coefficients jointly, so that starts need not guess them.
    log : bool
        A positive scale: the engine works in its logarithm, and so are its starts spread.
    power : str
        Another coefficient: the engine works in ``C_0**a``, a level that the data determine, where C_0 itself and a lie
        along a curved valley. `start`, `linear` and `log` then speak of that level.
    dims : mapping of str to str or float
        How it changes with the unit of an input: ``{"params": "alpha"}`` says that it carries ``params**alpha``.
        Powers are numbers or expressions of coefficients, such as ``"2*eta"``.
    """

    meaning: str
    unit: str = ""
    low: float = 0.0
    high: float = math.inf
    start: tuple[float, float] | None = None
    linear: bool = False
    log: bool = False
    power: str = ""
    dims: Mapping[str, str | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise TypeError(f"{self.meaning}: low {self.low} must be below high {self.high}")
        if self.dims and not (self.low in (0.0, -math.inf) and self.high == math.inf):
            raise TypeError(f"{self.meaning}: a coefficient with dims is bounded by 0 and infinity only")
        if self.log and self.low < 0:
            raise TypeError(f"{self.meaning}: a coefficient in logarithms is positive")
        if self.power and (self.low, self.high) != (0.0, math.inf):
            raise TypeError(f"{self.meaning}: a coefficient with a power is bounded by 0 and infinity only")
        if self.linear == (self.start is not None):
            raise TypeError(f"{self.meaning}: give either linear=True or a range to start from")

    def allows(self, value: float) -> bool:
        """Whether it may have this value: finite, within its bounds, and above 0 if its logarithm is taken."""
        positive = value > 0 or not (self.log or self.power)
        return math.isfinite(value) and self.low <= value <= self.high and positive

    @property
    def allowed(self) -> str:
        """What `allows` demands, in words."""
        if math.isinf(self.high):
            low = ", " + ("above 0" if self.log or self.power else f"{self.low:g} or more")
            return "a finite number" + ("" if math.isinf(self.low) else low)
        return f"a number from {self.low:g} to {self.high:g}" if math.isfinite(self.low) else f"at most {self.high:g}"


@dataclass(frozen=True)
class Law:
    """A formula and what its names mean.

    Parameters
    ----------
    predict : callable
        The formula, in ordinary arithmetic and NumPy functions: inputs before the star, coefficients after it.
    inputs : tuple of str
        Columns that it takes, in the order of its positional arguments.
    cite : str
        Key of the paper.
    coefficients : mapping of str to Coefficient
        Its keyword arguments.
    target : str
        The column that it predicts.
    same_unit : mapping of str to str
        Inputs counted in the unit of another one: ``{"unique_tokens": "tokens"}``.
    estimate : callable, optional
        Columns to coefficients in closed form, for a law that is read off rather than optimised (the baselines).
    constraints : mapping of str to float or str
        Coefficients held at a value, or tied to another one; see `constrain`.
    """

    predict: Callable[..., Any]
    inputs: tuple[str, ...]
    cite: str
    coefficients: Mapping[str, Coefficient]
    target: str = "loss"
    same_unit: Mapping[str, str] = field(default_factory=dict)
    estimate: Callable[[Columns], Mapping[str, float]] | None = None
    constraints: Mapping[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parameters = inspect.signature(self.predict).parameters.values()
        positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        keywords = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        if positional != self.inputs or keywords != tuple(self.coefficients):
            raise TypeError(
                f"{self.name}: predict takes {positional} and coefficients {keywords}, "
                f"but the law declares {self.inputs} and {tuple(self.coefficients)}"
            )

    @property
    def name(self) -> str:
        """Name of the file that holds it, and its constraints: ``chinchilla[beta=alpha]``."""
        stem = str(self.predict.__globals__["__name__"]).rsplit(".", 1)[-1]
        return stem + (f"[{','.join(f'{k}={v}' for k, v in self.constraints.items())}]" if self.constraints else "")

    @property
    def title(self) -> str:
        """First line of the file."""
        return str(self.predict.__globals__.get("__doc__") or self.name).strip().splitlines()[0]

    def constrain(self, **held: float | str) -> Law:
        """The same law with coefficients held at a value (in the units of the data) or tied to another one.

        Raises
        ------
        Misuse
            There is no such coefficient, a value lies outside its bounds, or it is tied to one that is itself
            constrained, has another unit or a wider range. A law that is read off the data takes no constraints.

        Examples
        --------
        >>> laws["chinchilla"].constrain(beta="alpha").free
        ('E', 'A', 'B', 'alpha')
        """
        law = replace(self, constraints={**self.constraints, **held})
        if self.estimate is not None and law.constraints:
            raise Misuse(f"{self.name} is read off the data and takes no constraints: leave out the brackets")
        for name, value in law.constraints.items():
            for wanted in (name, *([value] if isinstance(value, str) else [])):
                if wanted not in self.coefficients:
                    raise UnknownName("coefficient", wanted, self.coefficients)
            if isinstance(value, str):
                law._refuse_tie(name, value)
            elif not self.coefficients[name].allows(value):
                raise Misuse(f"{name} cannot be held at {value:g}: it must be {self.coefficients[name].allowed}")
        return law

    def _refuse_tie(self, name: str, other: str) -> None:
        tied, to = self.coefficients[name], self.coefficients[other]
        if other not in self.free:
            raise Misuse(f"{name} cannot be tied to {other}, which is constrained itself")
        if tied.dims or to.dims:
            raise Misuse(f"{name} cannot be tied to {other}: they change with the units of the data")
        if tied.unit != to.unit:
            units = " and ".join(c.unit or "a pure number" for c in (tied, to))
            raise Misuse(
                f"{name} cannot be tied to {other}: their units differ, {units}; tie it to one of its own unit"
            )
        if not tied.low <= to.low <= to.high <= tied.high:
            raise Misuse(f"{name} cannot be tied to {other}, which may leave its range: {name} must be {tied.allowed}")

    @property
    def free(self) -> tuple[str, ...]:
        """Coefficients that a fit determines."""
        return tuple(name for name in self.coefficients if name not in self.constraints)


laws: Registry[Law] = Registry("scalebook.analysis.laws", "LAW", Law)


def find_law(name: str | Path) -> Law:
    """A law by its name, or a user's own by the path of its file.

    Examples
    --------
    >>> find_law("chinchilla").name
    'chinchilla'
    """
    if isinstance(name, Path) or name.endswith(".py") or "/" in name:
        file = Path(name).resolve()
        return _loaded(file, file.stat().st_mtime_ns) if file.is_file() else load_law(name)
    return laws[name]


@lru_cache(maxsize=64)
def _loaded(file: Path, changed: int) -> Law:
    """A law from a file, read once until the file changes, so that two mentions of it are one law."""
    return load_law(file)


#: What goes wrong in somebody's code; anything else (a kill, an exit, no memory) is none of its business.
OF_CODE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def load_law(path: str | Path) -> Law:
    """The law in a Python file, which holds a function `predict` and a constant `LAW` as the files of the zoo do.

    Raises
    ------
    Misuse
        There is no such file, it does not run, or it holds no law that passes `soundness.check`, as those of the zoo.
    """
    file = Path(path)
    if not file.is_file():
        raise Misuse(f"there is no file {file}; a law is a name, or a Python file that holds LAW")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise Misuse(f"{file} is not a Python file; a law is one that holds LAW")
    module = importlib.util.module_from_spec(spec)  # not in sys.modules: so it reaches other processes by value
    try:
        spec.loader.exec_module(module)
    except OF_CODE as error:
        raise Misuse(f"{file} does not run: {type(error).__name__}: {error}") from error
    law = getattr(module, "LAW", None)
    if not isinstance(law, Law):
        raise Misuse(f"{file} must hold LAW, a scalebook.analysis.law.Law; it holds {type(law).__name__}")
    from .soundness.check import check  # it needs the engine, which needs this file

    try:
        check(law)
    except Misuse as fault:
        raise Misuse(f"{file}: {fault}") from fault
    return law
