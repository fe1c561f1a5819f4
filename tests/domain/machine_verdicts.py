"""The table of verdicts: every machine in tests/data/machines with every model of the catalogue.

`python -m tests.domain.machine_verdicts` writes it anew; look at the difference before it is committed.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from desktop_app.domain.catalog import Catalog
from desktop_app.domain.fit import Verdict, judge
from desktop_app.domain.machine import Machine
from desktop_app.domain.machine_file import read_machine
from desktop_app.hub.catalog import read_catalog
from desktop_app.paths import resources

_DATA = Path(__file__).parents[1] / "data"
TABLE = _DATA / "machine_verdicts.json"

Verdicts = dict[tuple[str, str], Verdict]
"""The verdict of each machine and model."""


def machines() -> dict[str, Machine]:
    """Every described machine, by the name of its file."""
    return {file.stem: read_machine(file.read_text("utf-8")) for file in sorted((_DATA / "machines").glob("*.json"))}


def catalog() -> Catalog:
    """The catalogue that the program ships."""
    return read_catalog(resources())


def verdicts(known: Mapping[str, Machine], models: Catalog) -> Verdicts:
    """What `judge` says of each machine and model, when nobody wishes for anything."""
    return {
        (name, model.spec.name): judge(model.spec, machine).verdict
        for name, machine in known.items()
        for model in models.models
    }


def read() -> Verdicts:
    """The table as it was written."""
    table = json.loads(TABLE.read_text("utf-8"))
    return {
        (machine, model): Verdict(words)
        for machine, kinds in table.items()
        for words, models in kinds.items()
        for model in models
    }


def write(found: Verdicts) -> None:
    """Write the table: of each machine the models by verdict, best verdict first."""
    table: dict[str, dict[str, list[str]]] = {}
    for (machine, model), verdict in found.items():
        table.setdefault(machine, {kind.value: [] for kind in Verdict})[verdict.value].append(model)
    kept = {name: {words: models for words, models in kinds.items() if models} for name, kinds in table.items()}
    TABLE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(verdicts(machines(), catalog()))
    print(f"written: {TABLE}")
