"""Soundness: what every law must keep, of the zoo or a user's own, tried at a few made-up places."""
