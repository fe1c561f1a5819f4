"""The model that is looked at more closely: how it fits as it is wished for, and what would make it fit. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.fit import Wish, proposals
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.services.models_rows import Seen
from desktop_app.services.models_view import ModelDetail, ModelRow


def drawn(detail: ModelDetail, row: ModelRow, wish: Wish, seen: Seen) -> ModelDetail:
    """*detail* with what follows from its row, the wish and the machine. Takes milliseconds."""
    key = row.local.ref.key if row.local else ""
    siblings = _siblings(row)
    return replace(
        detail,
        row=row,
        wish=wish,
        fit=seen.fit(row.spec, wish, row.local),
        proposals=proposals(
            row.spec, seen.machine_for(key), wish, seen.around(key), siblings, seen.measured(key) if key else None
        ),
        siblings=tuple((spec, seen.fit(spec, wish)) for spec in siblings),
    )


def _siblings(row: ModelRow) -> Sequence[ModelSpec]:
    return row.known.siblings if row.known else ()
