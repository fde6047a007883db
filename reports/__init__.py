"""What to tell people: reads results, computes nothing."""
