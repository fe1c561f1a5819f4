"""A window with thousands of models, used as by a hand in a hurry, and how long the event loop is away.

Run by path as `models_window.py MODELS`; says one line of JSON. A word is typed and taken back letter by letter, chips
are switched, the list is scrolled from its beginning to its end and back by wheel and by page, other models arrive. The
gaps are those of `heartbeat`.
"""

import asyncio
import json
import sys
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.catalog import CatalogModel
from desktop_app.domain.fit import Fit, MemoryParts, Verdict
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.paths import resources
from desktop_app.services.models_view import ModelRow, ModelsState
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.model_list import ModelBrowser, Shelf
from desktop_app.ui.widgets.model_list_view import ModelListView
from tests.benchmarks.heartbeat import act_by_act, let_go, run, turn_wheel
from tests.ui.hands import child

_FRAME_SECONDS = 1 / 60
_KEY_SECONDS = 0.04
"""Between two keys: three frames, quicker than anybody types."""
_WORDS = "chat model qwen 7b for code"
_GIB = 1 << 30


def make_row(number: int) -> ModelRow:
    """One of thousands, unlike its neighbours."""
    family = ("Qwen", "Llama", "Mistral", "Phi", "Gemma", "Falcon")[number % 6]
    spec = ModelSpec(f"owner-{number % 97}/{family}-{number % 40}B-Chat-{number}", weights_bytes=number * 3_000_000)
    verdict = tuple(Verdict)[number * 7 % len(Verdict)]
    parts = MemoryParts(number % 9 * _GIB, _GIB, _GIB, _GIB, 0, 16 * _GIB)
    about = f"A chat model for code, letters and {('music', 'law', 'sums')[number % 3]}, in {number % 30} languages."
    known = CatalogModel(spec, about, "apache-2.0", number % 5 == 0, released=f"20{10 + number % 16}-01")
    return ModelRow(spec.name, spec.name, spec, Fit(verdict, "Because.", parts=parts), known=known)


class Desk:
    """The window, and what a hand does in it."""

    def __init__(self, theme: Theme, models: int) -> None:
        self.browser = ModelBrowser(theme)
        self.browser.resize(1180, 760)
        self.browser.show()
        machine = Machine("A processor", 8, 16 * _GIB, frozenset())
        self._state = ModelsState(machine, discover=tuple(make_row(number) for number in range(models)))
        self.browser.show_state(self._state)
        self.browser.show_shelf(Shelf.DISCOVER)
        self._list = child(self.browser, ModelListView)
        self._search = child(self.browser, QLineEdit)

    async def type(self) -> None:
        """Search, letter by letter, and take it back."""
        for letter in _WORDS:
            QTest.keyClicks(self._search, letter)
            await asyncio.sleep(_KEY_SECONDS)
        for _ in _WORDS:
            QTest.keyClick(self._search, Qt.Key.Key_Backspace)
            await asyncio.sleep(_KEY_SECONDS)

    async def chips(self) -> None:
        """Switch every verdict on and off again."""
        chips = [one for one in self.browser.findChildren(QPushButton) if one.property("role") == "chip"]
        for chip in chips * 2:
            chip.click()
            await asyncio.sleep(_KEY_SECONDS)

    async def scroll(self) -> None:
        """Through all models and back."""
        for one in self.browser.findChildren(QPushButton):
            if one.accessibleName() == "Show all" and one.isVisible():
                one.click()
        bar = self._list.verticalScrollBar()
        for _ in range(120):
            turn_wheel(self._list, -120)
            await asyncio.sleep(_FRAME_SECONDS)
        for step in (bar.pageStep() * 6, -bar.pageStep() * 6):
            while 0 <= bar.value() + step <= bar.maximum():
                bar.setValue(bar.value() + step)
                await asyncio.sleep(_FRAME_SECONDS)

    async def fill(self) -> None:
        """Other models come, as after a search at the Hub or another look at the machine."""
        for number in range(10):
            rows = self._state.discover
            self._state = replace(self._state, discover=(*rows[1:], make_row(10_000 + number)))
            self.browser.show_state(self._state)
            await asyncio.sleep(_KEY_SECONDS * 2)


async def story(app: QApplication, models: int) -> None:
    """Everything once to warm up, then for the record."""
    desk = Desk(Theme(app, resources(), Appearance.LIGHT), models)
    await asyncio.sleep(0.5)
    await desk.type()
    let_go()
    acts = {"type": desk.type, "chips": desk.chips, "scroll": desk.scroll, "fill": desk.fill}
    print(json.dumps(await act_by_act(acts)), flush=True)


if __name__ == "__main__":
    run(partial(story, models=int(sys.argv[1])))
