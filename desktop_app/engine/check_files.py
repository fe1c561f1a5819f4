"""Compares every file of an environment with the hash that its package lists for it (`RECORD`, PEP 376 and 427).

A program of its own, of the standard library alone, which `environments.check` starts as `python -I -S check_files.py
PACKAGES` and kills to cancel: 36,000 files with 3 GB keep a thread of the window busy for seconds. It says how far it
is as a JSON object a line, `done` and `total` and `bad`, and at the end `bad`, `missing` and `packages` as lists.
"""

import base64
import csv
import hashlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_MOST_NAMES = 100
_TELL_SECONDS = 0.2
_BATCH = 200
"""Files that a thread takes at a time."""

Claims = dict[str, list[tuple[str, str]]]
"""By path relative to the packages: hash as in RECORD, and the package that says so."""


def claims(packages: Path) -> Claims:
    """What the packages say of their files. Two may own the same file; then it has to fit one of them."""
    found: Claims = defaultdict(list)
    for record in sorted(packages.glob("*.dist-info/RECORD")):
        owner = record.parent.name.split("-")[0]
        with record.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.reader(file):
                if len(row) >= 2 and not row[0].endswith(".pyc") and not row[0].endswith("dist-info/RECORD"):
                    found[row[0]].append((row[1], owner))
    return found


def unlisted(packages: Path) -> Iterator[str]:
    """Packages that have lost the list of their files."""
    for folder in packages.glob("*.dist-info"):
        if not (folder / "RECORD").is_file():
            yield f"{folder.name}/RECORD"


def digest(path: str) -> str:
    """A file's hash the way RECORD has it; empty when there is no such file."""
    found = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - 36,000 times
            while data := file.read(1 << 20):
                found.update(data)
    except OSError:
        return ""
    return "sha256=" + base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode()


def judge(path: str, said: list[tuple[str, str]]) -> str:
    """`missing`, `bad`, or empty when the file is what one of its packages says."""
    hashes = [value for value, _owner in said if value.startswith("sha256=")]
    if not hashes:
        return "" if os.path.lexists(path) else "missing"
    found = digest(path)
    return "" if found in hashes else "bad" if found else "missing"


def main(packages: Path) -> int:
    """Check everything and say so."""
    os.nice(5)
    parent = os.getppid()
    expected = claims(packages)
    names = list(expected)
    lost = list(unlisted(packages))
    faults: dict[str, list[str]] = {"bad": [], "missing": lost}
    owners = {name.split("-")[0] for name in lost}
    done, told = 0, 0.0
    _say(done=0, total=len(names), bad=len(lost))

    def look(batch: list[str]) -> list[tuple[str, str]]:
        return [(name, judge(os.path.join(packages, name), expected[name])) for name in batch]  # noqa: PTH118

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for verdicts in pool.map(look, [names[at : at + _BATCH] for at in range(0, len(names), _BATCH)]):
            for name, fault in verdicts:
                if fault:
                    faults[fault].append(name)
                    owners.update(owner for _hash, owner in expected[name])
            done += len(verdicts)
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                _say(done=done, total=len(names), bad=sum(map(len, faults.values())))
                if os.getppid() != parent:
                    os._exit(1)  # nobody listens any more
    _say(files=len(names), packages=sorted(owners), **{kind: found[:_MOST_NAMES] for kind, found in faults.items()})
    return 0


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201 - this is how it tells its parent


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
