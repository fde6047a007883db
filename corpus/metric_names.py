"""The metric dictionary: every metric's unit, direction and range, once.

Two values may be compared only on the same metric, task, split and shots. What is not comparable has another name;
a conversion is a view that states its assumption (`views/losses.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What a metric measures.

    Parameters
    ----------
    unit : str
        Unit of its values.
    meaning : str
        One sentence.
    low, high : float
        Range outside which a value is certainly wrong (bounds included).
    better : str
        ``"lower"`` or ``"higher"``.
    """

    unit: str
    meaning: str
    low: float
    high: float
    better: str


#: An untrained model over a vocabulary of 250,000 tokens starts at ln(250,000) = 12.4 nats; 25 leaves room for spikes.
_NATS = 25.0
_EXP_NATS = 7.3e10

METRICS: dict[str, Metric] = {
    "loss": Metric("nats/token", "Mean cross-entropy of the next token.", 0.0, _NATS, "lower"),
    "span_loss": Metric("nats/token", "Cross-entropy of masked spans (encoder-decoder).", 0.0, _NATS, "lower"),
    "span_perplexity": Metric(
        "perplexity/2048th of an example",
        "exp of an example's summed cross-entropy of masked spans over the 2,048 examples (Pile-T5's own formula).",
        1.0,
        _EXP_NATS,
        "lower",
    ),
    "answer_loss": Metric(
        "nats/token", "Cross-entropy of the right answer's tokens, mean over the questions.", 0.0, _NATS, "lower"
    ),
    "perplexity": Metric("perplexity/token", "exp of the mean cross-entropy per token.", 1.0, _EXP_NATS, "lower"),
    "word_perplexity": Metric("perplexity/word", "exp of the mean cross-entropy per word.", 1.0, _EXP_NATS, "lower"),
    "byte_perplexity": Metric("perplexity/byte", "exp of the mean cross-entropy per byte.", 1.0, 1e4, "lower"),
    "target_perplexity": Metric(
        "perplexity/target",
        "exp of the mean cross-entropy of the whole target word (LAMBADA).",
        1.0,
        _EXP_NATS,
        "lower",
    ),
    "bits_per_byte": Metric("bits/byte", "Cross-entropy in bits per byte of text.", 0.0, 16.0, "lower"),
    "bits_per_character": Metric("bits/character", "Cross-entropy in bits per character.", 0.0, 16.0, "lower"),
    "accuracy": Metric("share", "Share of right answers.", 0.0, 1.0, "higher"),
    "accuracy_norm": Metric("share", "Share of right answers, likelihood divided by length.", 0.0, 1.0, "higher"),
    "token_accuracy": Metric("share", "Share of tokens predicted right.", 0.0, 1.0, "higher"),
    "exact_match": Metric("share", "Share of answers equal to the reference.", 0.0, 1.0, "higher"),
    "f1": Metric("share", "F1 of the answer's words.", 0.0, 1.0, "higher"),
    "centred_accuracy": Metric("share", "Accuracy scaled so that chance is 0 and perfect is 1.", -1.0, 1.0, "higher"),
    "pass_at_1": Metric("share", "Share of problems solved by one generated program.", 0.0, 1.0, "higher"),
    "pass_at_10": Metric("share", "Share of problems solved by one of ten generated programs.", 0.0, 1.0, "higher"),
    "pass_at_100": Metric("share", "Share of problems solved by one of 100 generated programs.", 0.0, 1.0, "higher"),
    "matthews_correlation": Metric("1", "Matthews' correlation of answers with labels.", -1.0, 1.0, "higher"),
    "parity": Metric("share", "Share of pairs that differ in gender and get the same answer.", 0.0, 1.0, "higher"),
    "mc1": Metric("share", "TruthfulQA, single true answer.", 0.0, 1.0, "higher"),
    "mc2": Metric("share", "TruthfulQA, normalised mass on true answers.", 0.0, 1.0, "higher"),
    "likelihood_difference": Metric("nats", "Difference of log-likelihoods of two continuations.", -1e3, 1e3, "higher"),
    "percentage_stereotype": Metric("share", "Share of pairs in which the stereotype is likelier.", 0.0, 1.0, "lower"),
}
