"""Widgets that know nothing of the program: they draw values and emit signals."""
