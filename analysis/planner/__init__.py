"""Planners: what to train, given what it costs to train and to serve."""
