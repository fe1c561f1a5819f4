"""Reading numbers out of a `config.json`. Used by `geometry_config` and `geometry_layers`.

Whoever wrote the file is a stranger: a number of the wrong kind or of an impossible size is not taken for another one.
"""

from collections.abc import Mapping

_MOST = 1 << 31
"""No size of a model is beyond it; larger numbers would only make sums that nobody can read."""
_INSIDE = ("text_config", "llm_config", "language_config", "thinker_config")
_DEEPEST = 3


class OddConfigError(ValueError):
    """A number in a config is of the wrong kind, negative or impossibly large."""


class Said:
    """What a config says of the part that reads and writes text.

    Args:
        config: a `config.json`; where it describes text within (`text_config`), that wins.
    """

    def __init__(self, config: Mapping[str, object]) -> None:
        self.values = _merged(config, _DEEPEST)

    def whole(self, *names: str) -> int:
        """The first of *names* that is said, a whole number; 0 for none. Raises OddConfigError."""
        for name in names:
            value = self.values.get(name)
            if value is None or value is False:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
                raise OddConfigError(name)
            if value:
                return value
        return 0

    def text(self, name: str) -> str:
        """A short text; empty when it is none."""
        value = self.values.get(name)
        return value if isinstance(value, str) and len(value) <= 1 << 16 else ""

    def listed(self, name: str) -> list[object] | None:
        """A list; None when it is none."""
        value = self.values.get(name)
        return value if isinstance(value, list) and value else None

    def inside(self, name: str) -> "Said":
        """What is said within *name*; nothing when it is no object."""
        value = self.values.get(name)
        return Said(value if isinstance(value, Mapping) else {})

    def has(self, *names: str) -> bool:
        """Whether one of *names* is said."""
        return any(self.values.get(name) is not None for name in names)


def _merged(config: Mapping[str, object], depth: int) -> Mapping[str, object]:
    inner = next((config[name] for name in _INSIDE if isinstance(config.get(name), Mapping)), None)
    if depth and isinstance(inner, Mapping):
        return {**config, **_merged(inner, depth - 1)}
    return config
