"""The servers elsewhere that were entered: which models they offer, and connecting, asking again, forgetting."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QVBoxLayout, QWidget

from desktop_app.services.servers import KnownServer, ServersState
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label, plain, set_property, surface, tip
from desktop_app.ui.widgets.flow import Flow

_NAME_WIDTH = 220


class ServerRow(QWidget):
    """Draws one `KnownServer`."""

    connect_asked = Signal(str)
    """The model that was chosen."""
    refresh_asked = Signal()
    forget_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ElidedLabel()
        self._about = ElidedLabel(role="second")
        self._warning = label(wrap=True)
        self._chosen = ""
        self._names: list[str] = []
        self._models = QPushButton()
        self._models.setCursor(Qt.CursorShape.PointingHandCursor)
        self._menu = QMenu(self._models)
        self._models.setMenu(self._menu)
        self._connect = button("Connect", lambda: self.connect_asked.emit(self._chosen))
        self._refresh = button("Ask for its models", self.refresh_asked.emit)
        self._forget = button("Forget", self.forget_asked.emit)
        row = Flow()
        for one in (self._models, self._connect, self._refresh, self._forget):
            row.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(8)
        for part in (self._name, self._about, self._warning):
            column.addWidget(part)
        column.addLayout(row)

    def show_server(self, known: KnownServer, checking: str) -> None:
        """Draw *known*; *checking* is the address that is being asked right now, if any."""
        self._name.setText(known.server.name)
        asked = checking == known.server.url
        self._about.setText(f"{known.server.url} · {'asking…' if asked else _about(known)}")
        self._warning.setText(known.warning)
        self._warning.setVisible(bool(known.warning))
        set_property(self._warning, "tone", "bad")
        names = [model.id for model in known.models] or [known.server.model] * bool(known.server.model)
        if names != self._names:
            self._fill_menu(names)
            self._choose(known.server.model if known.server.model in names else "".join(names[:1]))
        self._models.setVisible(bool(names))
        self._connect.setVisible(bool(names))
        self._refresh.setEnabled(not checking)
        self.setAccessibleName(known.server.name)
        self.setAccessibleDescription(f"{self._about.text()} {known.warning}".strip())

    def _fill_menu(self, names: list[str]) -> None:
        self._names = names
        self._menu.clear()
        for name in names:
            self._menu.addAction(plain(name)).triggered.connect(lambda _=False, one=name: self._choose(one))

    def _choose(self, name: str) -> None:
        self._chosen = name
        shown = self._models.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH)
        self._models.setText(f"{plain(shown)}  ▾")
        self._models.setToolTip(tip(name))
        self._models.setAccessibleName(f"Choose a model; chosen: {name}")


class ServerList(QWidget):
    """Draws all of them in one card; signals carry the address of one."""

    connect_asked = Signal(str, str)
    """Address and model."""
    refresh_asked = Signal(str)
    forget_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, ServerRow] = {}
        frame = card()
        self._column = QVBoxLayout(frame)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)

    def show_state(self, state: ServersState) -> None:
        """Draw the servers of *state*; nothing at all when there is none."""
        self.setVisible(bool(state.servers))
        urls = [known.server.url for known in state.servers]
        if urls != list(self._rows):
            self._make_rows(urls)
        for known in state.servers:
            self._rows[known.server.url].show_server(known, state.checking)

    def _make_rows(self, urls: Sequence[str]) -> None:
        while item := self._column.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._rows = {url: self._make_row(url) for url in urls}
        for place, row in enumerate(self._rows.values()):
            if place:
                line = surface("strip")
                line.setFixedHeight(1)
                self._column.addWidget(line)
            self._column.addWidget(row)

    def _make_row(self, url: str) -> ServerRow:
        row = ServerRow()
        row.connect_asked.connect(partial(self.connect_asked.emit, url))
        row.refresh_asked.connect(partial(self.refresh_asked.emit, url))
        row.forget_asked.connect(partial(self.forget_asked.emit, url))
        return row


def _about(known: KnownServer) -> str:
    if known.models:
        return "1 model" if len(known.models) == 1 else f"{len(known.models)} models"
    return "with a key" if known.has_key else "without a key"
