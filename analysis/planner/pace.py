"""Plans whose utilisation follows from the size that is planned: hours to FLOPs to size to step time, and again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scalebook.corpus.errors import Misuse

from .answer import Answer
from .coefficients import Coefficients, Powers
from .mixtures import Mixture
from .plan import plan
from .request import Clock, Request
from .step_time import Device, Shape, best_batch, times

#: Width over layers of a usual shape; those of MPT are 43 to 149, and the step time hardly depends on it.
ASPECT = 100.0
VOCABULARY, CONTEXT = 50368, 2048
#: The utilisation changes little with size, so that few rounds are enough.
ROUNDS = 8


def usual_shape(params: float) -> Shape:
    """A decoder of a size, a hundred times as wide as it is deep; layers and width are not rounded.

    Examples
    --------
    >>> shape = usual_shape(6.66e9)
    >>> round(shape.layers), round(shape.width)
    (38, 3778)
    """
    width = (ASPECT * params / 12) ** (1 / 3)
    for _ in range(20):  # of all parameters, embeddings take V w
        width = (ASPECT * max(params - VOCABULARY * width, 0.1 * params) / 12) ** (1 / 3)
    block = 12 * width**3 / ASPECT
    return Shape(width / ASPECT, width, VOCABULARY, CONTEXT, block, block + VOCABULARY * width)


def used(params: float, device: Device, devices: int) -> float:
    """Share of the peak that 6 N D makes up, for the usual shape of a size in the fastest layout that fits.

    Raises
    ------
    Misuse
        If it does not fit, or no speed of the device is known.
    """
    shape = usual_shape(params)
    batch = best_batch(shape, device, devices)
    return 6 * shape.total / times(shape, device, batch).total / device.peak


def paced(source: Coefficients | Powers | Mixture, request: Request, device: Device) -> Answer:
    """A plan under the step time of the size that is planned.

    Parameters
    ----------
    request : Request
        Its clock says how many devices and hours there are; its rate is replaced.

    Raises
    ------
    Misuse
        For mixtures of experts, whose step time is not known, and whatever `plan.plan` and `used` refuse.
    """
    clock = request.clock
    assert clock is not None
    if request.active_share < 1 or isinstance(source, Mixture):
        raise Misuse("the step time of a mixture of experts is not known: say --utilisation, such as 0.3")
    answer = plan(source, request)
    for _ in range(ROUNDS):
        share = used(answer.plan.params, device, clock.devices)
        shape = usual_shape(answer.plan.params)
        words = (
            f"{clock.devices} x {device.name}: {100 * share:.3g} % of {device.peak / 1e12:g} TFLOP/s each, by the step"
            f" time of about {shape.layers:.0f} layers of width {shape.width:.0f} at a context of {CONTEXT:,}"
        )
        now = Clock(clock.devices, device.peak * share, words, clock.hours)
        before, answer = answer, plan(source, replace(request, clock=now))
        if np.isclose(before.plan.params, answer.plan.params, rtol=1e-6):
            break
    return answer
