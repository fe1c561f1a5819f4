"""The page of gauges, and what it asks of the rest: files to be written, an address to be opened and copied.

Made by the main window. Dialogs are made when they are asked for.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.domain.errors import UserError
from desktop_app.services.program import Program
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme

# ruff: noqa: PLC0415 - a page is imported when it is looked at first, so that the window opens sooner
if TYPE_CHECKING:
    from desktop_app.services.monitor_view import MonitorState, Release
    from desktop_app.ui.pages.monitor import MonitorPage


class MonitorRoom(QObject):
    """Shows the gauges and does what they ask for.

    Args:
        window: what dialogs belong to.
        theme: colours and fonts.
        bridge: starts verbs of services.
        program: the services.
        show: puts a page in front; it is added to the window's pages the first time.
    """

    def __init__(
        self, window: QWidget, theme: Theme, bridge: Bridge, program: Program, show: Callable[[QWidget], None]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self._show = show
        self._release: Release | None = None
        """What was told of last."""
        self._tell_release: Callable[[str, str], None] = lambda words, held: None

    @cached_property
    def monitor(self) -> "MonitorPage":
        """The page of gauges."""
        from desktop_app.ui.pages.monitor import MonitorPage

        page = MonitorPage(self._theme, self._bridge, self._program.monitor)
        page.head.csv_asked.connect(self._on_csv_asked)
        page.head.png_asked.connect(self._on_png_asked)
        page.head.dashboard_asked.connect(self._on_dashboard_asked)
        page.head.door_asked.connect(self._on_door_asked)
        page.news.door_asked.connect(self._on_door_asked)
        page.news.copied.connect(self._on_copied)
        return page

    def begin(self, tell: Callable[[str, str], None]) -> None:
        """From now on tell what is measured after a stop, in words, and in short who holds memory; empty: nothing."""
        self._tell_release = tell
        self._bridge.watch(self, self._program.monitor.state, self._on_state_changed)

    def is_monitor(self, page: QWidget | None) -> bool:
        """Whether *page* is the page of gauges; none is made for the answer."""
        return page is not None and page is self.__dict__.get("monitor")

    def show_monitor(self) -> None:
        """Show the gauges."""
        self._show(self.monitor)

    def escape(self, page: QWidget) -> bool:
        """Leave what is open on *page*, if it is the page of gauges; False when there is nothing to leave."""
        return self.is_monitor(page) and self.monitor.escape()

    def _on_state_changed(self, state: "MonitorState") -> None:
        release = state.release
        if release is not self._release:
            from desktop_app.ui.widgets.monitor_words import held_words, release_words

            self._release = release
            self._tell_release(release_words(release) if release else "", held_words(release) if release else "")

    # --- files ---------------------------------------------------------------------------------------------------

    def _on_csv_asked(self) -> None:
        self._ask_for_file("Write the figures as CSV", f"figures {_now()}.csv", self._csv)

    def _on_png_asked(self) -> None:
        # As it is at this moment: it goes on while a folder is chosen.
        picture = self.monitor.picture(datetime.now())
        self._ask_for_file("Write the charts as a picture", f"monitor {_now()}.png", partial(self._png, picture))

    def _on_dashboard_asked(self) -> None:
        self._ask_for_file("Write the dashboard for Grafana", "vllm-dashboard.json", self._dashboard)

    def _ask_for_file(self, title: str, name: str, write: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self._window, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(name.rpartition(".")[2])
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda file: write(Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _csv(self, file: Path) -> None:
        work = self._program.monitor_files.write_csv(self.monitor.span, file)
        self._bridge.ask(self, "figures", work, lambda error: self._tell(file, error))

    def _png(self, picture: QImage, file: Path) -> None:
        from desktop_app.ui.images import png_bytes

        work = self._program.monitor_files.write_picture(png_bytes(picture), file)
        self._bridge.ask(self, "picture", work, lambda error: self._tell(file, error))

    def _dashboard(self, file: Path) -> None:
        work = self._program.monitor_files.write_dashboard(file)
        self._bridge.ask(self, "dashboard", work, lambda error: self._tell(file, error))

    def _tell(self, file: Path, error: UserError | None) -> None:
        self.monitor.say("" if error else f"Written to {file}.")
        self.monitor.show_error(error)

    # --- the address ---------------------------------------------------------------------------------------------

    def _on_door_asked(self, wanted: bool) -> None:
        monitor = self._program.monitor
        self.monitor.say("")
        self._bridge.start("address for Prometheus", monitor.open_door() if wanted else monitor.close_door())

    def _on_copied(self, address: str) -> None:
        QGuiApplication.clipboard().setText(address)
        self.monitor.say("The address was copied.")


def _now() -> str:
    """For names of files: what was written before is not overwritten by habit. No system forbids these signs."""
    return f"{datetime.now():%Y-%m-%d %H.%M.%S}"
