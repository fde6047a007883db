"""Laws by name or by file, with coefficients held or tied, as in ``chinchilla[beta=alpha]``."""

from __future__ import annotations

import re
from pathlib import Path

from scalebook.corpus.errors import Misuse, UnknownName

from .law import Law, find_law, laws


def law_named(text: str) -> Law:
    """A law of the registry or from a user's file, constrained as the brackets behind its name say.

    Parameters
    ----------
    text : str
        ``NAME`` or ``NAME[coefficient=value,coefficient=other coefficient]``; the name may be the path of a file, such
        as ``./my_law.py``.

    Raises
    ------
    UnknownName
        If there is no such law or coefficient.
    Misuse
        If what is in the brackets is no constraint.

    Examples
    --------
    >>> law_named("chinchilla[alpha=0.35,beta=alpha]").name
    Traceback (most recent call last):
    scalebook.corpus.errors.Misuse: beta cannot be tied to alpha, which is constrained itself
    >>> law_named("chinchilla[beta=alpha]").free
    ('E', 'A', 'B', 'alpha')
    """
    law, held = law_and_constraints(text)
    try:
        return law.constrain(**held) if held else law
    except UnknownName as error:
        if "subspace" in held or any(isinstance(v, str) and v not in law.coefficients for v in held.values()):
            raise Misuse(f"{error}; only `scalebook fit` takes families, published laws and subspaces") from error
        raise


def law_and_constraints(text: str) -> tuple[Law, dict[str, float | str]]:
    """The law before the brackets, and what they hold, not checked yet.

    Examples
    --------
    >>> law_and_constraints("chinchilla[A=gpt3,beta=0.3]")[1]
    {'A': 'gpt3', 'beta': 0.3}
    """
    name, bracket, rest = _parted(text)
    law = find_law(name)
    held: dict[str, float | str] = {}
    if not bracket:
        return law, held
    for part in rest.rstrip().removesuffix("]").split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*(\S+)\s*", part)
        if not match or not rest.rstrip().endswith("]"):
            raise Misuse(f"no constraint: {text!r}; write such as chinchilla[beta=alpha] or chinchilla[alpha=0.35]")
        if match[1] in held:
            raise Misuse(f"{match[1]} is constrained twice in {text!r}; say it once")
        held[match[1]] = _value(match[2])
    return law, held


def canonical(text: str) -> str:
    """The one way to write a law: its own name, and for a file its full path, whatever folder it is read from.

    Examples
    --------
    >>> canonical("chinchilla[ beta = alpha ]")
    'chinchilla[beta=alpha]'
    """
    law, (name, _, _) = law_named(text), _parted(text)
    _, bracket, rest = law.name.partition("[")
    return law.name if name in laws else str(Path(name).resolve()) + bracket + rest


def _parted(text: str) -> tuple[str, str, str]:
    """Name or path, bracket, and what is behind it."""
    path, ending, rest = text.strip().partition(".py")
    if ending and (not rest or rest.startswith("[")):
        return path + ending, rest[:1], rest[1:]
    name, bracket, rest = text.partition("[")
    return name.strip(), bracket, rest


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def size_term(law: Law) -> tuple[str, str] | None:
    """Level and power of the one term that falls with model size alone, as its units tell; None if there is no such.

    Examples
    --------
    >>> size_term(laws["chinchilla"]), size_term(laws["compute"])
    (('A', 'alpha'), None)
    """
    for name, coefficient in law.coefficients.items():
        power = coefficient.dims.get("params")
        if coefficient.linear and set(coefficient.dims) == {"params"} and power in law.coefficients:
            return name, str(power)
    return None


def shares_power(law: Law) -> bool:
    """Whether the power of the size term is also that of another term, or tied to one.

    Examples
    --------
    >>> shares_power(laws["chinchilla_tied"]), shares_power(laws["chinchilla"])
    (True, False)
    """
    term = size_term(law)
    if term is None:
        return False
    level, power = term
    others = [p for name, c in law.coefficients.items() if name != level for p in c.dims.values()]
    return power in others or power in law.constraints.values() or isinstance(law.constraints.get(power), str)


def without_size_term(law: Law) -> Law:
    """The law along one run, where the size term is a constant that the floor takes up; any other law as it is.

    Examples
    --------
    >>> without_size_term(laws["chinchilla"]).name
    'chinchilla[A=0.0,alpha=1.0]'
    """
    term = size_term(law)
    if term is None:
        return law
    level, power = term
    held = {level: 0.0} | ({} if shares_power(law) else {power: 1.0})
    return law.constrain(**{name: value for name, value in held.items() if name not in law.constraints})
