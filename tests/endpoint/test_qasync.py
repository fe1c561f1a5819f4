"""The same wire on the window's event loop, in a program of its own: plain sockets are what qasync could get wrong."""

import asyncio
import os
import sys
from pathlib import Path

from tests.endpoint.running import running

CODE = """
import asyncio, sys
from contextlib import aclosing
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from qasync import QEventLoop
from desktop_app.domain.chat import Message, Role
from desktop_app.endpoint.client import Endpoint

async def main() -> None:
    endpoint = Endpoint(Path(sys.argv[1]), "tiny")
    question = [Message(1, Role.USER, "Why?")]
    count = 0
    async with aclosing(endpoint.stream_chat(question)) as batches:
        async for batch in batches:
            count += sum(bool(delta.text) for delta in batch)
    print(count, (await endpoint.metrics()).generated_tokens)
    batches = endpoint.stream_chat(question)
    await anext(batches)
    await batches.aclose()
    while (await endpoint.metrics()).running:
        await asyncio.sleep(0.01)
    print("idle")
    await endpoint.close()

with QEventLoop(QCoreApplication([])) as loop:
    loop.run_until_complete(main())
"""


async def test_stream_close_and_figures_under_qasync(tmp_path: Path) -> None:
    async with running(tmp_path, chunk="x ", tokens=3000, max_model_len=10_000) as engine:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", CODE, str(engine.socket)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )
        out, err = await child.communicate()
    assert (out.decode().split(), err.decode()) == (["3000", "3000.0", "idle"], "")
