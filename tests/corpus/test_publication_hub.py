from __future__ import annotations

from pathlib import Path

from scalebook.corpus.publication.hub import pull, push


def test_trip(small_corpus: Path, hub, tmp_path: Path) -> None:
    done = push(small_corpus, "someone/scalebook")
    print(done)
    got = pull("someone/scalebook", into=tmp_path / "got")
    print(got)
    print(hub.calls)
    assert 0
