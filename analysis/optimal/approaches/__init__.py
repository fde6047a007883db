"""One approach, one file, each holding ``APPROACH``."""
