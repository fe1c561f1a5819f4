"""Thresholds that warn in words: what is near its limit, and what that means for the person."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Alert:
    """One warning, as long as it holds."""

    key: str
    title: str
    """E.g. `KV cache full: answers will wait.`"""
    remedy: str
    """What can be done, as a sentence."""
