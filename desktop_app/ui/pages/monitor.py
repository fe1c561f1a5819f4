"""The page that shows what the machine and the engine did in the last hour: charts, what they warn of, what it costs.

The main window opens it; `ui/monitor_room` answers what its head asks for. While it is hidden it draws nothing.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.curves import Chart, Section
from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import GpuSample
from desktop_app.domain.monitor_history import SPANS
from desktop_app.services.monitor import Monitor
from desktop_app.services.monitor_view import MonitorState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, label, surface
from desktop_app.ui.widgets.card_table import CardTable
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.energy_card import EnergyCard
from desktop_app.ui.widgets.kv_picture import KvPicture
from desktop_app.ui.widgets.monitor_head import MonitorHead
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.tile_grid import TileGrid

_ORDER = (Section.MACHINE, Section.CARDS, Section.ENGINE)


class MonitorPage(QWidget):
    """Draws `MonitorState` and the curves of `Monitor.history`.

    Args:
        theme: colours and fonts.
        bridge: watches services.
        monitor: what is drawn.
    """

    def __init__(self, theme: Theme, bridge: Bridge, monitor: Monitor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName("Monitor")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._monitor = monitor
        self.span = SPANS[1]
        """What the charts show, seconds until now."""
        self._shown: MonitorState | None = None
        """What was drawn last; None while nothing is."""
        self._charts: tuple[Chart, ...] = ()
        self._views: dict[str, ChartView] = {}
        self.head = MonitorHead(theme)
        self.head.show_span(self.span)
        self._notice = Notice(theme, dismissable=True)
        self._said = label(role="second", wrap=True)
        self._kv = KvPicture(theme)
        self._energy = EnergyCard(theme)
        self._cards = CardTable(theme)
        self._headings = {section: label(section.value, role="heading") for section in _ORDER}
        self._grids = {section: TileGrid(theme) for section in _ORDER}
        self._explained = TileGrid(theme, most=2)
        """What belongs to the engine and is no curve."""
        self._content = surface("page")
        self._build()
        self.head.span_chosen.connect(self._on_span_chosen)
        self._notice.dismissed.connect(lambda: self._notice.show_error(None))
        bridge.watch(self, monitor.state, self._on_state_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what happened meanwhile."""
        super().showEvent(event)
        self._draw(self._monitor.state.value)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hidden, it costs nothing; what was said is read by now."""
        super().hideEvent(event)
        self._shown = None
        self.say("")

    def say(self, words: str) -> None:
        """Tell in words what was done; empty to be silent."""
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def show_error(self, error: UserError | None) -> None:
        """Tell what went wrong."""
        self._notice.show_error(error)

    def picture(self) -> QImage:
        """All of it as one picture, what is out of sight included."""
        return self._content.grab().toImage()

    # --- drawing -------------------------------------------------------------------------------------------------

    def _on_state_changed(self, state: MonitorState) -> None:
        if self.isVisible():
            self._draw(state)

    def _draw(self, state: MonitorState) -> None:
        before, self._shown = self._shown, state
        self.head.show_state(state)
        if state.charts != self._charts:
            self._take_charts(state.charts)
        if before is None or before.kv != state.kv:
            self._kv.show_kv(state.kv)
        if before is None or before.energy != state.energy:
            self._energy.show_energy(state.energy)
        machine = state.frame.machine
        self._cards.setVisible(bool(machine.gpus or machine.gpu_note))
        if before is None or _cards(before) != _cards(state):
            self._cards.show_cards(machine.gpus, machine.gpu_note)
        self._draw_curves(state)

    def _draw_curves(self, state: MonitorState) -> None:
        for view in self._views.values():
            view.draw(self._monitor.history, self.span, state.marks, state.frame.machine.at)

    def _take_charts(self, charts: tuple[Chart, ...]) -> None:
        """Have a view for each chart; those that stay keep theirs."""
        self._charts = charts
        wanted = {chart.key for chart in charts}
        for key in [key for key in self._views if key not in wanted]:
            self._views.pop(key).deleteLater()
        for chart in charts:
            if chart.key not in self._views:
                view = self._views[chart.key] = ChartView(self._theme)
                view.moment_changed.connect(self._on_moment_changed)
            self._views[chart.key].show_chart(chart)
        for section in _ORDER:
            here = [self._views[chart.key] for chart in charts if chart.section is section]
            self._grids[section].show_tiles(here)
            # Five times "nothing yet" says no more than the picture of the KV cache does.
            silent = section is Section.ENGINE and all(chart.note for chart in charts if chart.section is section)
            self._grids[section].setVisible(bool(here) and not silent)
            self._headings[section].setVisible(bool(here) or section is Section.ENGINE)

    # --- what people do ------------------------------------------------------------------------------------------

    def _on_span_chosen(self, span: float) -> None:
        self.span = span
        self.head.show_span(span)
        self._draw_curves(self._monitor.state.value)

    def _on_moment_changed(self, at: object) -> None:
        moment = at if isinstance(at, float) else None
        for view in self._views.values():
            view.show_moment(moment)

    def _build(self) -> None:
        space = self._theme.space
        column = QVBoxLayout(self._content)
        column.setContentsMargins(space.huge, space.small, space.huge, space.huge)
        column.setSpacing(space.medium)
        self._explained.show_tiles((self._kv, self._energy))
        for section in _ORDER:
            column.addWidget(self._headings[section])
            if section is Section.CARDS:
                column.addWidget(self._cards)
            if section is Section.ENGINE:
                column.addWidget(self._explained)
            column.addWidget(self._grids[section])
        column.addStretch()
        scrolled = Scrolled()
        scrolled.setWidget(self._content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self._notice)
        whole.addWidget(self._said)
        whole.addWidget(scrolled, 1)
        self._said.setContentsMargins(space.huge, 0, space.huge, space.small)
        self.say("")


def _cards(state: MonitorState) -> tuple[tuple[GpuSample, ...], str]:
    return state.frame.machine.gpus, state.frame.machine.gpu_note
