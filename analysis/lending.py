r"""Lending: how loss falls with model size in one family, for a forecast of another from a single run.

Along one run of size :math:`N_0`, the law :math:`E + A N^{-\alpha} + B D^{-\beta}` is :math:`E' + B D^{-\beta}` with
:math:`E' = E + A N_0^{-\alpha}`, whatever A and alpha are. So the run is fitted once, and a lender only moves its
forecast by :math:`A (N^{-\alpha} - N_0^{-\alpha})`: the same as fitting E, B and beta with the lender's A and alpha
held (Choshen et al. 2024, arXiv:2410.11840, section 8), as long as E stays positive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalebook.corpus.files import write_atomically

from .bases import mixture
from .designs import levels, trained
from .fit import fit_batch
from .law import Law
from .points import Points
from .variants import shares_power, size_term

#: Families of one group, architecture and unit that are tried, the largest first, until one's law is determined.
TRIED = 3


@dataclass(frozen=True)
class Loan:
    """The size term of a family's law.

    Parameters
    ----------
    family, related, architecture, unit : str
        Who lends; see `Points`.
    level, power : float
        A and alpha.
    """

    family: str
    related: str
    architecture: str
    unit: str
    level: float
    power: float

    def fits(self, points: Points) -> bool:
        """Whether it may lend to these: their losses are in one unit, and they share neither authors nor data."""
        return self.unit == points.unit and self.related != (points.related or points.family)

    def term(self, params: Any) -> NDArray[np.float64]:
        """Loss that a finite size leaves, in the unit of the loss."""
        found: NDArray[np.float64] = self.level * np.asarray(params, float) ** -self.power
        return found


def loans(families: Sequence[Points], law: Law, options: Mapping[str, Any], file: Path) -> tuple[Loan, ...]:
    """Size terms of the families that may lend: one of each group, architecture and unit.

    Parameters
    ----------
    families : sequence of Points
        All that are studied.
    law : Law
        What is fitted to each, to all its sizes.
    options : mapping
        Of `fit.fit_batch`.
    file : path
        Where they are kept; what it depends on is in its name.

    Returns
    -------
    tuple of Loan
        In alphabetical order of families.
    """
    if size_term(law) is None or shares_power(law):
        return ()
    try:
        return tuple(Loan(**loan) for loan in json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not there, cut short, or of another version: made again
        found = _made(families, law, options)
    write_atomically(file, json.dumps([asdict(loan) for loan in found]).encode())
    return found


def _made(families: Sequence[Points], law: Law, options: Mapping[str, Any]) -> tuple[Loan, ...]:
    tried = candidates(families, law)
    fits = fit_batch(law, [training(p, law) for _, p in tried], **options)
    level, power = size_term(law) or ("", "")
    found: dict[tuple[str, str, str], Loan] = {}
    for (kind, p), fit in zip(tried, fits, strict=True):
        if fit.status == "converged":
            related, architecture, unit = kind
            found.setdefault(kind, Loan(p.family, related, architecture, unit, fit.values[level], fit.values[power]))
    return tuple(sorted(found.values(), key=lambda loan: loan.family))


def candidates(families: Sequence[Points], law: Law) -> list[tuple[tuple[str, str, str], Points]]:
    """Families that may show what a law's coefficients are elsewhere, with their group, architecture and unit.

    Returns
    -------
    list
        At most three of one kind, the largest first: of three sizes and more that differ in nothing but scale, counted
        in one way, with all columns that the law needs.
    """
    columns = (*law.inputs, law.target)
    kinds: dict[tuple[str, str, str], list[Points]] = {}
    for p in sorted(families, key=lambda p: (-levels(p), -len(p), p.family)):
        known = all(c in p.columns and np.all(p[c] > 0) for c in columns)
        if levels(p) >= 3 and known and not p.varies and not mixture(p, law.inputs):
            kinds.setdefault((p.related or p.family, p.architecture, p.unit), []).append(p)
    return [(kind, p) for kind, some in kinds.items() for p in some[:TRIED]]


def training(points: Points, law: Law) -> dict[str, NDArray[Any]]:
    """Columns that a law needs of the checkpoints after the beginning of training."""
    return {c: points[c][trained(points)] for c in (*law.inputs, law.target)}
