"""Which colours a person chose."""

from enum import Enum


class Appearance(Enum):
    """The value is the word that people read; the name is what is stored."""

    SYSTEM = "Like the system"
    LIGHT = "Light"
    DARK = "Dark"
