"""What Monitor shows, beside the curves: one frozen state. `services.monitor` makes it, `ui.pages.monitor` draws it."""

from dataclasses import dataclass

from desktop_app.domain.alerts import Alert
from desktop_app.domain.curves import Chart
from desktop_app.domain.energy import NO_ENERGY, EnergyState
from desktop_app.domain.marks import Mark
from desktop_app.services.gauges import EMPTY, Frame


@dataclass(frozen=True)
class KvState:
    """The KV cache of the engine that is talked to, or of the one whose cache is the fullest."""

    name: str
    """The model's."""
    share: float
    """In use, 0…1."""
    tokens: int
    """Tokens that it has room for; 0 when the engine does not tell."""
    block: int
    """Tokens in a block; 0 when the engine does not tell."""
    hit_rate: float | None


@dataclass(frozen=True)
class Release:
    """What was measured after an engine was stopped."""

    words: str
    """E.g. `Memory is back to 3.1 GB; 1.2 GB were given back.`"""
    back: bool
    """Whether it is back to what was used before the start."""
    holders: tuple[str, ...] = ()
    """Who holds most of what is not back, as short words: `firefox, 1.2 GB`."""


@dataclass(frozen=True)
class DoorState:
    """The address where Prometheus may read the engine's figures."""

    address: str = ""
    """Empty while it is closed."""
    error: str = ""
    """Why it could not be opened, as a sentence."""


@dataclass(frozen=True)
class MonitorState:
    """Everything but the curves."""

    frame: Frame = EMPTY
    charts: tuple[Chart, ...] = ()
    marks: tuple[Mark, ...] = ()
    """The oldest first, of the last hour."""
    alerts: tuple[Alert, ...] = ()
    energy: EnergyState = NO_ENERGY
    kv: KvState | None = None
    release: Release | None = None
    """The last one, until the next start."""
    door: DoorState = DoorState()
