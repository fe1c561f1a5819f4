"""Tests of `desktop_app/transfer`."""
