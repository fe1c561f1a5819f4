"""The main job in a terminal: get the engine, start a model, stream answers, leave nothing running.

Answers go to standard output, everything else to standard error, so that an answer can be piped.
"""

import asyncio
import sys
from pathlib import Path

from desktop_app.domain.answer_words import under
from desktop_app.domain.chat import Message, MessageState, Role
from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import InstallPlan
from desktop_app.domain.units import disk_words
from desktop_app.hub import local
from desktop_app.services.chat_view import ChatState
from desktop_app.services.program import Program
from desktop_app.terminal.keyboard import Keyboard
from desktop_app.terminal.notes import Notes, printable


class TerminalChat:
    """One conversation in a terminal.

    Args:
        program: opened services.
        agreed: install the engine without asking.
    """

    def __init__(self, program: Program, agreed: bool) -> None:
        self._program = program
        self._agreed = agreed
        self._keyboard = Keyboard()
        self._notes = Notes()
        self._printed: tuple[int, int] = (0, 0)
        """Which message is being printed, and how many of its characters have been."""

    async def run(self, text: str, model: Path | None) -> int:
        """Ask *text*, or hold a conversation when it is blank; the exit code."""
        self._program.conversations.new()
        stop_watching = [
            self._program.setup.state.watch(self._notes.on_setup),
            self._program.serving.status.watch(self._notes.on_status),
            self._program.conversations.state.watch(self._on_chat_changed),
        ]
        try:
            if model is not None:
                # Before gigabytes are downloaded for it.
                await asyncio.to_thread(local.inspect, model)
            if not await self._ensure_engine() or not await self._start(model):
                return 1
            return await self._ask(text) if text.strip() else await self._converse()
        finally:
            for stop in stop_watching:
                stop()

    async def _ensure_engine(self) -> bool:
        if self._program.setup.state.value.environment is not None:
            return True
        plan = await self._program.setup.look()
        self._notes.say(_plan_words(plan))
        if not self._agreed and not await self._agree():
            return False
        return await self._program.first_run.install()

    async def _agree(self) -> bool:
        if not sys.stdin.isatty():
            self._notes.say("Nothing was installed: there is nobody to ask here. Add --yes to install it.")
            return False
        return (await self._read("Install it now? [y/N] ")).lower() in ("y", "yes")

    async def _start(self, folder: Path | None) -> bool:
        serving = self._program.serving
        if folder is None:
            return await serving.start(self._program.guide)
        await serving.choose(folder)
        return serving.status.value.stage is EngineStage.READY

    async def _ask(self, text: str) -> int:
        self._notes.forget()
        await self._program.conversations.send(text)
        if not await self._go_on():
            return 1
        answer = self._program.conversations.state.value.messages[-1]
        if answer.error:
            self._notes.note(answer.error)
        elif words := under(answer):
            self._notes.say(f"({words})")
        return 0 if answer.state in (MessageState.COMPLETE, MessageState.CUT) else 1

    async def _go_on(self) -> bool:
        """Take the way out that a window would offer, and say so; False when there is none."""
        conversations = self._program.conversations
        state = conversations.state.value
        if state.full is not None:
            self._notes.note(state.full.words)
            if not state.full.droppable:
                return False
            self._notes.note("The oldest messages are left out.")
            await conversations.leave_out_oldest()
        elif state.suggestion:
            self._notes.note(state.suggestion)
            await conversations.continue_as_text()
        return True

    async def _converse(self) -> int:
        self._notes.say("Write a question; an empty line or Ctrl+D ends the conversation.")
        while text := await self._read("> "):
            await self._ask(text)
        return 0

    async def _read(self, prompt: str) -> str:
        """A line from the keyboard; empty at the end of input."""
        print(prompt, end="", file=sys.stderr, flush=True)
        return (await self._keyboard.line() or "").strip()

    def _on_chat_changed(self, state: ChatState) -> None:
        """Print what an answer grew by."""
        self.tell(state.error)
        if not state.messages or state.messages[-1].role is not Role.ASSISTANT:
            return
        self._print_growth(state.messages[-1])

    def _print_growth(self, message: Message) -> None:
        key, done = self._printed if self._printed[0] == message.id else (message.id, 0)
        ended = message.state is not MessageState.STREAMING
        if ended and done < 0:
            return
        sys.stdout.write(printable(message.text[done:]))
        if ended and message.text:
            sys.stdout.write("\n")
        sys.stdout.flush()
        self._printed = (key, -1 if ended else len(message.text))

    def tell(self, error: UserError | None) -> None:
        """Say what failed, once."""
        self._notes.tell(error)


def _plan_words(plan: InstallPlan) -> str:
    return (
        f"The engine vLLM is not installed yet. It is built for the {plan.kind.value} of this computer, downloads "
        f"about {disk_words(plan.download_bytes)} once and takes about {disk_words(plan.kept_bytes)} in {plan.folder} "
        f"({disk_words(plan.free_bytes)} are free; {disk_words(plan.disk_bytes)} are needed for a while). "
        f"It comes from {plan.sources}. {plan.note}".rstrip()
    )
