"""Scalebook: the open corpus, meta-analysis and planning toolkit for scaling laws of language models."""
