"""What is known of the chosen model, line by line: size, format, context, licence; and where it lies."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QWidget

from desktop_app.domain.library import Condition, LocalModel, Source
from desktop_app.services.models_view import ModelDetail, ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label, tip
from desktop_app.ui.widgets.fit_bar import unbroken
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_detail_frame import headed
from desktop_app.ui.widgets.model_detail_words import (
    breakable,
    format_words,
    licence,
    parameter_words,
    released_words,
)
from desktop_app.ui.widgets.model_list_words import size

_COMMIT_SIGNS = 12
_TAKE_OFF = "The folder that was added is not listed any more, with all models in it. Its files stay where they are."


class Facts(QWidget):
    """Names at the left, values at the right; lines without a value are left out."""

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[str, tuple[QLabel, QLabel]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(names):
            line = label(name, "second"), label(wrap=True)
            line[0].setAlignment(Qt.AlignmentFlag.AlignTop)
            line[0].setBuddy(line[1])
            self._lines[name] = line
            grid.addWidget(line[0], row, 0)
            grid.addWidget(line[1], row, 1)

    def show_facts(self, facts: dict[str, str]) -> None:
        """Draw what is known."""
        for name, line in self._lines.items():
            text = facts.get(name, "")
            line[1].setText(unbroken(text))
            for one in line:
                one.setVisible(bool(text))


class FactsCard(QWidget):
    """What is known of the model itself."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts = Facts(("Size", "Parameters", "Format", "Experts", "Keeps in mind", "Licence", "Came out"))
        self._note = label(role="second", wrap=True)
        column = headed(self, theme, "About this model")
        column.addWidget(self._facts)
        column.addWidget(self._note)

    def show_detail(self, detail: ModelDetail) -> None:
        """Draw what is known."""
        row, spec = detail.row, detail.row.spec
        self._note.setText(breakable(row.known.note) if row.known else "")
        self._note.setVisible(bool(self._note.text()))
        self._facts.show_facts(
            {
                "Size": size(row).removeprefix("size "),
                "Parameters": parameter_words(spec).replace(" parameters", "", 1),
                "Format": format_words(spec),
                "Experts": f"{spec.experts} in each layer" if spec.experts else "",
                "Keeps in mind": f"up to {spec.context:,} tokens" if spec.context else "",
                "Licence": breakable(licence(row)),
                "Came out": released_words(row),
            }
        )


class PlaceCard(QWidget):
    """Where a model lies on this computer: check its files, copy its path, delete it."""

    verify_clicked = Signal(str)
    """The model's key."""
    stop_check_clicked = Signal()
    delete_clicked = Signal(str)
    """The model's key."""
    take_off_clicked = Signal(object)
    """The model's `Path`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: ModelRow | None = None
        self._facts = Facts(("Folder", "Takes", "Revision"))
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the check")
        self._note = label(wrap=True)
        self._verify = button("Check its files", self._on_verify_clicked)
        self._stop = button("Stop checking", self.stop_check_clicked.emit)
        self._copy = button("Copy path", self._on_copy_clicked)
        self._delete = button("Delete…", self._on_delete_clicked, "danger")
        row = Flow()
        self._take_off = button("Take off the list", self._on_take_off_clicked)
        self._take_off.setToolTip(tip(_TAKE_OFF))
        self._take_off.setAccessibleDescription(_TAKE_OFF)
        for one in (self._verify, self._stop, self._copy, self._take_off, self._delete):
            row.addWidget(one)
        column = headed(self, theme, "On the disk")
        for part in (self._facts, self._bar, self._note):
            column.addWidget(part)
        column.addLayout(row)

    def show_detail(self, detail: ModelDetail) -> None:
        """Draw where it lies; nothing for a model that is not on this computer."""
        self._row, local, checking = detail.row, detail.row.local, detail.checking
        self.setVisible(local is not None)
        if local is None:
            return
        self._facts.show_facts(_place_facts(detail.row, local))
        self._bar.setVisible(checking is not None)
        self._bar.setValue(int(1000 * (checking or 0.0)))
        self._note.setText(f"{100 * checking:.0f} % of its bytes compared." if checking is not None else detail.note)
        self._note.setVisible(bool(self._note.text()))
        self._verify.setVisible(checking is None and local.condition is not Condition.UNFINISHED)
        self._stop.setVisible(checking is not None)
        self._take_off.setVisible(local.source is Source.ADDED and checking is None)
        self._delete.setVisible(local.source in {Source.OURS, Source.CACHE} and checking is None)

    def _on_verify_clicked(self) -> None:
        if self._row is not None:
            self.verify_clicked.emit(self._row.key)

    def _on_delete_clicked(self) -> None:
        if self._row is not None:
            self.delete_clicked.emit(self._row.key)

    def _on_take_off_clicked(self) -> None:
        if self._row is not None and self._row.local is not None:
            self.take_off_clicked.emit(self._row.local.ref.folder)

    def _on_copy_clicked(self) -> None:
        if self._row is not None and self._row.local is not None:
            QGuiApplication.clipboard().setText(str(self._row.local.ref.folder))


def _place_facts(row: ModelRow, local: LocalModel) -> dict[str, str]:
    return {
        "Folder": breakable(str(local.ref.folder)),
        "Takes": size(row),
        "Revision": local.commit[:_COMMIT_SIGNS],
    }
