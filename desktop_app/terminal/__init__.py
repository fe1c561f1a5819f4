"""The same job without a window: chat and doctor in a terminal."""
