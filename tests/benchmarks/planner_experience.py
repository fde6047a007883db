"""Learn what ``scalebook next-run`` takes from the corpus, and write it to ``analysis/planner/experience.json``.

Run with ``python tests/benchmarks/planner_experience.py`` after the corpus or the planner's model has changed; it takes
some minutes on two cores. How closely recipes are related goes to ``kinship.json`` beside it, in another minute; with
``--kinship`` nothing else is learnt again. ``tests/analysis/planner/test_simulation.py`` notices when experience is out
of date. With ``--discount`` only the discount of designs is learnt again.
"""

from __future__ import annotations

import json
import os
import sys

from scalebook.analysis.planner import experience, kinship
from scalebook.analysis.planner.discount import tried, with_discounts
from scalebook.analysis.planner.tuning import taught
from scalebook.corpus.database import Corpus, open_corpus
from scalebook.corpus.files import write_atomically


def main() -> None:
    jobs = os.cpu_count() or 1
    with open_corpus(own_runs=False) as corpus:
        if "--kinship" not in sys.argv[1:]:
            _experience(corpus, jobs)
            experience._kept.cache_clear()  # what recipes teach rests on it
        kinship.write(corpus, jobs)


def _experience(corpus: Corpus, jobs: int) -> None:
    kept = "--discount" in sys.argv[1:]
    told = json.loads(experience.FILE.read_text(encoding="utf-8")) if kept else taught(corpus, jobs)
    told = with_discounts(told, tried(corpus, told, jobs=jobs))
    write_atomically(experience.FILE, (json.dumps(told, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
