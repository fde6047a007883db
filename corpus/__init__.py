"""What is known: tables of runs, checkpoints and metrics, and their meaning. Imports nothing of ours."""
