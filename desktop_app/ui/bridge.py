"""Between services and widgets: watching that ends with the widget, verbs that are started, dialogs that are opened.

Widgets have no `async def` and nothing calls `exec()`: a nested event loop inside a coroutine breaks qasync for good.
"""

from asyncio import Task
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.domain.observable import Observable
from desktop_app.services.tasks import Tasks

T = TypeVar("T")


class Bridge:
    """Handed to every page; keeps started coroutines referenced and their failures seen."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    def start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Run a service's verb; an unforeseen exception reaches the program's one error handler."""
        self._tasks.start(work, name=name)

    def ask(self, owner: QObject, name: str, work: Coroutine[Any, Any, T], then: Callable[[T], object]) -> None:
        """Run a service's verb and hand its result to *then*, unless *owner* is gone by then."""
        task = self._tasks.start(work, name=name)

        def tell(done: Task[T]) -> None:
            # What was asked is not kept for as long as whoever asked: an owner may ask ten times a second.
            QObject.disconnect(gone)
            if not done.cancelled() and done.exception() is None:
                then(done.result())

        gone = owner.destroyed.connect(lambda: task.remove_done_callback(tell))
        task.add_done_callback(tell)

    @staticmethod
    def watch(owner: QObject, observable: Observable[T], slot: Callable[[T], None]) -> None:
        """Call *slot* with every value of *observable* for as long as *owner* exists."""
        stop = observable.watch(slot)
        owner.destroyed.connect(stop)

    @staticmethod
    def choose_folder(parent: QWidget, title: str, chosen: Callable[[Path], None]) -> None:
        """Let the person pick a folder; *chosen* is called with it, or nothing is."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.fileSelected.connect(lambda name: chosen(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
