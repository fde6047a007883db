"""One law, one file: see docs/ for how to add one."""
