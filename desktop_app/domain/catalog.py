"""The models that the program knows by heart: what they are good for, and what is established about them.

`hub/catalog` reads them from `resources/catalog.json`; services judge and show them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain.model_spec import ModelSpec


@dataclass(frozen=True)
class CatalogModel:
    """One known model."""

    spec: ModelSpec
    """Its name is the repository."""
    good_for: str
    """What it is good for, in a sentence."""
    licence: str
    """By its SPDX or Hub name; empty when not known."""
    gated: bool | None = None
    """Whether its owner must be asked first; None when not known: the Hub says."""
    commit: str = ""
    """The revision that the figures were taken from, 40 hexadecimal digits; empty when not known."""
    released: str = ""
    """Year and month, e.g. `2026-08`; empty when not known."""
    learning: bool = False
    """Whether it is only there for learning: old or far behind its size today."""
    chat: bool | None = None
    """Whether it has a chat template; None when not known."""
    reasoning_parser: str = ""
    """vLLM's parser for what it thinks; empty for none."""
    tool_parser: str = ""
    """vLLM's parser for the tools that it calls; empty for none."""
    siblings: tuple[ModelSpec, ...] = ()
    """Quantised copies, the best first; their names are repositories."""
    download_bytes: int = 0
    """What a download fetches; 0 when not known."""
    note: str = ""
    """What else a person should know, in a sentence."""
    aliases: tuple[str, ...] = ()
    """Other ids that people ask for and that do not exist."""


@dataclass(frozen=True)
class Catalog:
    """All of them."""

    models: tuple[CatalogModel, ...] = ()
    suggestions: Mapping[str, tuple[str, ...]] | None = None
    """Repositories by the tier's name (`domain/tiers`), the one that a newcomer would thank for first."""

    def find(self, repo_id: str) -> CatalogModel | None:
        """The model of a repository or of an id that people take for it, by any case."""
        wanted = repo_id.lower()
        named = (model for model in self.models if wanted in (model.spec.name.lower(), *map(str.lower, model.aliases)))
        return next(named, None)

    def spec(self, repo_id: str) -> ModelSpec | None:
        """What is known of a repository: a model, or a quantised copy of one."""
        if found := self.find(repo_id):
            return found.spec
        wanted = repo_id.lower()
        copies = (copy for model in self.models for copy in model.siblings)
        return next((copy for copy in copies if copy.name.lower() == wanted), None)
