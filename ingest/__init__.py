"""How it got there: one source, one file."""
