"""Hardware as a clock: how many FLOPs of training an hour of devices is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from scalebook.corpus.errors import Misuse, UnknownName

from .request import Clock

if TYPE_CHECKING:
    from scalebook.corpus.database import Corpus

#: With longer contexts a growing share of the arithmetic is in attention, which 6 N D does not count.
USUAL_CONTEXT = 4096


def clock_of(
    corpus: Corpus,
    device: str | None,
    precision: str = "bf16",
    devices: int = 1,
    utilisation: float | Literal["modelled"] | None = None,
    hours: float | None = None,
) -> Clock | None:
    """How fast training goes; None where no hardware is named.

    Parameters
    ----------
    device, precision : str
        As in the table ``hardware``; an unambiguous beginning is enough.
    devices : int
        How many of it.
    utilisation : float or "modelled", optional
        6 N D per second over the peak; the median of what was measured on that device if not given, and until a size
        is known of which the step time can be modelled.
    hours : float, optional
        How long they are to be had.

    Raises
    ------
    UnknownName
        If the corpus does not know the device, or not in that precision.
    Misuse
        If hours are given without hardware, utilisation is no share, or none was measured on that device.
    """
    if device is None:
        wrong = [n for n, v in (("--hours", hours), ("--utilisation", utilisation)) if v is not None]
        wrong += ["--devices"] if devices != 1 else []
        if wrong:
            known = ", ".join(sorted({d for d, _ in corpus.rows("select device, precision from hardware")}))
            raise Misuse(f"{wrong[0]} needs --hardware: one of {known}")
        return None
    name, peak = _peak(corpus, device, precision)
    if devices < 1:
        raise Misuse(f"--devices {devices}: write a number from 1")
    if utilisation is None or utilisation == "modelled":
        used, told = _measured(corpus, name, precision)
    elif 0 < utilisation <= 1:
        used, told = utilisation, "as given"
    else:
        raise Misuse(f"--utilisation {utilisation:g}: write a share above 0 and up to 1")
    words = f"{devices} x {name} {precision}: {100 * used:.3g} % of {peak / 1e12:g} TFLOP/s each, {told}"
    return Clock(devices, peak * used, words, hours)


def _peak(corpus: Corpus, device: str, precision: str) -> tuple[str, float]:
    """Full name and peak FLOP/s."""
    known = {(d, p): peak for d, p, peak in corpus.rows("select device, precision, peak_flops from hardware")}
    names = sorted({d for d, _ in known})
    near = [n for n in names if n.lower().startswith(device.lower())]
    if not device or (device not in names and len(near) != 1):
        raise UnknownName("device", device, near or names)
    name = device if device in names else near[0]
    if (name, precision) not in known:
        raise UnknownName(f"precision of {name}", precision, (p for d, p in known if d == name))
    return name, known[name, precision]


def _measured(corpus: Corpus, device: str, precision: str) -> tuple[float, str]:
    """Median share of the peak among trainings that were measured, and on how many it rests."""
    found = [
        share
        for (share,) in corpus.rows(
            "select 6 * params * tokens_per_second / peak_flops from training_speeds join hardware using (device,"
            ' "precision") where device = ? and "precision" = ? and context <= ?',
            [device, precision, USUAL_CONTEXT],
        )
    ]
    if not found:
        raise Misuse(f"no training in {precision} was measured on {device}: say --utilisation, such as 0.4")
    return float(np.median(found)), f"the median of {len(found)} trainings measured at contexts up to {USUAL_CONTEXT:,}"
