"""Says above every page that nothing is kept this time, or that it is kept in another folder. `MainWindow` owns one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import IconButton, label, set_property
from desktop_app.ui.widgets.composer_chips import Icon


class PlaceBanner(QWidget):
    """A sentence that stands for as long as it is true; not shown where there is nothing to say.

    Args:
        theme: colours, icons and sizes.
        parent: the widget that it stands in.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = QFrame()
        self._frame.setProperty("role", "notice")
        self._warning, self._folder = Icon(theme, "warning", "warn"), Icon(theme, "folder")
        self._words = label(wrap=True)
        # However long the name of a folder is, the window need not be as wide.
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._dismiss = IconButton(theme, "close", "Dismiss", self.hide)
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(theme.space.medium, theme.space.small, theme.space.small, theme.space.small)
        row.setSpacing(theme.space.small)
        for icon in (self._warning, self._folder):
            row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(*[theme.space.small] * 4)
        outside.addWidget(self._frame)
        self.hide()

    def show_words(self, words: str, lasting: bool) -> None:
        """Show *words*; what is *lasting* is a warning and cannot be dismissed. Empty words hide the banner."""
        self._words.setText(words)
        set_property(self._frame, "tone", "warn" if lasting else "")
        self._warning.setVisible(lasting)
        self._folder.setVisible(not lasting)
        self._dismiss.setVisible(not lasting)
        self.setAccessibleName("Nothing is kept" if lasting else "Kept in another folder")
        self.setAccessibleDescription(words)
        self.setVisible(bool(words))
