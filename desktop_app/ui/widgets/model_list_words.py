"""What a model's row says, in words: for the eye in short, for a screen reader in full."""

from dataclasses import dataclass

from desktop_app.domain.library import Condition, Gate, Source
from desktop_app.domain.units import disk_words
from desktop_app.services.models_view import ModelRow
from desktop_app.ui.widgets.model_detail_words import context_words, parameter_words


@dataclass(frozen=True)
class Mark:
    """A short word beside a name."""

    words: str
    short: str = ""
    """Where there is little room."""
    tone: str = ""
    """`accent`, `warn` or `bad`; empty for a plain one."""
    icon: str = ""
    """A shape of its own: `star` or `lock`; empty for none."""


SUGGESTED = Mark("Suggested for this computer", "Suggested", "accent", "star")
HERE = Mark("On this computer", "Here")
GATED = Mark("Ask its owner first", "Ask first", icon="lock")
LEARNING = Mark("For learning only", "Learning")


def title(row: ModelRow) -> str:
    """Its name without the owner's."""
    return row.name.rpartition("/")[2]


def owner(row: ModelRow) -> str:
    """Who published it; empty when that is not known."""
    return row.name.rpartition("/")[0] if "/" in row.name else row.repo_id.rpartition("/")[0]


def good_for(row: ModelRow) -> str:
    """What it is good for, or else the most useful thing that is known of it."""
    if row.local is not None and row.local.problem is not None:
        return row.local.problem.title
    if row.known is not None:
        return row.known.good_for
    if row.local is not None and row.local.source is Source.GUIDE:
        return "Explains this program, and shows that everything works."
    return _facts(row)


def size(row: ModelRow) -> str:
    """What it takes of the disk; with ≈ where only its shape is known."""
    if not row.size_bytes:
        parts = row.fit.parts
        return f"≈ {disk_words(parts.weights * max(1, row.fit.cards))}" if parts else "size not known"
    return disk_words(row.size_bytes)


def marks(row: ModelRow, in_discover: bool) -> list[Mark]:
    """What is to be seen at a glance, the most important first."""
    local, known = row.local, row.known
    found: list[Mark] = []
    if local is not None and in_discover and local.condition is Condition.READY:
        found.append(HERE)
    if row.suggested:
        found.append(SUGGESTED)
    if known is not None and known.learning:
        found.append(LEARNING)
    if local is None and _gated(row):
        found.append(GATED)
    return found


def condition(row: ModelRow) -> Mark | None:
    """What stands in place of the verdict of a model that cannot be started; None when it can."""
    if row.local is None or row.local.condition is Condition.READY:
        return None
    return Mark(row.local.condition.value, tone="warn" if row.local.condition is Condition.UNFINISHED else "bad")


def sentence(row: ModelRow, in_discover: bool) -> str:
    """All of it, for whoever does not see it."""
    by = f" by {owner(row)}" if owner(row) else ""
    state = condition(row)
    verdict = state.words if state else f"{row.fit.verdict.value}: {row.fit.reason}"
    parts = [f"{title(row)}{by}", verdict, f"Size: {size(row)}", good_for(row)]
    parts += [mark.words for mark in marks(row, in_discover)]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _gated(row: ModelRow) -> bool:
    if row.found is not None:
        return row.found.gate is not Gate.OPEN
    return row.known is not None and row.known.gated is True


def _facts(row: ModelRow) -> str:
    spec, found = row.spec, row.found
    facts = [row.local.source.value] if row.local else []
    if spec.parameters:
        facts.append(parameter_words(spec))
    if spec.context:
        words = context_words(spec.context)
        facts.append(f"{words[:1].lower()}{words[1:]}")
    if found is not None and found.downloads:
        facts.append(f"downloaded {found.downloads:,} times in a month")
    text = ", ".join(facts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
