"""Compute-optimal size and tokens: three approaches to N*(C) and D*(C), and the accounting that moves them."""
