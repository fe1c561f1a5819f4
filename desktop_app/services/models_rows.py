"""The rows of the Models page, made from what was seen: pure, so that `services/models` can make them in a thread."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from desktop_app.domain.catalog import Catalog, CatalogModel
from desktop_app.domain.fit import Fit, Measured, Surroundings, Verdict, Wish, judge
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.library import Condition, HubModel, LocalModel, Source
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.domain.tiers import tier_of
from desktop_app.services.models_view import ModelRow

_AS_IT_IS = Wish()
_DOES_NOT_SUIT = (Verdict.TIGHT, Verdict.PROCESSOR, Verdict.SLOW, Verdict.TOO_BIG, Verdict.UNSUITED)
"""Verdicts with which a smaller copy of the model is worth a row of its own."""


@dataclass(frozen=True)
class Seen:
    """What the rows follow from."""

    machine: Machine
    engine: EngineKind | None = None
    """The kind of engine that is installed."""
    catalog: Catalog = field(default_factory=Catalog)
    local: tuple[LocalModel, ...] = ()
    found: tuple[HubModel, ...] = ()
    """What the Hub's search brought, in its order."""
    looked: Mapping[str, HubModel] = field(default_factory=dict)
    """Repositories that were looked at more closely, by their name in lower case."""
    opened: tuple[str, ...] = ()
    """Repositories that somebody named, in lower case, the last one first."""
    taken: Mapping[str, int] = field(default_factory=dict)
    """Memory promised to other engines of ours, by the model's key; of none by the empty one."""
    own: Mapping[str, int] = field(default_factory=dict)
    """Memory that a model has because it runs, by its key."""
    measured: Callable[[str], Measured | None] = lambda _key: None

    def heard(self, repo_id: str) -> HubModel | None:
        """What the Hub said of a repository; what was looked at goes before what a search brought."""
        name = repo_id.lower()
        return self.looked.get(name) or next((one for one in self.found if one.repo_id.lower() == name), None)

    def fit(self, spec: ModelSpec, wish: Wish = _AS_IT_IS, local: LocalModel | None = None) -> Fit:
        """How *spec* fits, as a model on this computer or as one that is not."""
        key = local.ref.key if local else ""
        return judge(spec, self.machine_for(key), wish, self.around(key), self.measured(key) if key else None)

    def around(self, key: str) -> Surroundings:
        """What the machine does not say, for the model *key*; the empty one is any that does not run."""
        return Surroundings(self.engine, self.taken.get(key, self.taken.get("", 0)))

    def machine_for(self, key: str) -> Machine:
        """The machine as it would be if the model *key* did not run: what it has now, it may have again."""
        own = self.own.get(key, 0)
        if not own:
            return self.machine
        if self.engine is EngineKind.CPU or not self.machine.gpus:
            free = min(self.machine.memory_bytes, self.machine.available_bytes + own)
            return replace(self.machine, available_bytes=free)
        gpus = tuple(
            replace(card, free_bytes=min(card.total_bytes, card.free_bytes + own))
            if any(user.ours for user in card.users) or len(self.machine.gpus) == 1
            else card
            for card in self.machine.gpus
        )
        return replace(self.machine, gpus=gpus)


@dataclass(frozen=True)
class Rows:
    """Both lists, and what is said of the machine."""

    tier: str
    local: tuple[ModelRow, ...]
    discover: tuple[ModelRow, ...]

    def find(self, key: str) -> ModelRow | None:
        """The row with a key or, where its model came or went meanwhile, of a repository."""
        rows = (*self.local, *self.discover)
        return next((row for row in rows if row.key == key), None) or next(
            (row for row in rows if key and row.repo_id.lower() == key.lower()), None
        )


def make_rows(seen: Seen) -> Rows:
    """Judge everything that was seen. Takes tens of milliseconds."""
    tier = tier_of(seen.machine)
    known = _by_repo(seen.catalog)
    local = tuple(_local_row(seen, model, known) for model in sorted(seen.local, key=_order))
    here: dict[str, LocalModel] = {}
    for row in local:
        if row.local and row.repo_id:
            here.setdefault(row.repo_id.lower(), row.local)
    wanted = tuple(name.lower() for name in (seen.catalog.suggestions or {}).get(tier.name, ()))
    rows = {row.name.lower(): row for row in _catalogue_rows(seen, here, wanted)}
    named = ((name, seen.heard(name) or known.get(name)) for name in seen.opened)
    for name, about in (*named, *((model.repo_id.lower(), model) for model in seen.found)):
        if name not in rows and about is not None:
            rows[name] = _row(seen, _name(about), known.get(name), here.get(name))
    first = _suggested([rows[name] for name in wanted if name in rows])
    if first:
        rows[first] = replace(rows[first], suggested=True)
    front = [name for name in seen.opened if name in rows]
    ordered = (*front, *(name for name in rows if name not in front))
    return Rows(tier.value, local, tuple(rows[name] for name in ordered))


def _suggested(rows: Iterable[ModelRow]) -> str:
    """Of models that suit computers like this, the first that runs well here, or else the first that has room at all.

    The name in lower case; empty for none.
    """
    suited = sorted(rows, key=lambda row: row.fit.verdict is not Verdict.RUNS_WELL)
    return next((row.name.lower() for row in suited if row.fit.verdict in (Verdict.RUNS_WELL, Verdict.TIGHT)), "")


def _order(model: LocalModel) -> tuple[bool, bool, str]:
    """What can be started comes first, and what somebody chose before what ships with the program."""
    name = model.repo_id or model.ref.name
    return model.condition is not Condition.READY, model.source is Source.GUIDE, name.lower()


def _local_row(seen: Seen, model: LocalModel, known: Mapping[str, CatalogModel]) -> ModelRow:
    name = model.repo_id.lower()
    about, found = known.get(name), seen.heard(name) if name else None
    spec = _spec(model.ref.name, model, about, found)
    fit = seen.fit(spec, local=model)
    return ModelRow(model.ref.key, model.repo_id or model.ref.name, spec, fit, model, about, found)


def _name(about: HubModel | CatalogModel) -> str:
    return about.repo_id if isinstance(about, HubModel) else about.spec.name


def _by_repo(catalog: Catalog) -> dict[str, CatalogModel]:
    """Every repository that the catalogue names, also those of smaller copies, in lower case."""
    known = {sibling.spec.name.lower(): sibling for model in catalog.models for sibling in _siblings(model)}
    return {**known, **{model.spec.name.lower(): model for model in catalog.models}}


def _siblings(model: CatalogModel) -> Iterable[CatalogModel]:
    """The smaller copies of a model, as models: what is particular to the original is not known of them."""
    for spec in model.siblings:
        yield replace(model, spec=spec, gated=None, commit="", siblings=(), download_bytes=0)


def _catalogue_rows(seen: Seen, here: Mapping[str, LocalModel], wanted: tuple[str, ...]) -> Iterable[ModelRow]:
    """The models of the catalogue, and of their smaller copies those that a person would look for."""
    for model in seen.catalog.models:
        row = _row(seen, model.spec.name, model, here.get(model.spec.name.lower()))
        yield row
        helps = row.fit.verdict in _DOES_NOT_SUIT
        for sibling in _siblings(model):
            name = sibling.spec.name.lower()
            named = name in wanted or name in here
            if not named and not helps:
                continue
            copy = _row(seen, sibling.spec.name, sibling, here.get(name))
            runs = copy.fit.verdict is Verdict.RUNS_WELL
            if named or runs:
                yield copy
            helps = helps and not runs


def _row(seen: Seen, name: str, known: CatalogModel | None, local: LocalModel | None) -> ModelRow:
    """The row of a repository; what its own files say goes before what others say of them."""
    found = seen.looked.get(name.lower()) or next(
        (one for one in seen.found if one.repo_id.lower() == name.lower()), None
    )
    spec = _spec(name, local, known, found)
    key = local.ref.key if local else name
    return ModelRow(key, name, spec, seen.fit(spec, local=local), local, known, found)


def _spec(name: str, local: LocalModel | None, known: CatalogModel | None, found: HubModel | None) -> ModelSpec:
    """What is known of a model: by its files where they are whole, else by what the Hub or the catalogue says of it."""
    if local is not None and local.condition is Condition.READY:
        return local.spec
    if found is not None and found.spec is not None and found.spec.weights_bytes:
        return found.spec
    if known is not None:
        return known.spec
    if local is not None:
        return local.spec
    return (found.spec if found else None) or ModelSpec(name)
