"""What the Models page shows, as `services/models`, `services/downloads` and `services/hub_access` publish it.

Values only. Sizes in bytes.
"""

from dataclasses import dataclass, field

from desktop_app.domain.catalog import CatalogModel
from desktop_app.domain.errors import UserError
from desktop_app.domain.fit import Fit, Proposal, Wish
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import DownloadStatus, HubModel, LocalModel
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec


@dataclass(frozen=True)
class ModelRow:
    """One model in a list."""

    key: str
    """Tells it from others: the model's key for one on this computer, the repository for one that is not."""
    name: str
    """What people read: the repository, or the folder's name."""
    spec: ModelSpec
    fit: Fit
    local: LocalModel | None = None
    """Where it lies, when it is on this computer."""
    known: CatalogModel | None = None
    """What the catalogue says of it."""
    found: HubModel | None = None
    """What the Hub says of it, when it was asked."""
    suggested: bool = False
    """Whether it is the first suggestion for this machine."""

    @property
    def repo_id(self) -> str:
        """The repository that it comes from; empty when that is not known."""
        if self.local is not None:
            return self.local.repo_id
        return self.name

    @property
    def size_bytes(self) -> int:
        """What it takes of the disk, or what a download fetches; 0 when that is not known."""
        if self.local is not None:
            return self.local.size_bytes
        if self.found is not None and self.found.download_bytes:
            return self.found.download_bytes
        return (self.known.download_bytes if self.known else 0) or self.spec.weights_bytes


@dataclass(frozen=True)
class ModelsState:
    """The two lists and what is being done about them."""

    machine: Machine | None = None
    """None until it was looked at."""
    tier: str = ""
    """What kind of machine this is, in words."""
    local: tuple[ModelRow, ...] = ()
    """On this computer."""
    discover: tuple[ModelRow, ...] = ()
    """The catalogue, and after it what the Hub found for `searched`."""
    searched: str = ""
    """What the Hub was asked for last; empty for nothing."""
    looking: bool = False
    """Whether machine and folders are being looked at."""
    searching: bool = False
    offline: bool = False
    """Whether the Hub may not be asked at all."""
    note: str = ""
    """What was done last, e.g. `Deleted: 2.6 GB are free again.`"""
    error: UserError | None = None

    @property
    def usable(self) -> tuple[ModelRef, ...]:
        """The models on this computer that nothing is wrong with."""
        found = (row.local for row in self.local)
        return tuple(one.ref for one in found if one is not None and one.problem is None)


@dataclass(frozen=True)
class ModelDetail:
    """The model that is looked at more closely."""

    row: ModelRow
    wish: Wish = field(default_factory=Wish)
    fit: Fit | None = None
    """With `wish`; the row's own is with the usual one."""
    proposals: tuple[Proposal, ...] = ()
    siblings: tuple[tuple[ModelSpec, Fit], ...] = ()
    """Quantised copies, each with how it fits."""
    looking: bool = False
    """Whether the Hub is being asked about it."""
    checking: float | None = None
    """Share of its bytes that were checked, 0…1, while it is being checked; None otherwise."""
    note: str = ""
    """What was found out last, e.g. `All 12 files are as they were published.`"""
    error: UserError | None = None


@dataclass(frozen=True)
class HubState:
    """How the Hub is reached."""

    endpoint: str
    """Where it is asked, without a key."""
    endpoint_from: str = ""
    """Why it is that one, e.g. `HF_ENDPOINT`; empty for the usual one."""
    offline: bool = False
    """Whether nothing may be asked of it."""
    offline_from: str = ""
    """The variable of the environment that says so, e.g. `HF_HUB_OFFLINE`: it cannot be switched off here then."""
    has_token: bool = False
    token_place: str = ""
    """Where the token is kept, in words; empty when there is none."""
    note: str = ""
    """What was done last, in a sentence."""
    error: UserError | None = None


@dataclass(frozen=True)
class DownloadsState:
    """Downloads, the newest last."""

    downloads: tuple[DownloadStatus, ...] = ()

    def find(self, repo_id: str) -> DownloadStatus | None:
        """The download of a repository."""
        return next((one for one in self.downloads if one.repo_id == repo_id), None)
