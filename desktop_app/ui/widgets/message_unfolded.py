"""What a person opened in a message. `transcript` keeps it longer than the message has widgets."""

from dataclasses import dataclass

from desktop_app.domain.chat import TokenChance


@dataclass(slots=True)
class Unfolded:
    """Everything is folded at first."""

    reasoning: bool = False
    details: bool = False
    whole: bool = False
    """A long question."""
    edit: str | None = None
    """What stands in the editor that is open in its place; None for no editor."""
    chances: tuple[TokenChance, ...] = ()
    """Shown instead of the answer; empty for the answer."""
