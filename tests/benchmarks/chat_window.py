"""The real program with an engine that is ready, asked again and again; run by path as `chat_window.py DATA FOLDER`.

Says `ready` when the model in FOLDER is. Then, for each line on standard input: `chat` asks in a new conversation, as
a person would, and says `chat COMPLETE DRAWN CPU CHARACTERS`; `client` only reads the answer and says `client COMPLETE
CHUNKS`. Times are nanoseconds from the question on: until the answer was complete in the services, until the
transcript had drawn all of it, and the processor time of the process until then.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from desktop_app import bootstrap
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.chat import Message, Role
from desktop_app.domain.launch import ModelRef
from desktop_app.paths import Paths
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow

_LOOK_SECONDS = 0.002
"""Between two looks at whether all is drawn."""


class Asker:
    """Asks one program."""

    def __init__(self, program: Program, window: MainWindow, question: str) -> None:
        self._program = program
        self._question = question
        self._transcript = window.chat.transcript

    async def chat(self) -> tuple[int, ...]:
        """One question in a new conversation."""
        conversations = self._program.conversations
        conversations.new()
        await self._rest()
        start, cpu = time.perf_counter_ns(), time.process_time_ns()
        await conversations.send(self._question)
        complete = time.perf_counter_ns() - start
        await self._rest()
        text = conversations.state.value.messages[-1].text
        return complete, time.perf_counter_ns() - start, time.process_time_ns() - cpu, len(text)

    async def client(self) -> tuple[int, ...]:
        """The same question to the client alone."""
        endpoint = self._program.serving.endpoint
        assert endpoint
        start, count = time.perf_counter_ns(), 0
        async for batch in endpoint.stream_chat((Message(1, Role.USER, self._question),)):
            count += len(batch)
        return time.perf_counter_ns() - start, count

    async def _rest(self) -> None:
        """Until nothing is left to be drawn."""
        while self._busy():  # noqa: ASYNC110 - the product tells nobody that it has drawn
            await asyncio.sleep(_LOOK_SECONDS)

    def _busy(self) -> bool:
        transcript = self._transcript
        return not transcript._pump.idle or any(row.changed for row in transcript._rows.realised)


async def story(app: QApplication, data: Path, model: Path, question: str) -> None:
    """Open, start the engine, answer the parent, close."""
    paths = Paths(data)
    program = bootstrap.build(paths)
    window = bootstrap.make_window(app, program, Appearance.LIGHT)
    window.show_first_page()
    window.show()
    await bootstrap.open_window(program, window, keep_appearance=True)
    assert await program.serving.start(ModelRef(model.name, model))
    asker = Asker(program, window, question)
    verbs: dict[str, Callable[[], object]] = {"chat": asker.chat, "client": asker.client}
    print("ready", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        result = await verbs[line]()  # type: ignore[misc]  # both are coroutine functions
        print(line, *result, flush=True)
    window.close()
    await program.close()


def main(argv: list[str]) -> None:
    """Run under the program's own kind of event loop."""
    app = QApplication(["vllm-desktop"])
    app.setQuitOnLastWindowClosed(False)
    with QEventLoop(app) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(story(app, Path(argv[1]), Path(argv[2]), argv[3]))


if __name__ == "__main__":
    main(sys.argv)
