"""One finding, one file: see docs/ for how to add one."""
