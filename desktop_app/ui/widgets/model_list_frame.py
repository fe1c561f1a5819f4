"""Where the list of models and the closer look at one stand: side by side, or one of them in a narrow window."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button

_WIDE = 1000
"""Pixels from which both have room, at the usual size of words."""
_LIST, _DETAIL = 560, 380
"""The least of each beside the other, at the usual size of words."""
_LEAST = 540
"""Of one alone, at any size: the window may be no wider."""


class ListAndDetail(QWidget):
    """Both beside each other; in a narrow window the detail covers the list, with a way back.

    Args:
        theme: how large words are.
        listed: the list, always there in a wide window.
        detail: the closer look.
        parent: the widget that it stands in.
    """

    left = Signal()
    """The person went back to the list."""
    covered = Signal(bool)
    """Whether the detail stands where the list was."""

    def __init__(self, theme: Theme, listed: QWidget, detail: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._list = listed
        self._opened = False
        self._wide = False
        self._came_from: QWidget | None = None
        """What had the keyboard before the detail covered it."""
        self._back = button("‹ Back to the list", self.show_list, "link")
        self._side = QWidget()
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        back = QHBoxLayout()
        back.setContentsMargins(16, 0, 16, 0)
        back.addWidget(self._back)
        back.addStretch()
        column.addLayout(back)
        column.addWidget(detail, 1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(listed)
        self._splitter.addWidget(self._side)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        self._splitter.setSizes([2 * _DETAIL, _DETAIL])
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        # It can always become narrower: then it shows one of them.
        outside.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        outside.addWidget(self._splitter)
        theme.changed.connect(self._fit)
        self._arrange()

    @property
    def wide(self) -> bool:
        """Whether both are seen."""
        return self._wide

    def show_detail(self) -> None:
        """Somebody wants a closer look: in a narrow window it takes the list's place."""
        focused = self.window().focusWidget()
        self._opened = True
        self._arrange()
        if not self._wide and focused is not None and self._list.isAncestorOf(focused):
            self._came_from = focused
            self._back.setFocus(_reason(focused))

    def show_list(self) -> None:
        """Back to the list, with the keyboard where it was there."""
        focused = self.window().focusWidget()
        self._opened = False
        self._arrange()
        if self._came_from is not None and focused is not None and self._side.isAncestorOf(focused):
            self._came_from.setFocus(_reason(focused))
        self._came_from = None
        self.left.emit()

    def minimumSizeHint(self) -> QSize:
        """As narrow as one of them."""
        return QSize(_LEAST, self._splitter.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Both, or one."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Escape goes back to the list where that is covered; the window has a use for it, too."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._opened and not self._wide:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self.show_list()
                return True
        return super().event(event)

    def _fit(self) -> None:
        wide = self.width() >= self._theme.scaled(_WIDE)
        if wide is not self._wide:
            self._wide = wide
            self._arrange()

    def _arrange(self) -> None:
        narrow = not self._wide
        self._back.setVisible(narrow)
        self._list.setMinimumWidth(0 if narrow else self._theme.scaled(_LIST))
        self._side.setMinimumWidth(0 if narrow else self._theme.scaled(_DETAIL))
        self._list.setVisible(not narrow or not self._opened)
        self._side.setVisible(not narrow or self._opened)
        self.covered.emit(narrow and self._opened)


def _reason(focused: QWidget) -> Qt.FocusReason:
    """The ring goes along, if there was one."""
    ring = focused.property("kbd") is True
    return Qt.FocusReason.TabFocusReason if ring else Qt.FocusReason.OtherFocusReason
