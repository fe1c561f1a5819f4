"""What the person has set pip to, as far as others than pip have to honour it. Called by `install.py`.

An address or a proxy may hold a password: what is read here is kept in memory, and never logged or saved.
"""

import ast
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

AskPip = Callable[..., Awaitable[tuple[int, list[str]]]]
"""`Pip.run`."""

_SECTIONS = ("global", "install", "download", ":env:")
"""From the weakest to the strongest; `index.…` and the like concern other commands."""

_NO = frozenset({"", "0", "false", "no", "off", "n", "f"})


async def read(ask: AskPip) -> dict[str, str] | None:
    """pip's settings by option, e.g. `index-url`; None when pip does not say."""
    try:
        code, lines = await ask("config", "list", seconds=60, private=True)
    except TimeoutError:
        return None
    return _settings(lines) if code == 0 else None


def chooses_index(settings: Mapping[str, str] | None) -> bool:
    """Whether somebody has decided where packages come from; settings that cannot be read count as that."""
    if settings is None:
        return True
    return bool(settings.get("index-url", "").strip()) or settings.get("no-index", "").strip().lower() not in _NO


def fetch_environment(settings: Mapping[str, str] | None, given: Mapping[str, str]) -> dict[str, str]:
    """*given* for a program that fetches files itself the way pip would: through its proxy, with its certificates."""
    env = {name: value for name, value in given.items() if not name.startswith(("PYTHON", "PIP_"))}
    if proxy := (settings or {}).get("proxy"):
        env = {name: value for name, value in env.items() if name.lower() not in ("no_proxy", "all_proxy")}
        address = proxy if "://" in proxy else f"http://{proxy}"
        env |= dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), address)
    if certificates := (settings or {}).get("cert"):
        env["SSL_CERT_DIR" if Path(certificates).is_dir() else "SSL_CERT_FILE"] = certificates
    return env


def only_pip_can(settings: Mapping[str, str] | None) -> bool:
    """Whether pip has to fetch everything itself: it shows a certificate of the person, or nothing is known."""
    return settings is None or bool(settings.get("client-cert"))


def _settings(lines: list[str]) -> dict[str, str]:
    """Of lines such as `global.index-url='…'`."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        section, _, option = key.strip().rpartition(".")
        if equals and section:
            found.setdefault(section, {})[option] = _plain(value.strip())
    merged: dict[str, str] = {}
    for section in _SECTIONS:
        merged |= found.get(section, {})
    return merged


def _plain(value: str) -> str:
    with contextlib.suppress(ValueError, SyntaxError):
        return str(ast.literal_eval(value))
    return value
