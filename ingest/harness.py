"""Results of EleutherAI's lm-evaluation-harness as measurements: the same JSON in several sources.

Versions 0.2 and 0.3 write ``acc`` and ``acc_stderr``, version 0.4 writes ``acc,none`` and ``acc_stderr,none``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

#: The harness's names of metrics, as names of the metric dictionary. ``ppl`` stands for LAMBADA's target word only.
METRICS: dict[str, str] = {
    "acc": "accuracy",
    "acc_norm": "accuracy_norm",
    "multiple_choice_grade": "accuracy",
    "ppl": "target_perplexity",
    "word_perplexity": "word_perplexity",
    "byte_perplexity": "byte_perplexity",
    "bits_per_byte": "bits_per_byte",
    "em": "exact_match",
    "exact": "exact_match",
    "exact_match": "exact_match",
    "f1": "f1",
    "mc1": "mc1",
    "mc2": "mc2",
    "mcc": "matthews_correlation",
    "parity": "parity",
    "likelihood_difference": "likelihood_difference",
    "pct_stereotype": "percentage_stereotype",
    "pass@1": "pass_at_1",
    "pass@10": "pass_at_10",
    "pass@100": "pass_at_100",
}


class Measured(NamedTuple):
    """One value of one task."""

    name: str
    metric: str
    value: float
    stderr: float | None


def measured(task: Mapping[str, object]) -> Iterator[Measured]:
    """Values of one task with their standard errors; what the metric dictionary does not have is left out.

    Parameters
    ----------
    task : mapping
        One entry of ``results``: metric to value, with ``_stderr`` beside some.

    Examples
    --------
    >>> list(measured({"acc": 0.5, "acc_stderr": 0.1, "alias": "piqa"}))
    [Measured(name='acc', metric='accuracy', value=0.5, stderr=0.1)]
    """
    for name, value in task.items():
        short, _, suffix = name.partition(",")
        metric = METRICS.get(short)
        if metric is not None and isinstance(value, int | float):
            error = task.get(f"{short}_stderr{',' if suffix else ''}{suffix}")
            yield Measured(name, metric, float(value), float(error) if isinstance(error, int | float) else None)
