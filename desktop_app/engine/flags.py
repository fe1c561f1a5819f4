"""What the installed engine has and knows: its parser's flags and its lists of names, asked once per version.

A small script in the engine's Python writes them as JSON (5 seconds); the answer is kept beside the engines and read
from there until the engine changes. Called by `services/model_settings`. vLLM is only ever imported in that child.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from desktop_app.domain.errors import EngineError, Remedy
from desktop_app.domain.flags import Flag, FlagTable
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.engine.protection import NO_FOREIGN_CODE, OFFLINE
from desktop_app.paths import Paths
from desktop_app.transfer import children

__all__ = ["FlagTable", "known_table", "read_table"]

_logger = logging.getLogger(__name__)

_SECONDS = 300.0
"""5 s were measured on two cores with a warm disk; a first import from a slow disk takes minutes."""
_FORM = 1
"""Of the file; one of another form is made again."""
_LARGEST = 32 << 20
_DETAIL_LINES = 30
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
_INHERITED_PREFIXES = ("CUDA_", "NVIDIA_")

# "--help" in argv makes vLLM collect the words of every flag. Each list is asked for by itself: a name that moved in
# another version costs that list and not the flags.
_SCRIPT = """
import json, sys
target = sys.argv[1]
sys.argv = ["vllm", "--help"]
from vllm.utils.argparse_utils import FlexibleArgumentParser
try:
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
except ImportError:
    from vllm.entrypoints.common.cli_args import make_arg_parser

def text(value):
    if value is None or value == "==SUPPRESS==":
        return ""
    if isinstance(value, (bool, int, float, str)):
        return str(value)
    if isinstance(value, (list, tuple, set, dict)):
        try:
            return json.dumps(list(value) if isinstance(value, (tuple, set)) else value) if value else ""
        except TypeError:
            return ""
    inner = getattr(value, "value", None)
    return str(inner) if isinstance(inner, (str, int, float)) else ""

def describe(group, action):
    names = sorted((n for n in action.option_strings if n.startswith("-")), key=lambda n: (not n.startswith("--"), 0))
    positive = [n for n in names if not n.startswith("--no-")] or names
    return dict(
        names=positive, section=group.title or "", default=text(action.default),
        choices=[str(c) for c in action.choices or () if c is not None], help=" ".join((action.help or "").split()),
        type_name=getattr(action.type, "__name__", "") or "", many=action.nargs in ("+", "*"),
        switch=action.nargs == 0, negatable=any(n.startswith("--no-") for n in names),
    )

def ask(what):
    try:
        return sorted({str(name) for name in what() if name})
    except Exception as error:
        print(f"not known here: {error!r}")
        return []

def architectures():
    from vllm.model_executor.models import ModelRegistry
    return ModelRegistry.get_supported_archs()

def borrowed():
    from transformers.models.auto import modeling_auto
    for name, mapping in vars(modeling_auto).items():
        if name.endswith("_MAPPING_NAMES"):
            for classes in mapping.values():
                yield from (classes if isinstance(classes, (list, tuple)) else (classes,))

def model_types():
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    from vllm.transformers_utils.config import _CONFIG_REGISTRY
    return [*CONFIG_MAPPING_NAMES, *_CONFIG_REGISTRY]

def tool_parsers():
    from vllm.tool_parsers import ToolParserManager
    return ToolParserManager.list_registered()

def reasoning_parsers():
    from vllm.reasoning import ReasoningParserManager
    return ReasoningParserManager.list_registered()

def quantization():
    from vllm.model_executor.layers.quantization import QUANTIZATION_METHODS
    return QUANTIZATION_METHODS

parser = make_arg_parser(FlexibleArgumentParser())
flags = [describe(g, a) for g in parser._action_groups for a in g._group_actions if a.option_strings]
answer = dict(flags=[flag for flag in flags if flag["names"][0].startswith("--") and flag["names"][0] != "--help"])
for list_of in (architectures, borrowed, model_types, tool_parsers, reasoning_parsers, quantization):
    answer[list_of.__name__] = ask(list_of)
with open(target, "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


async def known_table(environment: EngineEnvironment, paths: Paths) -> FlagTable | None:
    """What was learned of *environment* earlier; None when it was not asked yet, or the answer is damaged."""
    return await asyncio.to_thread(_read, _cache_file(environment, paths), environment)


async def read_table(environment: EngineEnvironment, paths: Paths, outside: Mapping[str, str]) -> FlagTable:
    """What *environment* has and knows; asks it when that was not done yet. Cancelling ends the child at once.

    Args:
        environment: the engine.
        paths: where the answer is kept.
        outside: the environment that the program was started in.

    Raises:
        EngineError: the engine gave no answer.
    """
    found = await known_table(environment, paths)
    if found is not None:
        return found
    if environment.image:
        raise _no_answer("It runs in a container, where only its command can be edited.", [])
    answer = await _ask(environment, outside)
    table = _table(answer, environment)
    if table is None or not table.flags:
        raise _no_answer("Its answer makes no sense.", [])
    try:
        await asyncio.to_thread(_keep, _cache_file(environment, paths), table)
    except OSError as error:
        _logger.warning("The engine's flags are not kept: %s", error)
    return table


async def _ask(environment: EngineEnvironment, outside: Mapping[str, str]) -> object:
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="vllm-desktop-flags-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        target = folder / "flags.json"
        argv = (str(environment.python), "-I", "-B", "-X", "utf8", "-c", _SCRIPT, str(target))
        try:
            code = await children.run(argv, _variables(environment, folder, outside), folder, lines.append, _SECONDS)
            if code != 0:
                raise _no_answer(f"It ended with {code}.", lines)
            return await asyncio.to_thread(_load, target)
        except TimeoutError:
            raise _no_answer(f"It was given {_SECONDS / 60:.0f} minutes.", lines) from None
        except (OSError, ValueError) as error:
            raise _no_answer(f"{error}.", lines) from error


def _variables(environment: EngineEnvironment, folder: Path, outside: Mapping[str, str]) -> dict[str, str]:
    inherited = {
        name: value for name, value in outside.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    target = {"VLLM_TARGET_DEVICE": "cpu"} if environment.kind is EngineKind.CPU else {}
    return inherited | OFFLINE | NO_FOREIGN_CODE | target | {"HOME": str(folder), "TMPDIR": str(folder)}


def _no_answer(reason: str, lines: list[str]) -> EngineError:
    title = "The engine did not say which settings it has."
    return EngineError(title, reason, Remedy.RETRY, "\n".join(lines[-_DETAIL_LINES:]))


def _cache_file(environment: EngineEnvironment, paths: Paths) -> Path:
    """One file for each state of each environment: another installation of the same version changes its metadata."""
    packages = environment.python.parent.parent.glob("lib/python3*/site-packages/vllm*.dist-info")
    stamps = sorted(f"{found.name} {_changed(found)}" for found in packages)
    identity = "\n".join((str(environment.python), environment.version, environment.kind.name, *stamps))
    return paths.engines / f"flags-{sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.json"


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _read(file: Path, environment: EngineEnvironment) -> FlagTable | None:
    try:
        answer = _load(file)
    except (OSError, ValueError):
        return None
    if not isinstance(answer, dict) or answer.get("form") != _FORM:
        return None
    return _table(answer, environment)


def _load(file: Path) -> object:
    with file.open("rb") as stream:
        raw = stream.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError(f"{file.name} is larger than such a file can be")
    value: object = json.loads(raw)
    return value


def _keep(file: Path, table: FlagTable) -> None:
    answer: dict[str, Any] = {"form": _FORM}
    for part in fields(table):
        value = getattr(table, part.name)
        answer[part.name] = [asdict(flag) for flag in value] if part.name == "flags" else value
    draft = file.with_suffix(".new")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.write_text(json.dumps(answer, default=sorted), encoding="utf-8")
    draft.replace(file)


def _table(answer: object, environment: EngineEnvironment) -> FlagTable | None:
    if not isinstance(answer, dict):
        return None
    try:
        return FlagTable(
            version=environment.version,
            flags=tuple(_flag(one) for one in answer["flags"]),
            architectures=frozenset(_names(answer, "architectures")),
            borrowed=frozenset(_names(answer, "borrowed")),
            model_types=frozenset(_names(answer, "model_types")),
            tool_parsers=_names(answer, "tool_parsers"),
            reasoning_parsers=_names(answer, "reasoning_parsers"),
            quantization=_names(answer, "quantization"),
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        return None


def _flag(one: dict[str, Any]) -> Flag:
    names = tuple(str(name) for name in one["names"])
    return Flag(
        names=(names[0], *names[1:]),
        section=str(one["section"]),
        default=str(one["default"]),
        choices=tuple(str(choice) for choice in one["choices"]),
        help=str(one["help"]),
        type_name=str(one["type_name"]),
        many=bool(one["many"]),
        switch=bool(one["switch"]),
        negatable=bool(one["negatable"]),
    )


def _names(answer: dict[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(name) for name in answer[key])
