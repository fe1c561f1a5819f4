"""Texts as SQLite can hold them. Called by everything in this folder that writes what people, models or files said."""


def clean(text: str) -> str:
    """The text as UTF-8 can hold it: half a surrogate pair becomes `?`; keyboards and broken models do send them."""
    return text.encode("utf-8", "replace").decode("utf-8")
