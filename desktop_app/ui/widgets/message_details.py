"""How an answer came about: names and values in a frame, when somebody asks."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from desktop_app.ui.widgets.basics import label
from desktop_app.ui.widgets.looks import Looks

_PADDING = 12
_ROW_GAP = 4
_COLUMN_GAP = 16
_NAMES_SHARE = 0.4
"""Of the width, the most that the names take."""


class Details(QFrame):
    """Rows of a name and a value; the values can be selected."""

    def __init__(self, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "details")
        self.setAccessibleName("Details of the answer")
        self._looks = looks
        self._shown: Sequence[tuple[str, str]] = ()
        self._rows: list[tuple[QLabel, QLabel]] = []

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these names and values."""
        if rows == self._shown:
            return
        self._shown = rows
        for pair in self._rows:
            for one in pair:
                one.hide()
                one.deleteLater()
        self._rows = [(label(name, "second", wrap=True), label(value, wrap=True)) for name, value in rows]
        for name, value in self._rows:
            value.setAccessibleName(f"{name.text()}: {value.text()}")
            for one in (name, value):
                one.setFont(self._looks.body)
                one.setParent(self)
                one.show()

    def set_looks(self, looks: Looks) -> None:
        """Write in another font."""
        self._looks = looks
        for pair in self._rows:
            for one in pair:
                one.setFont(looks.body)

    def arrange(self, width: int) -> int:
        """Place the rows in *width* pixels; the height that they take."""
        inner = width - 2 * _PADDING
        widest = max((name.fontMetrics().horizontalAdvance(name.text()) + 2 for name, _ in self._rows), default=0)
        names = min(widest, int(inner * _NAMES_SHARE))
        values = inner - names - _COLUMN_GAP
        top = _PADDING
        for name, value in self._rows:
            height = max(name.heightForWidth(names), value.heightForWidth(values))
            name.setGeometry(_PADDING, top, names, name.heightForWidth(names))
            value.setGeometry(_PADDING + names + _COLUMN_GAP, top, values, value.heightForWidth(values))
            top += height + _ROW_GAP
        return top - _ROW_GAP + _PADDING
