"""The page that shows what the machine and the engine did in the last hour: charts, what they warn of, what it costs.

The main window opens it; `ui/monitor_room` answers what its head asks for. While it is hidden it draws nothing.
"""

from dataclasses import replace
from datetime import datetime
from math import isnan

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QColor, QFont, QHideEvent, QImage, QPainter, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.curves import Chart, Section
from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import GpuSample, Usage
from desktop_app.domain.monitor_history import SPANS, History
from desktop_app.services.monitor import Monitor
from desktop_app.services.monitor_view import MonitorState
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import Scrolled, label, surface
from desktop_app.ui.widgets.card_table import CardTable
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.chart_words import span_name
from desktop_app.ui.widgets.energy_card import EnergyCard
from desktop_app.ui.widgets.focus_chain import put_in_order
from desktop_app.ui.widgets.kv_picture import KvPicture
from desktop_app.ui.widgets.monitor_head import MonitorHead
from desktop_app.ui.widgets.monitor_news import MonitorNews
from desktop_app.ui.widgets.notice import Notice
from desktop_app.ui.widgets.speech import announce
from desktop_app.ui.widgets.tile_grid import TileGrid

_ORDER = (Section.MACHINE, Section.CARDS, Section.ENGINE)
_MARGIN = 24
"""Pixels that are seen above and below a chart that the keyboard comes to."""


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
        self.news = MonitorNews(theme)
        self._notice = Notice(theme, dismissable=True)
        self._said = label(role="second", wrap=True)
        self._kv = KvPicture(theme)
        self._energy = EnergyCard(theme)
        self._cards = CardTable(theme)
        self._headings = {section: label(section.value, role="title") for section in _ORDER}
        self._grids = {section: TileGrid(theme) for section in _ORDER}
        self._explained = TileGrid(theme, most=2)
        """What belongs to the engine and is no curve."""
        self._content = surface("page")
        self._column = QVBoxLayout(self._content)
        self._scroll = Scrolled()
        self._news_height = 0
        """Pixels; what is read stands below them."""
        self._build()
        self._connect()
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring a chart into sight when the keyboard comes to it, from wherever that was."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, ChartView):
            self._scroll.ensureWidgetVisible(watched, 0, _MARGIN)
        return super().eventFilter(watched, event)

    def escape(self) -> bool:
        """End the reading of a moment; False when none is read with the keyboard."""
        return any(view.stop_reading() for view in self._views.values())

    def say(self, words: str) -> None:
        """Tell in words what was done, for ears as well; empty to be silent."""
        self._said.setText(words)
        self._said.setVisible(bool(words))
        if words:
            announce(self._said, words)

    def show_error(self, error: UserError | None) -> None:
        """Tell what went wrong."""
        self._notice.show_error(error)

    def picture(self, now: datetime) -> QImage:
        """All of it as one picture, what is out of sight included; at the top the time, which is *now*."""
        page, space = self._content.grab().toImage(), self._theme.space
        font = self._theme.body_font(10.5, QFont.Weight.DemiBold)
        ratio, high = page.devicePixelRatio(), self._theme.scaled(20) + space.large
        made = QImage(page.width(), page.height() + round(high * ratio), QImage.Format.Format_RGB32)
        made.setDevicePixelRatio(ratio)
        made.fill(QColor(self._theme.tokens.background))
        painter = QPainter(made)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.tokens.text))
        place = QRect(space.huge, space.small, self._content.width(), high - space.small)
        words = f"Monitor · {now:%Y-%m-%d %H:%M} · the last {span_name(self.span)}"
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.drawImage(0, high, page)
        painter.end()
        return made

    # --- drawing -------------------------------------------------------------------------------------------------

    def _on_state_changed(self, state: MonitorState) -> None:
        if self.isVisible():
            self._draw(state)

    def _draw(self, state: MonitorState) -> None:
        before, self._shown = self._shown, state
        self.head.show_door(state.door)
        self.news.show_state(state, _own_use(state, self._monitor.history))
        if before is not None and before.door != state.door:
            # It was asked for in the head, wherever the page was scrolled to.
            self._to_top()
        self._tell_hidden()
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
            gone = self._views.pop(key)
            # A moment that was read in it is read no more, and the keyboard goes on beside it.
            gone.hide()
            gone.deleteLater()
        for chart in charts:
            if chart.key not in self._views:
                view = self._views[chart.key] = ChartView(self._theme)
                view.moment_changed.connect(self._on_moment_changed)
                view.installEventFilter(self)
            self._views[chart.key].show_chart(chart)
        for section in _ORDER:
            here = [self._views[chart.key] for chart in charts if chart.section is section]
            self._grids[section].show_tiles(here)
            # Five times "nothing yet" says no more than the picture of the KV cache does.
            silent = section is Section.ENGINE and all(chart.note for chart in charts if chart.section is section)
            self._grids[section].setVisible(bool(here) and not silent)
            self._headings[section].setVisible(bool(here) or section is Section.ENGINE)
        put_in_order(self._content, self._stops())

    def _stops(self) -> list[QWidget]:
        """What the Tab key comes through, as it stands on the page: charts are made when there is something to draw."""
        stops: list[QWidget] = [self.news]
        for section in _ORDER:
            stops += [self._cards] if section is Section.CARDS else []
            stops += [self._views[chart.key] for chart in self._charts if chart.section is section]
        return stops

    # --- scrolling -----------------------------------------------------------------------------------------------

    def _to_top(self) -> None:
        self._scroll.verticalScrollBar().setValue(0)

    def _tell_hidden(self) -> None:
        """Have the head tell of warnings that are scrolled out of sight."""
        alerts = self._monitor.state.value.alerts
        bottom = self.news.alerts.mapTo(self._content, self.news.alerts.rect().bottomLeft()).y()
        hidden = self._scroll.verticalScrollBar().value() >= bottom
        self.head.show_warnings(len(alerts) if hidden else 0)

    def _on_range_changed(self, _least: int, most: int) -> None:
        """What is read stays where it is when warnings come and go above it; both edges stay those of the head."""
        bar = self._scroll.verticalScrollBar()
        before, self._news_height = self._news_height, self.news.height()
        if bar.value() >= max(1, before):
            bar.setValue(bar.value() + self._news_height - before)
        space = self._theme.space
        right = space.huge - bar.sizeHint().width() if most else space.huge
        self._column.setContentsMargins(space.huge, space.small, right, space.huge)
        self._tell_hidden()

    # --- what people do ------------------------------------------------------------------------------------------

    def _on_door_asked(self, wanted: bool) -> None:
        if not wanted:
            # The button that was pressed goes away; the keyboard would go to who knows where.
            self.head.focus_export()

    def _on_span_chosen(self, span: float) -> None:
        self.span = span
        self.head.show_span(span)
        self._draw_curves(self._monitor.state.value)

    def _on_moment_changed(self, at: object) -> None:
        moment = at if isinstance(at, float) else None
        for view in self._views.values():
            view.show_moment(moment)

    def _connect(self) -> None:
        self.head.span_chosen.connect(self._on_span_chosen)
        self.head.warnings_asked.connect(self._to_top)
        self.news.door_asked.connect(self._on_door_asked)
        self._notice.dismissed.connect(lambda: self._notice.show_error(None))
        bar = self._scroll.verticalScrollBar()
        bar.valueChanged.connect(self._tell_hidden)
        bar.rangeChanged.connect(self._on_range_changed)

    def _build(self) -> None:
        space = self._theme.space
        column = self._column
        column.setContentsMargins(space.huge, space.small, space.huge, space.huge)
        column.setSpacing(space.medium)
        column.addWidget(self.news)
        self._explained.show_tiles((self._kv, self._energy))
        for section in _ORDER:
            self._headings[section].setContentsMargins(0, space.small, 0, 0)
            column.addWidget(self._headings[section])
            if section is Section.CARDS:
                column.addWidget(self._cards)
            if section is Section.ENGINE:
                column.addWidget(self._explained)
            column.addWidget(self._grids[section])
            self._grids[section].setAccessibleName(section.value)
        column.addStretch()
        self._scroll.setWidget(self._content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self._notice)
        whole.addWidget(self._said)
        whole.addWidget(self._scroll, 1)
        self._notice.setContentsMargins(space.huge, 0, space.huge, space.small)
        self._said.setContentsMargins(space.huge, 0, space.huge, space.small)
        self.say("")


def _cards(state: MonitorState) -> tuple[tuple[GpuSample, ...], str]:
    return state.frame.machine.gpus, state.frame.machine.gpu_note


def _own_use(state: MonitorState, history: History) -> Usage:
    """What the program itself uses, on average over the last minute.

    The kernel counts processor time in hundredths of a second: in half a second that is 0 or 2 % and nothing between.
    """
    used = state.frame.machine.program
    known = [value for value in history.line("program.cpu", SPANS[0]).values if not isnan(value)]
    return replace(used, cpu=sum(known) / len(known)) if known else used
