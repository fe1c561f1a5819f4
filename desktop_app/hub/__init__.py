"""Models on this computer: which folder is a model, and whether it is whole."""
