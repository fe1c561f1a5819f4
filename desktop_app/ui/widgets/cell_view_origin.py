"""How an answer came about, row by row: sampling, order, engine, the files of its model. `cell_view` folds it."""

import json
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.answer_words import details
from desktop_app.domain.experiment import Cell, Provenance
from desktop_app.domain.units import memory_words
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, tip
from desktop_app.ui.widgets.message_view import put_away
from desktop_app.ui.widgets.text_view import safe_to_paste

_HASH = 12
"""Characters of a hash that are shown; they tell files apart, and nobody compares more by eye."""
_FILES = 40
"""Files that get a row; a sharded model has hundreds."""
_SAID_MS = 1500

_AT_TOP = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft

Rows = Sequence[tuple[str, str]]


class HashButton(QPushButton):
    """The beginning of a hash; the whole of it is the tooltip, and a click copies it."""

    def __init__(self, theme: Theme, name: str, value: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = value
        self._said = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._said.timeout.connect(self._show_value)
        self.setProperty("role", "flag")
        self.setFont(theme.mono_font(9))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tip(f"{value}\nCopy it"))
        self.setAccessibleName(f"{name}: {value}. Copy it")
        self.clicked.connect(self._on_clicked)
        self._show_value()

    def _show_value(self) -> None:
        self.setText(f"{self._value[:_HASH]}…" if len(self._value) > _HASH else self._value)

    def _on_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._value)
        self.setText("Copied")
        self._said.start()


class Origin(QWidget):
    """Draws where an answer comes from; rows are made while somebody looks at them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cell: Cell | None = None
        self._provenance: Provenance | None = None
        self._open = False
        self._inside: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._copy = button("Copy all of it", self._on_copy_clicked, "inline")
        self._column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)

    def show_origin(self, cell: Cell, provenance: Provenance | None) -> None:
        """Show how *cell* came about."""
        # While words come, nothing of this changes but their number.
        same = self._cell is not None and _still(self._cell) == _still(cell) and self._provenance == provenance
        self._cell, self._provenance = cell, provenance
        if not same:
            self._draw()

    def set_open(self, opened: bool) -> None:
        """Whether somebody looks at it."""
        self._open = opened
        self._draw()

    def _draw(self) -> None:
        put_away(self._inside)
        self._inside = None
        if not self._open or self._cell is None:
            return
        self._inside = QWidget()
        grid = QGridLayout(self._inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for number, (name, value) in enumerate(self._rows()):
            grid.addWidget(_name(name), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, number, 1, _AT_TOP if isinstance(value, HashButton) else Qt.AlignmentFlag(0))
        self._column.insertWidget(0, self._inside)
        self._inside.show()

    def _rows(self) -> list[tuple[str, QWidget]]:
        made: list[tuple[str, QWidget]] = [(name, _value(value)) for name, value in self._texts()]
        known = self._provenance or Provenance()
        hashes = [("Chat template", known.template)] if known.template else []
        hashes += [(safe_to_paste(name), value) for name, value in known.files[:_FILES]]
        made += [(name, HashButton(self._theme, name, value)) for name, value in hashes]
        left = len(known.files) - _FILES
        return [*made, *([("Files", _value(f"and {left:,} more"))] if left > 0 else [])]

    def _texts(self) -> Rows:
        cell, known = self._cell, self._provenance or Provenance()
        if cell is None:
            return ()
        here = dict(details(cell.answer))
        rows = (
            ("Model", known.model or here.pop("Model", "")),
            ("Address", known.address),
            ("Revision", known.revision or here.get("Revision", "")),
            ("Engine", known.engine or here.get("Engine", "")),
            ("Engine's options", " ".join(known.arguments)),
            ("Computer", known.hardware),
            ("This program", known.program),
            ("Asked as number", f"{cell.order:,} of this experiment" if cell.order else ""),
            ("Beside it", _beside(cell) if cell.order else ""),
            ("Memory of its engine", memory_words(cell.memory) if cell.memory else ""),
        )
        of_answer = [(name, value) for name, value in here.items() if name not in ("Model", "Revision", "Engine")]
        return [(name, safe_to_paste(value)) for name, value in (*rows, *of_answer) if value]

    def _on_copy_clicked(self) -> None:
        """As JSON, with whole hashes."""
        known = self._provenance.as_json() if self._provenance else {}
        text = json.dumps({**dict(self._texts()), "provenance": known}, indent=1, ensure_ascii=False)
        QGuiApplication.clipboard().setText(text)


def _still(cell: Cell) -> Cell:
    """The cell without its words."""
    return replace(cell, answer=replace(cell.answer, text="", reasoning=""))


def _beside(cell: Cell) -> str:
    if not cell.beside:
        return "no other answer was being written"
    return (
        "1 other answer was being written" if cell.beside == 1 else f"{cell.beside:,} other answers were being written"
    )


def _name(words: str) -> QLabel:
    made = label(words, "second", wrap=True)
    made.setMinimumWidth(1)
    return made


def _value(words: str) -> QLabel:
    made = label(words, wrap=True)
    made.setMinimumWidth(1)
    made.setAlignment(Qt.AlignmentFlag.AlignTop)
    return made
