"""One running engine as a card: what it serves, how it is, what it takes, where it answers, and what can be done."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy
from desktop_app.domain.units import memory_words
from desktop_app.paths import EnginePlaces
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, button, card, label, set_property
from desktop_app.ui.widgets.engine_words import TONES, elsewhere, model_name, stage_words, status_words
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.notice import Notice


class EngineCard(QWidget):
    """Draws the `EngineStatus` of one engine. Every signal carries its key."""

    chosen = Signal(str)
    """It shall be the one that chats talk to."""
    start_clicked = Signal(str)
    stop_clicked = Signal(str)
    settings_clicked = Signal(str)
    log_clicked = Signal(str)
    test_clicked = Signal(str)
    remedy_chosen = Signal(str, Remedy)

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = key
        self._name = ElidedLabel(role="title")
        self._current = label("answers the chats", "badge")
        self._badge = label("", "badge")
        self._words = label(role="second", wrap=True)
        self._bar = QProgressBar()
        self._form = QFormLayout()
        self._facts = {name: (label(name, "second"), ElidedLabel()) for name in _FACTS}
        self._notice = Notice(theme, with_log=True)
        self._notice.remedy_chosen.connect(partial(self.remedy_chosen.emit, key))
        self._choose = button("Chat with it", partial(self.chosen.emit, key))
        self._stop = button("Stop", partial(self.stop_clicked.emit, key), "danger")
        self._start = button("Start", partial(self.start_clicked.emit, key))
        self._settings = button("Settings", partial(self.settings_clicked.emit, key))
        self._log = button("Log", partial(self.log_clicked.emit, key))
        self._test = button("Self-test", partial(self.test_clicked.emit, key))
        self._build()

    def show_status(self, status: EngineStatus, places: EnginePlaces | None, current: bool) -> None:
        """Draw *status*; *places* is None for a server elsewhere, *current* marks the one that chats talk to."""
        away, stage = elsewhere(status), status.stage
        self._name.setText(model_name(status.model))
        self._current.setVisible(current and stage is EngineStage.READY)
        self._badge.setText(stage_words(status))
        set_property(self._badge, "tone", TONES.get(stage, ""))
        failed = stage is EngineStage.FAILED
        words = "" if failed else status_words(status)
        self._words.setText(words)
        self._words.setVisible(bool(words) and stage is not EngineStage.READY)
        self._notice.show_error(status.error if failed else None)
        self._show_bar(status)
        self._show_facts(status, places)
        stoppable = stage in (EngineStage.STARTING, EngineStage.READY)
        self._stop.setVisible(stoppable)
        stop = "Disconnect" if away else "Cancel" if stage is EngineStage.STARTING else "Stop"
        self._rename(self._stop, stop)
        self._start.setVisible(stage is EngineStage.STOPPED)
        self._rename(self._start, "Connect" if away else "Start")
        self._choose.setVisible(stage is EngineStage.READY and not current)
        self._settings.setVisible(not away)
        self._log.setVisible(not away and not failed)
        self._test.setVisible(stage is EngineStage.READY)
        self.setAccessibleName(model_name(status.model))
        self.setAccessibleDescription(f"{stage_words(status)}. {status_words(status)}")

    @staticmethod
    def _rename(one: QWidget, text: str) -> None:
        one.setProperty("text", text)
        one.setAccessibleName(text)

    def _show_bar(self, status: EngineStatus) -> None:
        starting = status.stage is EngineStage.STARTING
        self._bar.setVisible(starting or status.stage is EngineStage.STOPPING)
        share = status.progress.share if starting and status.progress else None
        self._bar.setRange(0, 0 if share is None else 1000)
        self._bar.setValue(int(1000 * (share or 0.0)))

    def _show_facts(self, status: EngineStatus, places: EnginePlaces | None) -> None:
        ready = status.stage is EngineStage.READY
        values = {
            "Keeps in mind": f"{status.context_tokens:,} tokens" if ready and status.context_tokens else "",
            "Memory": memory_words(status.memory_bytes) if ready and status.memory_bytes else "",
            "Engine": status.engine if ready else "",
            "Start": status.note if ready else "",
            "Answers at": (elsewhere(status) or (str(places.socket) if places else "")) if ready else "",
        }
        for name, value in values.items():
            title, text = self._facts[name]
            text.setText(value)
            self._form.setRowVisible(text, bool(value))
            title.setBuddy(text)

    def _build(self) -> None:
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the start")
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(6)
        for title, value in self._facts.values():
            self._form.addRow(title, value)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._name, 1)
        for badge in (self._current, self._badge):
            head.addWidget(badge, 0, Qt.AlignmentFlag.AlignVCenter)
        row = Flow()
        for one in (self._choose, self._start, self._settings, self._log, self._test, self._stop):
            row.addWidget(one)
        frame = card()
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(12)
        inside.addLayout(head)
        for part in (self._words, self._bar, self._notice):
            inside.addWidget(part)
        inside.addLayout(self._form)
        inside.addLayout(row)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)


_FACTS = ("Keeps in mind", "Memory", "Engine", "Start", "Answers at")
