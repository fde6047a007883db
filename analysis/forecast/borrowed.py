"""What a forecast took from the corpus because the runs at hand do not tell it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..designs import one_ratio, ratios
from ..points import Points
from .mixture import Member, Mixture
from .posterior import Prior

#: A coordinate that is known no better than this much of what it was before the runs is borrowed.
BORROWED = 0.7
#: The form that tells size from data.
SPEAKER = "chinchilla"
MEANING = {"log alpha": "how fast the loss falls with size", "log beta": "how fast the loss falls with data"}


def borrowed(points: Points, mixed: Mixture, priors: Mapping[str, Prior]) -> tuple[str, ...]:
    """Sentences on exponents that the runs leave as unsure as the corpus had them.

    Parameters
    ----------
    mixed : Mixture
        What was fitted; the weightiest member that tells size from data speaks.
    priors : mapping of str to Prior
        By form.
    """
    member = max((m for m in mixed.members if m.kind.form == SPEAKER), key=lambda m: m.weight)
    form = member.fitted.form
    after = np.sqrt(np.diag(member.fitted.covariance))[1:]
    before = np.sqrt(np.diag(priors[form.name].covariance))
    left = {name: a / b for name, a, b in zip(form.coordinates[1:], after, before, strict=True) if name in MEANING}
    alone = int(points.level.max()) == 0
    unsure = [MEANING[name] for name, share in left.items() if share > BORROWED or (alone and name == "log alpha")]
    if not unsure:
        return ()
    return (f"the runs do not tell {' or '.join(unsure)}: taken from other families{_because(points, member)}",)


def _because(points: Points, speaker: Member) -> str:
    """Why runs may not tell it."""
    seen = ratios(points, ends_only=speaker.kind.ends_only)
    if len(points.sizes) > 1 and one_ratio(seen):
        return f" (all runs end at about {np.median(seen):.0f} tokens per parameter)"
    if int(points.level.max()) == 0:
        return " (there is one size)"
    return ""
