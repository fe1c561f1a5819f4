"""Draws hostile answers in a window of its own: `python -m tests.markdown.hostile_child TRAP FIFO MARK [NAME…]`.

Between two tries to open MARK (which does not exist) it does nothing else, so that whoever traces its system calls sees
what drawing does. Prints a line of JSON for each text: its name and the longest turn, milliseconds of the processor.
"""

import gc
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from time import thread_time

from PySide6.QtCore import QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.paths import resources
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets import maths_layout
from desktop_app.ui.widgets.answer_body import AnswerBody
from desktop_app.ui.widgets.looks import Looks, looks_of
from desktop_app.ui.widgets.message_body import FIRST_SLICE, SLICE
from desktop_app.ui.widgets.warm_up import warm_up
from tests.markdown.hostile import hostile

_WIDTH = 660


def longest_turn(application: QApplication, looks: Looks, parts: list[str]) -> float:
    """Draw an answer that comes in these parts; the longest turn, milliseconds."""
    window = QWidget()
    window.resize(_WIDTH + 40, 900)
    body = AnswerBody(looks, window)
    window.show()
    turns = [_turn(application, window, body, part, final=False) for part in parts]
    turns.append(_turn(application, window, body, "", final=True))
    while not looks.formulas.settled:
        begin = thread_time()
        QTest.qWait(1)
        turns.append(thread_time() - begin)
    turns.append(_turn(application, window, body, "", final=False))
    window.close()
    window.deleteLater()
    application.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    # What one text leaves behind is not to be counted against the next.
    gc.collect()
    return max(turns) * 1000


def _turn(application: QApplication, window: QWidget, body: AnswerBody, part: str, *, final: bool) -> float:
    begin = thread_time()
    body.feed(part)
    if final:
        body.finish()
    height = body.arrange(_WIDTH)
    body.setGeometry(20, min(0, 900 - height), _WIDTH, height)
    application.sendPostedEvents()
    window.repaint()
    return thread_time() - begin


def _slices(text: str) -> list[str]:
    return [text[i : i + SLICE] for i in range(0, len(text), SLICE)]


def _mark(path: str) -> None:
    with suppress(FileNotFoundError):
        os.close(os.open(path, os.O_RDONLY))


def main(trap: str, fifo: str, mark: str, most: int) -> None:
    """Draw all of them, *most* characters of each, as they stream in and as history."""
    application = QApplication([])
    theme = Theme(application, resources(), Appearance.LIGHT)
    warm_up().join()
    maths_layout.warm_up()
    longest_turn(
        application, looks_of(theme), ["# a **b** `c` $x^2$ 日本語 עברית 👩‍👩‍👧‍👦\n\n```python\nx\n```\n\n- ☐ d\n"]
    )
    _mark(mark)
    for name, text in hostile(Path(trap), Path(fifo)).items():
        part = text[:most]
        stream = longest_turn(application, looks_of(theme), _slices(part))
        history = longest_turn(application, looks_of(theme), [part[:FIRST_SLICE], *_slices(part[FIRST_SLICE:])])
        print(json.dumps({"name": name, "stream": round(stream, 1), "history": round(history, 1)}), flush=True)
    _mark(mark)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
