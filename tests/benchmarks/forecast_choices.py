"""What the three numbers by which a forecast weighs its members are worth, chosen without the families that report it.

Run with ``python tests/benchmarks/forecast_choices.py``; it takes some minutes. The numbers of `mixture` (how close
errors are alike, the power of an error in a weight, and how far checkpoints are trusted) were chosen on the families
whose errors ``scalebook predict --rehearsals`` prints. Here every group of families is forecast with the numbers that
all other groups would choose, by the typical error of all their forecasts.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pandas as pd

from scalebook.analysis.forecast import mixture as weighed
from scalebook.analysis.forecast.experience import CONTINUED, experience
from scalebook.analysis.forecast.form import FORMS
from scalebook.analysis.forecast.prior import pooled
from scalebook.analysis.forecast.record import LEAST
from scalebook.analysis.forecast.rehearsal import designs, families
from scalebook.corpus.database import open_corpus

POWERS, CLOSE, TRUST = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0), (0.001, 0.002, 0.003, 0.005, 0.01), (0.06, 0.125, 0.25, 0.5, 1.0)
#: An error of zero is luck: logarithms are of errors plus so much.
LUCK = 1e-4


def rehearsed() -> pd.DataFrame:
    """A forecast a row, its errors with every choice in columns that are named by the choice."""
    with open_corpus(own_runs=False) as corpus:
        every = families(corpus)
    rows = []
    for points in every:
        priors = {name: pooled(form, experience().witnesses[name], {points.related}) for name, form in FORMS.items()}
        for design in designs(points):
            seen, there = points.where(design.seen), points.where(design.target)
            found = weighed.mixture(seen, priors)
            place = np.log(there["params"]), np.log(there["tokens"])
            centres = np.array([np.mean(member.fitted.at(*place)[0]) for member in found.members])
            held = np.array(
                [np.mean(np.minimum(m.held_out**2, weighed.LOST)) if len(m.held_out) else 0.0 for m in found.members]
            )
            ends = np.array([member.kind.ends_only for member in found.members])
            row: dict[object, object] = {
                "family": points.family,
                "related": points.related,
                "sizes": len(np.unique(seen.level)),
            }
            row["larger"] = float(there["params"].max() / seen["params"].max()) > CONTINUED
            for power, close, trust in product(POWERS, CLOSE, TRUST):
                weight = np.where(ends, 1.0, trust) * (held + close**2) ** (-power / 2)
                row[power, close, trust] = abs(float(np.mean(np.log(there["loss"])) - weight @ centres / weight.sum()))
            rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    table = rehearsed()
    choices = [name for name in table.columns if isinstance(name, tuple)]
    by_family = pd.DataFrame(np.log(table[choices] + LUCK)).groupby([table["related"], table["family"]]).mean()
    by_group = by_family.groupby("related").mean()
    used = (weighed.POWER, weighed.CLOSE, next(kind.trust for kind in weighed.KINDS if not kind.ends_only))
    nested = table[used].copy()
    for group in by_group.index:
        mine = table["related"] == group
        nested[mine] = table[by_group.drop(group).mean().idxmin()][mine]
    able = table["larger"] & (table["sizes"] >= LEAST)
    largest = table[
        able & (table["sizes"] == table["sizes"].where(able).groupby(table["family"]).transform("max"))
    ].index
    for name, errors in (("as used", table[used]), ("chosen by other groups", nested)):
        mine = np.expm1(errors[largest])
        groups = mine.groupby(table.loc[largest, "related"]).median()
        told = f"median of {len(mine)} families {mine.median():.2%}, of {len(groups)} groups' {groups.median():.2%}"
        sys.stdout.write(f"{name}: the largest model, {told}\n")


if __name__ == "__main__":
    main()
