"""The command line: one command, one file, each a thin mirror of the library."""
