"""What follows: laws, fits, protocols, errors, findings. Arrays and tables, no plots."""
