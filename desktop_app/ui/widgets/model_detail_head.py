"""Who the chosen model is: its name and owner, the verdict, what is special about it, what it is good for."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop_app.domain.library import Condition, Source
from desktop_app.services.models_view import ModelDetail, ModelRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import label, set_property, tip
from desktop_app.ui.widgets.fit_badge import FitBadge
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_detail_words import Mark, breakable, marks
from desktop_app.ui.widgets.model_list_words import good_for, owner, title

_TONES = {Condition.UNFINISHED: "warn", Condition.DAMAGED: "bad"}


class DetailHead(QWidget):
    """Draws the top of the panel."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = label(role="title", wrap=True)
        self._name.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._owner = label(role="second", wrap=True)
        self._badge = FitBadge(theme)
        self._good_for = label(wrap=True)
        self._marks: list[QLabel] = []
        self._row = Flow(6)
        self._row.addWidget(self._badge)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._name)
        column.addWidget(self._owner)
        column.addSpacing(6)
        column.addLayout(self._row)
        column.addSpacing(6)
        column.addWidget(self._good_for)

    def show_detail(self, detail: ModelDetail) -> None:
        """Draw who it is."""
        row = detail.row
        self._name.setText(breakable(title(row)))
        self._name.setAccessibleName(row.name)
        self._name.setToolTip(tip(row.name))
        self._owner.setText(_owner_words(row))
        self._owner.setVisible(bool(self._owner.text()))
        self._badge.show_verdict((detail.fit or row.fit).verdict)
        # How it would run is no word for what cannot be started.
        self._badge.setVisible(row.local is None or row.local.condition is not Condition.DAMAGED)
        self._show_marks([*_condition(row), *marks(row)])
        self._good_for.setText(row.known.good_for if row.known else _facts(row))
        self._good_for.setVisible(bool(self._good_for.text()))

    def _show_marks(self, found: list[Mark]) -> None:
        while len(self._marks) < len(found):
            made = label("", "badge")
            self._marks.append(made)
            self._row.addWidget(made)
        for index, one in enumerate(self._marks):
            shown = index < len(found)
            one.setVisible(shown)
            if shown:
                one.setText(found[index].word)
                one.setToolTip(tip(found[index].meaning))
                one.setAccessibleDescription(found[index].meaning)
                set_property(one, "tone", found[index].tone)


def _condition(row: ModelRow) -> list[Mark]:
    """How it lies on this computer, when it does not lie there whole."""
    if row.local is None or row.local.condition is Condition.READY:
        return []
    condition = row.local.condition
    return [Mark(condition.value, row.local.problem.title if row.local.problem else "", _TONES[condition])]


def _facts(row: ModelRow) -> str:
    """What lists say of it, but for what is wrong with it: that has a place of its own."""
    return "" if row.local is not None and row.local.problem is not None else good_for(row)


def _owner_words(row: ModelRow) -> str:
    by = f"by {breakable(owner(row))}" if owner(row) else ""
    if row.local is None:
        return by
    source = "MODEL_PATH" if row.local.source is Source.VARIABLE else row.local.source.value
    return f"{by} · {source}" if by else source
