"""The page of what a person prefers: colours, size of text, chats, keys. What is chosen goes to the main window."""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.ui.theme import LARGEST, SMALLEST, Theme
from desktop_app.ui.widgets.basics import Scrolled, button, card, label, surface
from desktop_app.ui.widgets.fit_slider import CalmSlider
from desktop_app.ui.widgets.flow import Flow
from desktop_app.ui.widgets.model_list_look import model_list_sheet
from desktop_app.ui.widgets.setting_parts import Switch

_WIDTH = 720
_STEP = 10
"""Per cent between two sizes of text."""
_SETTLE_MILLISECONDS = 250
"""After the slider's last move: to give a whole window other fonts takes a moment."""
_SAMPLE = "The quick brown fox jumps over the lazy dog. 0123456789"
_TITLES = (
    "A chat is named after its first words at once. When the model has nothing else to do, it finds a better name. "
    "Names that you gave yourself stay."
)
_BIN = "Deleted chats stay in the bin for 30 days, then they are gone."
_KEYS = "Everything that has keys, and what they are. They can be changed."


class PreferencesPage(QWidget):
    """Shows what is preferred and says what shall be.

    Args:
        theme: colours and fonts.
        parent: the widget that it stands in.
    """

    appearance_chosen = Signal(object)
    """An `Appearance`."""
    text_scale_chosen = Signal(float)
    improve_titles_chosen = Signal(bool)
    bin_asked = Signal()
    shortcuts_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._colours: dict[Appearance, QPushButton] = {}
        self._slider = CalmSlider(theme, "Size of text")
        self._percent = label()
        self._usual = button("Usual size", lambda: self._choose_scale(1.0), "link")
        self._sample = label(_SAMPLE, wrap=True)
        self._titles = Switch(theme, "Better titles")
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE_MILLISECONDS)
        self._build()
        self._slider.valueChanged.connect(self._on_slider_moved)
        self._slider.sliderReleased.connect(self._on_slider_settled)
        self._timer.timeout.connect(self._on_slider_settled)
        self._titles.toggled.connect(self._on_titles_toggled)
        theme.changed.connect(self._dress)
        self._dress()

    def show_titles(self, improve: bool) -> None:
        """Whether a model may find better titles."""
        self._titles.show_state(improve)

    def _dress(self) -> None:
        theme = self._theme
        self.setStyleSheet(theme.sheet(model_list_sheet(theme.tokens)))
        for appearance, one in self._colours.items():
            one.setChecked(appearance is theme.appearance)
        self._slider.blockSignals(True)
        self._slider.setValue(round(theme.text_scale * 100))
        self._slider.blockSignals(False)
        self._content.setMaximumWidth(theme.scaled(_WIDTH))
        self._show_sample(self._slider.value())

    def _show_sample(self, percent: int) -> None:
        words = f"{percent} %"
        self._percent.setText(words)
        self._slider.setAccessibleDescription(words)
        self._usual.setVisible(percent != 100)
        points = 10.5 * percent / 100 / self._theme.text_scale
        # A sheet of its own: a font would fall back to the one before at the next change of colours.
        self._sample.setStyleSheet(f"font-size: {self._theme.body_font(points).pointSizeF():g}pt;")

    def _on_slider_moved(self, percent: int) -> None:
        self._show_sample(percent)
        self._timer.start()

    def _on_slider_settled(self) -> None:
        self._timer.stop()
        if not self._slider.isSliderDown():
            self._choose_scale(round(self._slider.value() / _STEP) * _STEP / 100)

    def _choose_scale(self, scale: float) -> None:
        if scale != self._theme.text_scale:
            self.text_scale_chosen.emit(scale)

    def _on_titles_toggled(self, on: bool) -> None:
        self._titles.show_state(on)
        self.improve_titles_chosen.emit(on)

    def _on_colours_clicked(self, appearance: Appearance) -> None:
        self.appearance_chosen.emit(appearance)
        self._dress()

    def _build_colours(self) -> QWidget:
        frame = card("segments")
        row = Flow(2)
        row.setContentsMargins(2, 2, 2, 2)
        group = QButtonGroup(self)
        for appearance in Appearance:
            one = button(appearance.value, partial(self._on_colours_clicked, appearance), "segment")
            one.setCheckable(True)
            group.addButton(one)
            row.addWidget(one)
            self._colours[appearance] = one
        frame.setLayout(row)
        return frame

    def _build_size(self) -> QVBoxLayout:
        self._slider.setRange(round(SMALLEST * 100), round(LARGEST * 100))
        self._slider.setSingleStep(_STEP)
        self._slider.setPageStep(2 * _STEP)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._slider, 1)
        row.addWidget(self._percent)
        row.addWidget(self._usual)
        column = QVBoxLayout()
        column.addLayout(row)
        column.addWidget(self._sample)
        return column

    def _build(self) -> None:
        self._content = surface("page")
        column = QVBoxLayout(self._content)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(10)
        column.addWidget(label("Preferences", "hero"))
        _head(column, "Appearance")
        column.addWidget(self._build_colours(), 0, Qt.AlignmentFlag.AlignLeft)
        _head(column, "Text size")
        column.addLayout(self._build_size())
        _head(column, "Chats")
        column.addWidget(label("Better titles by the model"))
        column.addWidget(label(_TITLES, "second", wrap=True))
        column.addWidget(self._titles)
        column.addSpacing(8)
        column.addWidget(label(_BIN, "second", wrap=True))
        column.addWidget(button("Open the bin", self.bin_asked.emit), 0, Qt.AlignmentFlag.AlignLeft)
        _head(column, "Keyboard")
        column.addWidget(label(_KEYS, "second", wrap=True))
        column.addWidget(button("Keyboard shortcuts", self.shortcuts_asked.emit), 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(self._content, 100)
        across.addStretch(1)
        scrolled = Scrolled()
        scrolled.setWidget(middle)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scrolled)


def _head(column: QVBoxLayout, words: str) -> None:
    column.addSpacing(16)
    column.addWidget(label(words, "title"))
