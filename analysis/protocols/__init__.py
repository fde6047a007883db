"""One protocol, one file: see docs/ for how to add one."""
