"""The corpus as others take it: a folder in common formats, and the same on the Hugging Face Hub."""
