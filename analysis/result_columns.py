"""Every column of the results of a study, once: its type, its unit, and what it means."""

from __future__ import annotations

import pyarrow as pa

from scalebook.corpus.columns import Column

_ARROW = {"VARCHAR": pa.string(), "INTEGER": pa.int32(), "DOUBLE": pa.float64()}

RESULT_COLUMNS: dict[str, Column] = {
    "family": Column("VARCHAR", "", "Family that was forecast."),
    "related": Column("VARCHAR", "", "Families with the same word share authors or data and are not independent."),
    "architecture": Column("VARCHAR", "", "Kind of network."),
    "varies": Column("VARCHAR", "", "What differs between its runs besides scale; null for nothing."),
    "protocol": Column("VARCHAR", "", "What was asked; see scalebook studies."),
    "law": Column("VARCHAR", "", "Functional form, with coefficients that were held."),
    "objective": Column("VARCHAR", "", "What was minimised, as a sum."),
    "status": Column("VARCHAR", "", "converged, or why there is no forecast to rely on."),
    "reason": Column("VARCHAR", "", "The status in a sentence."),
    "fit": Column(
        "VARCHAR", "", "Hash of the points learnt from, the law and the options: rows with the same share one fit."
    ),
    "coefficients": Column("VARCHAR", "", "Coefficients of the fit, as JSON; null where there are none."),
    "schedule": Column("VARCHAR", "", "Learning-rate schedules of the runs learnt from, where known."),
    "target_run": Column("VARCHAR", "", "Run whose end was forecast: of several, the longest."),
    "evaluation_set": Column(
        "VARCHAR", "", "Loss that was learnt and forecast, if not the canonical one of the family."
    ),
    "lent_by": Column("VARCHAR", "", "Family that lent the term of model size."),
    "lent_architecture": Column("VARCHAR", "", "Kind of network of that family."),
    "unit": Column("VARCHAR", "", "Unit of the loss."),
    "params_basis": Column("VARCHAR", "", "What params counts."),
    "flops_basis": Column("VARCHAR", "", "Who says what the FLOPs are."),
    "points": Column("INTEGER", "points", "Points learnt from."),
    "runs": Column("INTEGER", "runs", "Runs learnt from."),
    "sizes_seen": Column("INTEGER", "sizes", "Sizes learnt from."),
    "seeds_seen": Column("INTEGER", "seeds", "Different seeds learnt from, where known."),
    "starts": Column("INTEGER", "starts", "Starts of the search; 0 for a law that is read off."),
    "starts_agreeing": Column("INTEGER", "starts", "Starts that reached the best objective."),
    "train_flops": Column(
        "DOUBLE", "FLOP", "Training compute spent on what was learnt from, each run up to its last point."
    ),
    "share_seen": Column("DOUBLE", "share", "Share of its own training that the median run was seen to."),
    "params_from": Column("DOUBLE", "parameters", "Smallest size learnt from."),
    "params_to": Column("DOUBLE", "parameters", "Largest size learnt from."),
    "tokens_to": Column("DOUBLE", "tokens", "Most tokens learnt from."),
    "target_params": Column("DOUBLE", "parameters", "Size of the target at its last point."),
    "target_tokens": Column("DOUBLE", "tokens", "Tokens of the target at its last point."),
    "target_flops": Column("DOUBLE", "FLOP", "Training compute of the target at its last point."),
    "observed": Column("DOUBLE", "see unit", "Loss of the target at its last point."),
    "predicted": Column("DOUBLE", "see unit", "Forecast of it."),
    "low": Column("DOUBLE", "see unit", "Lower end of its 90 % interval."),
    "high": Column("DOUBLE", "see unit", "Upper end of its 90 % interval."),
    "signed_error": Column(
        "DOUBLE", "share", "Mean of (predicted - observed) / observed over the points of the target."
    ),
    "are": Column("DOUBLE", "share", "Mean of |predicted - observed| / observed over the points of the target."),
    "extrapolation_params": Column("DOUBLE", "1", "Size of the target over the largest learnt from."),
    "extrapolation_tokens": Column("DOUBLE", "1", "Tokens of the target over the most learnt from."),
    "extrapolation_flops": Column(
        "DOUBLE", "1", "Training compute of the target over the most of one run learnt from."
    ),
    "objective_value": Column("DOUBLE", "", "Objective that the fit reached."),
}

#: One row per forecast; settings of protocols are columns of their own, after these.
SCHEMA = pa.schema([pa.field(name, _ARROW[column.type]) for name, column in RESULT_COLUMNS.items()])
