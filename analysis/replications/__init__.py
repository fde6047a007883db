"""Published results, recomputed from the corpus: one file per paper."""
