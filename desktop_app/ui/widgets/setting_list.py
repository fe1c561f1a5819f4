"""The settings of one group, or those that match a search. Rows are made when they are first shown, some at a time."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.domain.flags import Field, FieldGroup
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, card, label
from desktop_app.ui.widgets.setting_row import SettingRow

_BATCH = 12
"""Rows made at once: more than a window shows, made in some 30 ms."""


def matching(fields: Sequence[Field], text: str) -> list[Field]:
    """The fields that have every word of *text* in their name or description; those with it in the name first."""
    words = text.replace("_", "-").lower().split()
    found = [field for field in fields if all(word in _all_words(field) for word in words)]
    return sorted(found, key=lambda field: not all(word in _name(field) for word in words))


def _name(field: Field) -> str:
    return f"{field.flag} {field.title}".lower()


def _all_words(field: Field) -> str:
    return f"{field.flag} {field.title} {field.words} {field.group.value}".lower()


class RowBatch(QWidget):
    """Rows below one another, as high as they need to be at the width they are given.

    Without it the whole list asks every row anew for its height whenever one is added: 0.4 s with 300 of them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)

    def hasHeightForWidth(self) -> bool:
        """Its height is fixed whenever the width changes."""
        return False

    def minimumSizeHint(self) -> QSize:
        """Any width."""
        return QSize(1, 1)

    def event(self, event: QEvent) -> bool:
        """A row became higher or lower."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The words are broken anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(1, self.column.heightForWidth(self.width())))


class SettingList(QWidget):
    """Draws fields as rows.

    Args:
        theme: colours and fonts.
        before: the widget that the Tab key leaves towards the first row.
        parent: the widget that it stands in.
    """

    chosen = Signal(str, object)
    """A flag, and what a person chose for it."""

    def __init__(self, theme: Theme, before: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._before = before
        self._fields: tuple[Field, ...] = ()
        self._group = FieldGroup.SIMPLE
        self._text = ""
        self._limit = _BATCH
        self._rows: dict[str, SettingRow] = {}
        self._batches: list[RowBatch] = []
        self._last_stop = before
        self._frame = card()
        self._column = QVBoxLayout(self._frame)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        self._nothing = label(role="second", wrap=True)
        self._more = button("", self._on_more_clicked)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(12)
        outside.addWidget(self._frame)
        outside.addWidget(self._nothing)
        outside.addWidget(self._more, 0, Qt.AlignmentFlag.AlignHCenter)

    @property
    def count(self) -> int:
        """How many settings the group or the search has, rows made or not."""
        return len(self._wanted())

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show the present values; rows are made anew only where the engine offers other settings than before."""
        before = {field.flag: field for field in self._fields}
        self._fields = fields
        for field in fields:
            row = self._rows.get(field.flag)
            old = before.get(field.flag)
            if row is None or old is None or old == field:
                continue
            if _same_shape(old, field):
                row.show_field(field)
            else:
                self._clear()
        self._fill()

    def show_group(self, group: FieldGroup) -> None:
        """Show one group, from its beginning."""
        self._group, self._text, self._limit = group, "", _BATCH
        self._fill()

    def search(self, text: str) -> None:
        """Show what matches *text*, of all groups."""
        self._text, self._limit = text.strip(), _BATCH
        self._fill()

    def more(self) -> None:
        """Show the next rows, if there are more."""
        if self._limit < self.count:
            self._limit += _BATCH
            self._fill()

    def _wanted(self) -> list[Field]:
        if self._text:
            return matching(self._fields, self._text)
        return [field for field in self._fields if field.group is self._group]

    def _fill(self) -> None:
        wanted = self._wanted()
        shown = wanted[: self._limit]
        rest = len(wanted) - len(shown)
        self._more.setVisible(rest > 0)
        words = f"Show {min(rest, _BATCH)} more of {rest}"
        self._more.setText(words)
        self._more.setAccessibleName(words)
        self._frame.setVisible(bool(shown))
        self._nothing.setVisible(not shown)
        self._nothing.setText(self._nothing_words())
        flags = [field.flag for field in shown]
        if list(self._rows) != flags[: len(self._rows)]:
            self._clear()
        if len(self._rows) < len(shown):
            self._add(shown[len(self._rows) :])

    def _nothing_words(self) -> str:
        if not self._fields:
            return "Which settings this engine has is not known. Its command can be changed all the same."
        return f"No setting matches “{self._text}”." if self._text else "This engine has none of these."

    def _clear(self) -> None:
        for batch in self._batches:
            batch.hide()
            batch.deleteLater()
        self._batches, self._rows = [], {}
        self._last_stop = self._before

    def _add(self, fields: list[Field]) -> None:
        """Rows at the end. They come to the screen as one: each that is shown alone has everything laid out again."""
        batch = RowBatch()
        first = not self._rows
        stops: list[QWidget] = []
        for field in fields:
            row = SettingRow(self._theme, field)
            row.set_first(first)
            row.chosen.connect(self.chosen)
            batch.column.addWidget(row)
            self._rows[field.flag] = row
            stops += row.stops
            first = False
        self._batches.append(batch)
        self._column.addWidget(batch)
        batch.show()
        for stop in (*stops, self._more):
            QWidget.setTabOrder(self._last_stop, stop)
            self._last_stop = stop
        self._last_stop = stops[-1]

    def _on_more_clicked(self) -> None:
        before = len(self._rows)
        self.more()
        row = list(self._rows.values())[before]
        row.stops[0].setFocus(Qt.FocusReason.TabFocusReason)


def _same_shape(one: Field, other: Field) -> bool:
    """Whether the same widgets can show both."""
    return (one.title, one.words, one.kind, one.default, one.choices) == (
        other.title,
        other.words,
        other.kind,
        other.default,
        other.choices,
    )
