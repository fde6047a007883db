"""Results of a study beside the corpus: Parquet files that ``scalebook study`` writes, queried like any other table.

They are what follows from the corpus and no part of it: another study replaces them, and without one there are none.
"""

from __future__ import annotations

import os
from pathlib import Path

from .files import cache_folder

#: Files of a folder of results, without ending.
FILES = ("predictions", "findings")

#: What can be queried, and what it is.
RESULTS = {
    "predictions": "Results of the latest study: one row per forecast, with a status.",
    "fits": "The fits that these forecasts rest on, each once.",
    "findings": "What follows from them: one row per question, with its interval and verdict.",
}

#: One row for each fit of the predictions, with what they say of it. That a lender is at odds with it is not its fault.
FITS = """select distinct on (fit)
    fit, family, related, architecture, varies, law, objective,
    case when lent_by is null then status else 'converged' end as status,
    case when lent_by is null then reason end as reason,
    coefficients, schedule, points, runs, sizes_seen, seeds_seen, starts, starts_agreeing, objective_value, train_flops,
    share_seen, params_from, params_to, tokens_to, evaluation_set, unit, params_basis, flops_basis
from predictions
where fit is not null and (lent_by is null or status in ('converged', 'lender_at_odds'))
order by fit, lent_by nulls first"""


def results_folder(folder: Path | str | None = None) -> Path:
    """Folder of results: as given, else ``SCALEBOOK_RESULTS``, else one in the user's cache, of the latest study."""
    return Path(folder or os.environ.get("SCALEBOOK_RESULTS") or cache_folder() / "results")


def results_files(folder: Path | str | None = None) -> dict[str, Path]:
    """Parquet files of a folder of results by name; none unless all are there."""
    files = {name: results_folder(folder) / f"{name}.parquet" for name in FILES}
    return files if all(file.is_file() for file in files.values()) else {}


def meanings(file: Path) -> dict[str, tuple[str, str]]:
    """Unit and meaning of every column of a file of results, which carries them itself."""
    import pyarrow.parquet as pq

    told = {field.name: field.metadata or {} for field in pq.read_schema(file)}
    return {name: (m.get(b"unit", b"").decode(), m.get(b"meaning", b"").decode()) for name, m in told.items()}
