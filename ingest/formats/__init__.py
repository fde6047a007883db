"""A user's own runs, in the forms in which people have them: one form, one file, each holding ``FORMAT``."""
