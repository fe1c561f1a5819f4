"""`vllm-desktop engines`: the engines as a list, and installing, checking and removing them in a terminal.

The list goes to standard output, everything else to standard error.
"""

import asyncio
import sys
from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import InstalledEngine, InstallPlan, InstallStep
from desktop_app.domain.units import disk_words
from desktop_app.services.setup import Setup, SetupState
from desktop_app.terminal.keyboard import Keyboard

VERBS = ("list", "install", "check", "remove")
_STEPS = tuple(InstallStep)
_TELL_SECONDS = 5.0
"""Between two lines about the same phase, where nobody looks at a line that changes."""


async def run(
    setup: Setup, verb: str, key: str = "", *, version: str = "", folder: Path | None = None, agreed: bool = False
) -> int:
    """Carry out one of `VERBS`; the exit code.

    Args:
        setup: the service.
        verb: what to do.
        key: of which engine, for `check` and `remove`; empty for the chosen one.
        version: which vLLM to install; empty for the one that fits.
        folder: packages to install from without a network.
        agreed: do not ask.
    """
    terminal = _Terminal(setup, agreed)
    stop = setup.state.watch(terminal.on_changed)
    try:
        if verb == "list":
            await setup.look()
            return terminal.show()
        if verb == "install":
            return await terminal.install(version, folder)
        found = terminal.find(key)
        if found is None:
            return 1
        if verb == "check":
            return 0 if await setup.check(found.environment.key) else 1
        return await terminal.remove(found)
    finally:
        stop()


def lines(engines: tuple[InstalledEngine, ...]) -> list[str]:
    """The engines as text, a line each: a star before the chosen one."""
    width = max((len(engine.environment.key) for engine in engines), default=0)
    return [_line(engine, width) for engine in engines]


class _Terminal:
    """Tells what happens, and asks."""

    def __init__(self, setup: Setup, agreed: bool) -> None:
        self._setup = setup
        self._agreed = agreed
        self._told: tuple[str, float] = ("", 0.0)
        self._error: UserError | None = None
        self._note = ""

    def show(self) -> int:
        """Print the list."""
        engines = self._setup.state.value.engines
        for line in lines(engines):
            print(_printable(line))
        if not engines:
            self._say("No engine is installed. `vllm-desktop engines install` installs one.")
        return 0

    def find(self, key: str) -> InstalledEngine | None:
        """The engine *key*, or the chosen one; None is told."""
        engines = self._setup.state.value.engines
        found = next((one for one in engines if (one.environment.key == key if key else one.chosen)), None)
        if found is None:
            known = ", ".join(one.environment.key for one in engines) or "none"
            self._say(f"There is no engine {key or 'that is chosen'}. Known: {known}.")
        return found

    async def install(self, version: str, folder: Path | None) -> int:
        """Say what it takes, ask, install."""
        if folder is not None:
            return 0 if await self._setup.install_from(folder) else 1
        self._say(_plan_words(await self._setup.look(), version))
        if not await self._agree("Install it now? [y/N] "):
            return 1
        return 0 if await self._setup.install(version) else 1

    async def remove(self, engine: InstalledEngine) -> int:
        """Say what would be deleted, ask, delete."""
        environment = engine.environment
        if environment.managed:
            self._say(f"{environment.name} in {environment.folder} takes {disk_words(engine.disk_bytes)}.")
        else:
            self._say(f"{environment.name} is not ours: it is only forgotten.")
        if not await self._agree("Remove it? [y/N] "):
            return 1
        return 0 if await self._setup.remove(environment.key) else 1

    def on_changed(self, state: SetupState) -> None:
        """Say what is new."""
        if state.progress is not None:
            step, left = state.progress.step, state.progress.left
            words = f"{_STEPS.index(step) + 1} of {len(_STEPS)} {step.value}: {state.progress.text}".rstrip(": ")
            self._progress(step.value, words + (f", about {_duration(left)} left" if left else ""))
        elif state.checking is not None:
            checking = state.checking
            self._progress("check", f"Compared {checking.done:,} of {checking.total:,} files, {checking.bad} amiss")
        if state.error is not None and state.error is not self._error:
            self._say(state.error.sentence())
        if state.note and state.note != self._note:
            self._say(state.note)
        self._error, self._note = state.error, state.note

    def _progress(self, phase: str, words: str) -> None:
        now = asyncio.get_running_loop().time()
        if phase != self._told[0] or now - self._told[1] >= _TELL_SECONDS:
            self._told = (phase, now)
            self._say(words)

    async def _agree(self, question: str) -> bool:
        if self._agreed:
            return True
        if not sys.stdin.isatty():
            self._say("Nothing was done: there is nobody to ask here. Add --yes to do it.")
            return False
        print(question, end="", file=sys.stderr, flush=True)
        return (await Keyboard().line() or "").strip().lower() in ("y", "yes")

    def _say(self, text: str) -> None:
        print(_printable(text), file=sys.stderr, flush=True)


def _line(engine: InstalledEngine, width: int) -> str:
    environment = engine.environment
    parts = [environment.name]
    if engine.disk_bytes:
        parts.append(disk_words(engine.disk_bytes))
    parts.append(environment.image or str(environment.folder if environment.managed else environment.python))
    if not engine.tried:
        parts.append("never tried")
    if engine.last_check is not None:
        parts.append("checked: whole" if engine.last_check.passed else "checked: damaged")
    return f"{'*' if engine.chosen else ' '} {environment.key:<{width}}  {', '.join(parts)}"


def _plan_words(plan: InstallPlan, version: str) -> str:
    return (
        f"vLLM {version or '(the version that fits)'} for the {plan.kind.value} of this computer: downloads about "
        f"{disk_words(plan.download_bytes)} and takes about {disk_words(plan.kept_bytes)} below {plan.folder} "
        f"({disk_words(plan.free_bytes)} are free; {disk_words(plan.disk_bytes)} are needed for a while). "
        f"It comes from {plan.sources}. {plan.note}".rstrip()
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _printable(text: str) -> str:
    """Without control characters: names of folders may hold anything, and a terminal must not obey them."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
