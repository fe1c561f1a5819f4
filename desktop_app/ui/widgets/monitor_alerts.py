"""What Monitor warns of: a line for each warning, with what can be done. The head of Monitor owns one."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.alerts import Alert
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label, set_property
from desktop_app.ui.widgets.composer_chips import Icon

_AT_ONCE = 2
"""Warnings that are shown without being asked for: the charts need the room."""


class _Line(QWidget):
    """One warning."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._title, self._remedy = label(wrap=True), label(wrap=True)
        self._title.setFont(theme.body_font(10.5, theme.body_font().Weight.DemiBold))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._title)
        texts.addWidget(self._remedy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space.small)
        row.addWidget(Icon(theme, "warning", "warn"), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)

    def show_alert(self, alert: Alert) -> None:
        """Show *alert*."""
        self.setAccessibleName(f"Warning: {alert.title}")
        self.setAccessibleDescription(alert.remedy)
        self._title.setText(alert.title)
        self._remedy.setText(alert.remedy)


class AlertStack(QWidget):
    """Shows warnings one below the other, two at once; the rest on demand. Nothing when there is none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._alerts: tuple[Alert, ...] = ()
        self._unfolded = False
        self._lines: list[_Line] = []
        self._frame: QFrame = card("notice")
        set_property(self._frame, "tone", "warn")
        self._more = button("", self._on_more_clicked, "link")
        self._column = QVBoxLayout(self._frame)
        self._column.setContentsMargins(theme.space.medium, theme.space.small, theme.space.medium, theme.space.small)
        self._column.setSpacing(theme.space.small)
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)
        self.setAccessibleName("Warnings")
        self._draw()

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Show these, the first at the top."""
        if tuple(alerts) != self._alerts:
            self._alerts = tuple(alerts)
            self._unfolded = self._unfolded and len(alerts) > _AT_ONCE
            self._draw()

    def _draw(self) -> None:
        while len(self._lines) < len(self._alerts):
            self._lines.append(_Line(self._theme))
            self._column.insertWidget(len(self._lines) - 1, self._lines[-1])
        shown = len(self._alerts) if self._unfolded else _AT_ONCE
        for number, line in enumerate(self._lines):
            if number < len(self._alerts):
                line.show_alert(self._alerts[number])
            line.setVisible(number < min(shown, len(self._alerts)))
        hidden = len(self._alerts) - _AT_ONCE
        words = "Show fewer warnings" if self._unfolded else f"{hidden} more warning{'' if hidden == 1 else 's'}"
        self._more.setText(words)
        self._more.setAccessibleName(words)
        self._more.setVisible(hidden > 0)
        self.setAccessibleDescription(" ".join(alert.title for alert in self._alerts))
        self.setVisible(bool(self._alerts))

    def _on_more_clicked(self) -> None:
        self._unfolded = not self._unfolded
        self._draw()
