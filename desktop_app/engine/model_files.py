"""What a model's files say about how it must be started. Called by `launch`, `preflight` and the settings' service.

Reads a few small files, in milliseconds; whether the model is complete is `hub/local`'s business. Everything in such a
folder was written by strangers: sizes are limited, nothing is executed, and what cannot be read counts as not said.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from desktop_app.domain.geometry import Geometry, geometry

_CONFIG_LIMIT = 8 << 20
_TEMPLATE_LIMIT = 16 << 20
"""Bytes. Some `tokenizer_config.json` list every added token."""
_CODE_LIMIT = 64 << 20


@dataclass(frozen=True)
class ModelFacts:
    """What a model's folder says."""

    config: Mapping[str, object] = field(default_factory=dict)
    """`config.json`; empty when it cannot be read."""
    weights_bytes: int = 0
    """Bytes of its weight files."""
    template: str = ""
    """Its chat template; empty for none."""

    @property
    def geometry(self) -> Geometry | None:
        """The shape that memory follows from; None when it is not known."""
        return geometry(self.config)

    @property
    def architectures(self) -> tuple[str, ...]:
        """The model classes that it names."""
        named = self.config.get("architectures")
        return tuple(str(name) for name in named) if isinstance(named, list) else ()

    @property
    def model_type(self) -> str:
        """The kind of model that it names."""
        return str(self.config.get("model_type") or "")

    @property
    def own_code(self) -> Mapping[str, object]:
        """What the model would have run from Python files of its own (`auto_map`)."""
        mapped = self.config.get("auto_map")
        return mapped if isinstance(mapped, dict) else {}


def look(folder: Path) -> ModelFacts:
    """Read what *folder* says; never raises."""
    return ModelFacts(_object(folder / "config.json", _CONFIG_LIMIT), _weights(folder), _template(folder))


def code_hash(folder: Path) -> str:
    """A hash of every Python file in *folder*; empty when there is none, or they cannot be read.

    With `--trust-remote-code` transformers runs such files from the top folder and those that they import beside them.
    """
    digest, size = hashlib.sha256(), 0
    try:
        files = sorted(folder.rglob("*.py"))
        for file in files:
            size += file.stat().st_size
            if size > _CODE_LIMIT:
                return ""
            digest.update(f"{file.relative_to(folder)}\n{file.stat().st_size}\n".encode("utf-8", "surrogateescape"))
            digest.update(file.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest() if files else ""


def _weights(folder: Path) -> int:
    index = _object(folder / "model.safetensors.index.json", 64 << 20).get("weight_map")
    try:
        if isinstance(index, dict):
            return sum((folder / name).stat().st_size for name in {Path(str(name)).name for name in index.values()})
        files = list(folder.glob("*.safetensors"))
        # Mistral ships the same weights a second time under this name.
        own = [file for file in files if not file.name.startswith("consolidated")] or files
        return sum(file.stat().st_size for file in own)
    except OSError:
        return 0


def _template(folder: Path) -> str:
    for name in ("chat_template.jinja", "chat_template.json", "tokenizer_config.json"):
        if name.endswith(".jinja"):
            text: object = _text(folder / name, _TEMPLATE_LIMIT)
        else:
            text = _object(folder / name, _TEMPLATE_LIMIT).get("chat_template")
        if isinstance(text, list):
            text = next((one.get("template") for one in text if isinstance(one, dict)), "")
        if isinstance(text, str) and text:
            return text
    return ""


def _object(file: Path, limit: int) -> dict[str, object]:
    try:
        value = json.loads(_text(file, limit) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(file: Path, limit: int) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError:
        return ""
    return raw.decode("utf-8", "replace") if len(raw) <= limit else ""
