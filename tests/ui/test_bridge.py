"""The bridge: watching ends with the widget, and a failing verb is heard of."""

import asyncio
import gc
import weakref
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app.domain.observable import Observable
from desktop_app.services.tasks import Tasks
from desktop_app.ui.bridge import Bridge
from tests.conftest import reach
from tests.ui.hands import child


def ignore(_name: str, _error: BaseException) -> None:
    pass


def test_watching_ends_with_the_widget(qapp: QApplication) -> None:
    numbers, heard = Observable(1), list[int]()
    owner = QObject()
    Bridge(Tasks(ignore)).watch(owner, numbers, heard.append)
    numbers.set(2)
    owner.deleteLater()
    qapp.sendPostedEvents(owner, QEvent.Type.DeferredDelete)
    numbers.set(3)
    assert heard == [1, 2]


def test_a_verb_that_fails_is_heard_of(qapp: QApplication) -> None:
    failures: list[str] = []

    async def fail() -> None:
        raise RuntimeError("a fault")

    async def story() -> None:
        Bridge(Tasks(lambda name, error: failures.append(f"{name}: {error}"))).start("verb", fail())
        await reach(lambda: failures, "the failure")

    with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
        runner.run(story())
    assert failures == ["verb: a fault"]


class Answer:
    """Something large that was asked for."""


def test_what_was_asked_is_not_kept_by_who_asked(qapp: QApplication) -> None:
    told: list[weakref.ref[Answer]] = []

    async def answer() -> Answer:
        return Answer()

    async def story() -> None:
        owner = QObject()
        Bridge(Tasks(ignore)).ask(owner, "answer", answer(), lambda found: told.append(weakref.ref(found)))
        await reach(lambda: told, "the answer")
        await asyncio.sleep(0)
        gc.collect()
        assert told[0]() is None
        owner.deleteLater()
        qapp.sendPostedEvents(owner, QEvent.Type.DeferredDelete)

    with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
        runner.run(story())


def test_who_is_gone_is_told_nothing(qapp: QApplication) -> None:
    told: list[int] = []
    go_on = asyncio.Event()

    async def answer() -> int:
        await go_on.wait()
        return 1

    async def story() -> None:
        owner, tasks = QObject(), Tasks(ignore)
        Bridge(tasks).ask(owner, "answer", answer(), told.append)
        await asyncio.sleep(0)
        owner.deleteLater()
        qapp.sendPostedEvents(owner, QEvent.Type.DeferredDelete)
        go_on.set()
        await reach(lambda: not tasks.names, "the end of the verb")
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
        runner.run(story())
    assert told == []


def test_a_folder_is_chosen_without_a_loop_of_its_own(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen: list[Path] = []
    Bridge.choose_folder(parent, "Choose a folder", chosen.append)
    dialog = child(parent, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    qtbot.waitUntil(lambda: not parent.findChildren(QFileDialog))
    assert chosen == [tmp_path]
