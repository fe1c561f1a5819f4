"""Where models lie on this computer. Used through `shelf`; nothing is looked at here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.launch import ModelRef


@dataclass(frozen=True)
class Places:
    """Where models lie."""

    guide: ModelRef
    ours: Path
    """Our downloads, `owner/name` each."""
    caches: tuple[Path, ...] = ()
    """Of Hugging Face: `models--owner--name` each."""
    added: tuple[Path, ...] = ()
    """A model each, or a folder that holds some."""
    variable: tuple[Path, ...] = ()
    """The same, named by `MODEL_PATH`."""


def places_from(environ: Mapping[str, str], guide: ModelRef, ours: Path, added: tuple[Path, ...] = ()) -> Places:
    """Where models lie, as the environment says it.

    Args:
        environ: names the caches of Hugging Face as huggingface_hub reads them, and folders (`MODEL_PATH`).
        guide: the model that ships with the program.
        ours: the folder with our downloads.
        added: folders that somebody added.
    """
    home = Path(environ.get("HOME") or Path.home())
    usual = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "huggingface"
    named = (environ.get("HF_HUB_CACHE"), environ.get("HUGGINGFACE_HUB_CACHE"))
    homes = (Path(environ["HF_HOME"]) / "hub" if environ.get("HF_HOME") else None, usual / "hub")
    caches = [folder_named(str(one)) for one in (*named, *homes) if one]
    listed = [one for one in environ.get("MODEL_PATH", "").split(os.pathsep) if one.strip()]
    variable = [folder_named(one.strip()) for one in listed]
    return Places(guide, ours, tuple(dict.fromkeys(caches)), added, tuple(dict.fromkeys(variable)))


def folder_named(text: str) -> Path:
    """The folder that somebody wrote, whole; `~` is their home, and of nobody's it is a folder like any other."""
    return Path(os.path.expanduser(text)).absolute()  # noqa: PTH111 - pathlib raises RuntimeError for a home of nobody
