"""Whether a model fits a machine, what it takes of the memory, and what would make it fit.

The door to `fit_values` (what is said), `fit_judge` (the verdict's rules) and `fit_proposals`. Pure arithmetic over
`ModelSpec` and `Machine`, after vLLM's own (`domain/geometry`); called by services for the Models page and the command
line. `engine/memory` makes its plans from the same arithmetic (`fit_room`).
"""

from desktop_app.domain.fit_judge import judge
from desktop_app.domain.fit_proposals import flags_of, proposals
from desktop_app.domain.fit_values import (
    USUAL_CONTEXT,
    Fit,
    Measured,
    MemoryParts,
    Proposal,
    Surroundings,
    Verdict,
    Wish,
)

__all__ = [
    "USUAL_CONTEXT",
    "Fit",
    "Measured",
    "MemoryParts",
    "Proposal",
    "Surroundings",
    "Verdict",
    "Wish",
    "flags_of",
    "judge",
    "proposals",
]
