"""Markdown as the program understands it: one parser, and blocks that are finished once."""
