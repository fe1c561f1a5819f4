"""What an engine prints, live: filtered, searched, followed, copied, and the first error at one press of a button."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.observable import Observable
from desktop_app.services.engine_log import EngineLog
from desktop_app.services.log_reading import Level
from desktop_app.services.log_sieve import Criteria
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import ElidedLabel, IconButton, button, label
from desktop_app.ui.widgets.log_choice import Choice
from desktop_app.ui.widgets.log_find import LogFind
from desktop_app.ui.widgets.log_model import LogModel
from desktop_app.ui.widgets.log_view import LogView
from desktop_app.ui.widgets.log_words import ANY, level_options, lines, process_options, summary

_WHOLE_LINE = 20_000
"""Characters of one record that are shown in full; Copy has all of them."""
_NOTE_MILLISECONDS = 4000


class LogPage(QWidget):
    """Draws one engine's log.

    Args:
        engines: the engines that there are.
        log_of: the log of an engine by its key; None for one that never ran.
    """

    start_clicked = Signal()
    """There is no log yet; somebody wants to start a model."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        engines: Observable[tuple[EngineStatus, ...]],
        log_of: Callable[[str], EngineLog | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bridge = bridge
        self._engines = engines
        self._log_of = log_of
        self._key = ""
        self._error_wanted = False
        """True while `show_first_error` waits for the log to be understood."""
        self.model = LogModel(self)
        self._view = LogView(theme, self.model)
        self._find = LogFind(theme, self.model, self._view.list)
        self._engine = Choice("Engine")
        self._level = Choice("Level")
        self._process = Choice("Process")
        self._follow = IconButton(theme, "arrow-end", "Follow")
        self._error = button("First error", self._on_first_error_clicked)
        self._copy = button("Copy", self._on_copy_clicked)
        self._save = button("Save…", self._on_save_clicked)
        self._clear = button("Clear view", self._on_clear_clicked, "link")
        self._summary = ElidedLabel(role="second")
        self._note = QTimer(self, singleShot=True, interval=_NOTE_MILLISECONDS)
        """Runs while the summary makes room for what was done."""
        self._restore = button("Show earlier lines", self._on_restore_clicked, "link")
        self._whole = QPlainTextEdit()
        self._empty = label("", wrap=True)
        self._way_out = button("", self._on_way_out_clicked, "primary")
        self._stack = QStackedWidget()
        self._build()
        self._connect()
        bridge.watch(self, engines, self._on_engines_changed)

    @property
    def log(self) -> EngineLog | None:
        """The log that is shown; None while there is none."""
        return self._log_of(self._key)

    def show_log_of(self, key: str) -> None:
        """Show the log of the engine *key*, its end in sight."""
        if self._log_of(key) is not None:
            self._key = key
            self._on_engines_changed(self._engines.value)
        self._view.list.follow(True)

    def show_first_error(self, key: str = "") -> None:
        """Show what failed first in the log of the engine *key*, or of the present one; its end when nothing did."""
        self.show_log_of(key or self._key)
        self._error_wanted = True
        self._look_for_error()
        self._view.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Take part in what happens."""
        super().showEvent(event)
        self.model.set_awake(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hidden, it costs nothing."""
        super().hideEvent(event)
        self.model.set_awake(False)

    def _on_engines_changed(self, engines: tuple[EngineStatus, ...]) -> None:
        logged = [one for one in engines if self._log_of(one.key) is not None]
        if self._key not in [one.key for one in logged]:
            self._key = _most_wanted(logged)
        self._engine.show_options([(one.key, one.model.name if one.model else one.key) for one in logged], self._key)
        self._engine.setVisible(bool(logged))
        log = self.log
        if log is not None and log is not self.model.log:
            self._view.list.choose_none()
            self.model.show_log(log)
            self._view.list.follow(True)
        self._draw()

    def _on_engine_chosen(self, key: str) -> None:
        self.show_log_of(key)

    def _on_level_chosen(self, key: str) -> None:
        self._set_filter(replace(self.model.criteria, lowest=Level(int(key))))

    def _on_process_chosen(self, key: str) -> None:
        self._set_filter(replace(self.model.criteria, process=None if key == ANY else key))

    def _set_filter(self, criteria: Criteria) -> None:
        self.model.set_filter(criteria)
        self._draw()

    def _on_follow_toggled(self, wanted: bool) -> None:
        self._view.list.follow(wanted)

    def _on_first_error_clicked(self) -> None:
        self._error_wanted = True
        self._look_for_error()

    def _look_for_error(self) -> None:
        """Go to the first error as soon as it is known; a filter that hides it is taken away."""
        number = self.model.log.first_error()
        if number is None or not self._error_wanted:
            return
        self._error_wanted = False
        shown = self.model.shown
        at = shown.position(number)
        if at >= shown.count or shown.number(at) != number:
            self._set_filter(Criteria())
        self._view.list.choose(number)

    def _on_selected(self) -> None:
        record = self._view.list.current
        self._whole.setVisible(record is not None)
        if record is not None:
            line = record.line
            text = line[:_WHOLE_LINE] + ("…" if len(line) > _WHOLE_LINE else "")
            if text != self._whole.toPlainText():
                self._whole.setPlainText(text)
                self._whole.find(record.cause)

    def _on_copy_clicked(self) -> None:
        numbers = self._view.list.chosen()
        self._bridge.start("copy the log", self.model.log.hand_over(numbers, partial(self._take_copy, len(numbers))))

    def _take_copy(self, count: int, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._tell(f"Copied {lines(count)}.")

    def _on_save_clicked(self) -> None:
        dialog = QFileDialog(self, "Save the log")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.selectFile("vllm-log.txt")
        dialog.fileSelected.connect(self._on_file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_chosen(self, name: str) -> None:
        numbers = self._view.list.chosen()
        self._bridge.start("save the log", self.model.log.save(numbers, Path(name), self._tell))

    def _on_clear_clicked(self) -> None:
        self._view.list.choose_none()
        self._set_filter(replace(self.model.criteria, since=self.model.log.end))
        self._view.list.follow(True)

    def _on_restore_clicked(self) -> None:
        self._set_filter(replace(self.model.criteria, since=0))

    def _on_way_out_clicked(self) -> None:
        if self.log is None:
            self.start_clicked.emit()
        else:
            self._set_filter(Criteria())

    def _tell(self, words: str) -> None:
        self._summary.setText(words)
        self._note.start()

    def _draw(self) -> None:
        """Everything but the rows themselves."""
        log, filtered = self.model.log, self.model.criteria
        self._level.show_options(level_options(), str(int(filtered.lowest)))
        self._process.show_options(
            process_options(log.processes), ANY if filtered.process is None else filtered.process
        )
        self._error.setEnabled(log.first_error() is not None)
        self._copy.setEnabled(self.model.count > 0)
        self._save.setEnabled(self.model.count > 0)
        self._clear.setVisible(self.model.count > 0)
        if not self._note.isActive():
            self._summary.setText(summary(log, self.model.count))
        self._restore.setVisible(log.oldest < filtered.since)
        self._draw_empty(log)

    def _draw_empty(self, log: EngineLog) -> None:
        nothing = self.log is None
        for one in (self._level, self._process, self._find, self._follow, self._error, self._copy, self._save):
            one.setVisible(not nothing)
        self._summary.setVisible(not nothing)
        if nothing:
            words, way_out = "What the engine prints while it starts and runs will show up here.", "Start the model"
        elif log.oldest == log.end:
            words, way_out = "The engine has not printed anything yet.", ""
        elif not self.model.criteria.everything:
            words, way_out = "No line passes this filter.", "Show all lines"
        else:
            words, way_out = "What the engine prints from now on will show up here.", ""
        self._empty.setText(words)
        self._way_out.setText(way_out)
        self._way_out.setAccessibleName(way_out)
        self._way_out.setVisible(bool(way_out))
        self._stack.setCurrentIndex(1 if nothing or (self.model.done and not self.model.count) else 0)

    def _connect(self) -> None:
        self._engine.chosen.connect(self._on_engine_chosen)
        self._level.chosen.connect(self._on_level_chosen)
        self._process.chosen.connect(self._on_process_chosen)
        self.model.changed.connect(self._draw)
        self._note.timeout.connect(self._draw)
        self.model.changed.connect(self._look_for_error)
        rows = self._view.list
        rows.follow_changed.connect(self._on_follow_changed)
        rows.selected.connect(self._on_selected)
        rows.copy_asked.connect(self._on_copy_clicked)
        self._find.left.connect(partial(rows.setFocus, Qt.FocusReason.ShortcutFocusReason))
        for keys, slot in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._find.begin),
            (QKeySequence("F3"), self._find.show_next),
            (QKeySequence("Shift+F3"), self._find.show_previous),
        ):
            QShortcut(keys, self, slot, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _on_follow_changed(self, following: bool) -> None:
        with QSignalBlocker(self._follow):
            self._follow.setChecked(following)
        if not following:
            # Whoever scrolls or chooses a line has found what to read.
            self._error_wanted = False

    def _build(self) -> None:
        self._follow.setCheckable(True)
        self._follow.setChecked(True)
        # Not `clicked`: a screen reader toggles buttons that can be down.
        self._follow.toggled.connect(self._on_follow_toggled)
        self._follow.setText("Follow")
        self._follow.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._follow.setToolTip("Keep the end of the log in sight (End)")
        self._error.setToolTip("Go to the line that names what failed first")
        self._clear.setToolTip("Hide the lines so far; they can be shown again")
        self._whole.setReadOnly(True)
        self._whole.setProperty("role", "log")
        self._whole.setFont(self._theme.mono_font(9))
        self._whole.setAccessibleName("The whole line")
        self._whole.setFixedHeight(92)
        self._whole.setTabChangesFocus(True)
        self._whole.hide()
        self._restore.hide()
        self._stack.addWidget(self._view)
        self._stack.addWidget(self._empty_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 12)
        column.setSpacing(10)
        column.addLayout(self._row(label("Log", "hero"), self._engine, None, self._error, self._copy, self._save))
        column.addLayout(self._filters())
        column.addWidget(self._stack, 1)
        column.addWidget(self._whole)
        bottom = self._row(self._summary, self._restore, self._clear)
        bottom.setStretchFactor(self._summary, 1)
        column.addLayout(bottom)

    def _filters(self) -> QHBoxLayout:
        row = self._row(self._level, self._process, self._find, self._follow)
        row.setStretchFactor(self._find, 1)
        return row

    @staticmethod
    def _row(*widgets: QWidget | None) -> QHBoxLayout:
        """Side by side; None is where what is left of the room goes."""
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in widgets:
            if widget is None:
                row.addStretch()
            else:
                row.addWidget(widget)
        return row

    def _empty_page(self) -> QWidget:
        page = QWidget()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(page)
        column.setSpacing(16)
        column.addStretch()
        column.addWidget(self._empty)
        column.addWidget(self._way_out, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        return page


def _most_wanted(engines: Sequence[EngineStatus]) -> str:
    """The key of the engine that does something, or of the first one; empty without any."""
    busy = [one for one in engines if one.stage is not EngineStage.STOPPED]
    return next((one.key for one in (*busy, *engines)), "")
