"""The engines that are installed, one below the other: what each is, and choosing, checking, repairing, removing it."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.installation import CheckProgress, EngineEnvironment, InstalledEngine
from desktop_app.domain.units import disk_words
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label, set_property, surface
from desktop_app.ui.widgets.flow import Flow


class EngineRow(QWidget):
    """Draws one `InstalledEngine`."""

    chosen = Signal()
    check_asked = Signal()
    check_cancelled = Signal()
    repair_asked = Signal()
    update_asked = Signal()
    remove_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine: InstalledEngine | None = None
        self._name = ElidedLabel()
        self._mark = label("in use", "badge")
        self._size = label(role="second")
        self._about = ElidedLabel(role="second")
        self._result = label(wrap=True)
        self._bar = QProgressBar()
        self._actions = QWidget()
        self._use = button("Use this one", self.chosen.emit)
        self._check = button("Check", self.check_asked.emit)
        self._cancel = button("Cancel the check", self.check_cancelled.emit)
        self._repair = button("Repair", self.repair_asked.emit)
        self._update = button("Update", self.update_asked.emit)
        self._remove = button("Remove", self._on_remove_clicked)
        self._sure = card("notice")
        self._question = label(wrap=True)
        self._yes = button("Remove", self._on_sure)
        self._no = button("Keep it", self._on_kept)
        self._build()

    def show_engine(self, engine: InstalledEngine, checking: CheckProgress | None, busy: bool) -> None:
        """Draw *engine*; *checking* is its own check, *busy* says that another work with engines is under way."""
        self._engine = engine
        environment = engine.environment
        self._name.setText(environment.name)
        set_property(self._mark, "tone", "good")
        self._mark.setVisible(engine.chosen)
        self._size.setText(disk_words(engine.disk_bytes) if engine.disk_bytes else "")
        self._about.setText(_about(environment))
        self._show_check(engine, checking)
        ours = environment.managed
        self._use.setVisible(not engine.chosen)
        self._check.setVisible(checking is None and not environment.image)
        self._cancel.setVisible(checking is not None)
        self._repair.setVisible(ours)
        self._update.setVisible(ours and engine.chosen)
        free = not busy and checking is None
        for one in (self._use, self._check, self._repair, self._update, self._remove, self._yes):
            one.setEnabled(free)
        self._draw_removal("Remove" if ours else "Forget", "danger" if ours and free else "")
        self.setAccessibleName(environment.name)
        self.setAccessibleDescription(f"{'In use. ' if engine.chosen else ''}{self._about.text()}")

    def _show_check(self, engine: InstalledEngine, checking: CheckProgress | None) -> None:
        self._bar.setVisible(checking is not None)
        if checking is not None:
            self._bar.setRange(0, checking.total)
            self._bar.setValue(checking.done)
            set_property(self._result, "tone", "bad" if checking.bad else "")
            self._result.setText(_checking_words(checking))
        elif engine.last_check is not None:
            set_property(self._result, "tone", "good" if engine.last_check.passed else "bad")
            self._result.setText(engine.last_check.words())
        elif not engine.tried:
            set_property(self._result, "tone", "")
            self._result.setText("No model was started on it yet.")
        else:
            self._result.clear()
        self._result.setVisible(bool(self._result.text()))

    def _draw_removal(self, verb: str, role: str) -> None:
        for one in (self._remove, self._yes):
            set_property(one, "role", role)
            one.setText(verb)
            one.setAccessibleName(verb)

    def _on_remove_clicked(self) -> None:
        if self._engine is None:
            return
        self._question.setText(_question(self._engine))
        self._actions.hide()
        self._sure.show()
        self._no.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_kept(self) -> None:
        self._sure.hide()
        self._actions.show()
        self._remove.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_sure(self) -> None:
        self._sure.hide()
        self._actions.show()
        self.remove_asked.emit()

    def _build(self) -> None:
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the check")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._name, 1)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._size)
        actions = Flow(parent=self._actions)
        for one in (self._use, self._check, self._cancel, self._repair, self._update, self._remove):
            actions.addWidget(one)
        answers = Flow()
        for one in (self._yes, self._no):
            answers.addWidget(one)
        sure = QVBoxLayout(self._sure)
        sure.setContentsMargins(14, 10, 14, 10)
        sure.addWidget(self._question)
        sure.addLayout(answers)
        self._sure.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(8)
        column.addLayout(head)
        for part in (self._about, self._result, self._bar, self._actions, self._sure):
            column.addWidget(part)


class EngineList(QWidget):
    """Draws all of them in one card. Every signal carries the key of the environment (`EngineEnvironment.key`)."""

    chosen = Signal(str)
    check_asked = Signal(str)
    check_cancelled = Signal(str)
    repair_asked = Signal(str)
    update_asked = Signal(str)
    remove_asked = Signal(str)
    """For one that is not ours: it shall be forgotten, and stays where it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, EngineRow] = {}
        self._frame = card()
        self._column = QVBoxLayout(self._frame)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(self._frame)

    def show_engines(self, engines: Sequence[InstalledEngine], checking: CheckProgress | None, busy: bool) -> None:
        """Draw *engines*, in this order; nothing at all when there is none."""
        self.setVisible(bool(engines))
        keys = [one.environment.key for one in engines]
        if keys != list(self._rows):
            self._make_rows(keys)
        for one in engines:
            own = checking if checking is not None and checking.key == one.environment.key else None
            self._rows[one.environment.key].show_engine(one, own, busy or (checking is not None and own is None))

    def _make_rows(self, keys: Sequence[str]) -> None:
        while item := self._column.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._rows = {key: self._make_row(key) for key in keys}
        for index, row in enumerate(self._rows.values()):
            if index:
                self._column.addWidget(_line())
            self._column.addWidget(row)

    def _make_row(self, key: str) -> EngineRow:
        row = EngineRow()
        signals: tuple[tuple[object, Callable[[str], object]], ...] = (
            (row.chosen, self.chosen.emit),
            (row.check_asked, self.check_asked.emit),
            (row.check_cancelled, self.check_cancelled.emit),
            (row.repair_asked, self.repair_asked.emit),
            (row.update_asked, self.update_asked.emit),
            (row.remove_asked, self.remove_asked.emit),
        )
        for signal, emit in signals:
            signal.connect(partial(emit, key))  # type: ignore[attr-defined]  # PySide's types do not tell a bound signal
        return row


def _line() -> QWidget:
    """A thin line between rows."""
    made = surface("strip")
    made.setFixedHeight(1)
    return made


def _about(environment: EngineEnvironment) -> str:
    if environment.image:
        return f"{environment.image}, run by {environment.python.name}"
    made = "installed by this program" if environment.managed else "found on this computer, not ours"
    return f"{made} · {environment.python}"


def _checking_words(checking: CheckProgress) -> str:
    if not checking.total:
        return "Counting the files…"
    bad = f"; {checking.bad:,} not as they should be" if checking.bad else ""
    return f"Comparing files, {checking.done:,} of {checking.total:,}{bad}"


def _question(engine: InstalledEngine) -> str:
    """What is about to happen, in words, with the space that it frees."""
    name = engine.environment.name
    if not engine.environment.managed:
        kept = "The image stays" if engine.environment.image else "It stays on the disk"
        return f"Forget {name}? {kept}; it is only no longer listed here."
    freed = f" {disk_words(engine.disk_bytes)} of the disk become free." if engine.disk_bytes else ""
    need = " Models do not run until another one is chosen." if engine.chosen else ""
    return f"Remove {name} from this computer?{freed}{need}"
