"""The parts of an engine: what pip's report names, which of them are wanted, and the lists of them. Pure but for files.

Called by `install.py`. A wheelhouse is a folder with the parts' files, and with two lists of them: `requirements.lock`
for pip, with hashes; and `parts.json` for us. Neither has an address in it, which might hold a password.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.installation import EngineKind
from desktop_app.engine import contents, pip_output

LOCK = "requirements.lock"
_LIST = "parts.json"
_ENGINES = ("vllm", "vllm-cpu")


@dataclass(frozen=True)
class Part:
    """One package of an engine."""

    name: str
    """In the spelling that compares equal (PEP 503)."""
    version: str
    file: str
    sha256: str
    """Empty when nobody says."""
    url: str = ""

    @property
    def is_wheel(self) -> bool:
        """Whether it can be installed as it is; otherwise it has to be built first."""
        return self.file.endswith(".whl")

    @property
    def requirement(self) -> str:
        """As pip wants to read it in a list."""
        return f"{self.name}=={self.version}" + (f" --hash=sha256:{self.sha256}" if self.sha256 else "")


def from_report(text: str) -> tuple[Part, ...]:
    """The parts in a report of `pip install --report` (format 1, the only one from pip 22.2 to 26.3).

    Raises:
        EngineError: it is not such a report.
    """
    try:
        return tuple(_part(item) for item in json.loads(text)["install"])
    except (ValueError, KeyError, TypeError) as error:
        reason = "What it printed about the parts of the engine cannot be read."
        raise EngineError("pip speaks a language that this program does not know.", reason, Remedy.RETRY) from error


def _part(item: dict[str, Any]) -> Part:
    download, about = item["download_info"], item["metadata"]
    archive = download.get("archive_info") or {}
    hashes = dict(archive.get("hashes") or {})
    kind, _, value = str(archive.get("hash", "")).partition("=")
    url = str(download["url"])
    file = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    if not file or file.startswith("."):
        raise ValueError(file)
    sha256 = str(hashes.get("sha256") or (value if kind == "sha256" else ""))
    return Part(pip_output.project(str(about["name"])), str(about["version"]), file, sha256, url)


def engine(parts: Iterable[Part]) -> Part:
    """vLLM itself.

    Raises:
        EngineError: it is not among them.
    """
    found = next((part for part in parts if part.name in _ENGINES), None)
    if found is None:
        raise EngineError("There is no engine among these packages.", "None of them is vLLM.", Remedy.RETRY)
    return found


def kind(part: Part) -> EngineKind:
    """Which build of vLLM *part* is."""
    return EngineKind.CPU if part.name == "vllm-cpu" or "+cpu" in part.version else EngineKind.CUDA


def key(part: Part) -> str:
    """The name of the folder for this engine, e.g. `vllm-cpu-0.32.0`."""
    return f"vllm-{kind(part).name.lower()}-{part.version.split('+')[0]}"


def fit(parts: Iterable[Part]) -> tuple[Part, ...]:
    """*parts* without those that the processor build is better off without; see `contents.unfit`."""
    every = tuple(parts)
    if kind(engine(every)) is not EngineKind.CPU:
        return every
    return tuple(part for part in every if not contents.is_unfit(part.name, part.version))


def missing(parts: Iterable[Part], packages: Path) -> tuple[Part, ...]:
    """Those that are not installed to the end in *packages* in this very version."""
    there = contents.in_place(packages)
    return tuple(part for part in parts if there.get(part.name) != _folder_version(part))


def _folder_version(part: Part) -> str:
    """The version in the name of its `.dist-info` folder, which is spelled as in the wheel's name."""
    return (pip_output.wheel_name(part.file)[1] if part.is_wheel else "") or part.version


def write_lists(parts: Iterable[Part], folder: Path) -> None:
    """Write down what belongs into the wheelhouse *folder*.

    Raises:
        OSError: the folder cannot be written to.
    """
    every = tuple(parts)
    facts = [{name: value for name, value in asdict(part).items() if name != "url"} for part in every]
    draft = folder / f"{_LIST}.new"
    draft.write_text(json.dumps(facts, indent=0), "utf-8")
    draft.replace(folder / _LIST)
    write_lock(every, folder / LOCK)


def write_lock(parts: Iterable[Part], path: Path) -> None:
    """Write a list for `pip install --require-hashes -r`."""
    path.write_text("".join(f"{part.requirement}\n" for part in parts), "utf-8")


def gathered(folder: Path, packages: Path) -> tuple[Part, ...]:
    """The parts in a wheelhouse that an earlier attempt has filled, as far as they are not in *packages* already.

    Empty when something is lacking.
    """
    try:
        facts = json.loads((folder / _LIST).read_text("utf-8"))
        parts = tuple(Part(*(str(item[name]) for name in ("name", "version", "file", "sha256"))) for item in facts)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    wanted = missing(parts, packages)
    whole = all(
        part.sha256 and part.file and "/" not in part.file and (folder / part.file).is_file() for part in wanted
    )
    return parts if whole and any(part.name in _ENGINES for part in parts) else ()


def forget_list(folder: Path) -> None:
    """Have the next attempt look for the parts anew; the files stay."""
    (folder / _LIST).unlink(missing_ok=True)


def installed(packages: Path, projects: Iterable[str]) -> tuple[str, ...]:
    """What pip has to be asked for to get *projects* in the versions that *packages* has, e.g. `torch==2.13.0+cpu`."""
    versions = contents.described(packages)
    return tuple(f"{name}=={versions[name]}" for name in sorted(projects) if name in versions)
