"""What to do before a repository whose owner must be asked can be downloaded: steps in their order, with links."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from desktop_app.domain.library import Gate
from desktop_app.services.models_view import ModelDetail
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.links import tooltip
from desktop_app.ui.widgets.model_detail_frame import headed
from desktop_app.ui.widgets.model_detail_words import HUB, is_gated, page_address

_GAP = 6
"""Logical pixels between two steps."""
_TOKENS = f"{HUB}/settings/tokens"


class GateCard(QWidget):
    """Draws the steps; nothing opens before it is clicked."""

    link_clicked = Signal(str)
    """An address to open in the browser."""
    token_clicked = Signal()
    """Somebody has a token and wants to enter it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = _link("Open its page on huggingface.co", self._on_page_clicked)
        self._tokens = _link("Make a token on huggingface.co", partial(self.link_clicked.emit, _TOKENS))
        self._tokens.setToolTip(tooltip(_TOKENS))
        self._token = _link("Enter the token", self.token_clicked.emit)
        self._wait = label(role="second", wrap=True)
        self._address = ""
        self._build(theme)

    def show_detail(self, detail: ModelDetail, downloading: bool) -> None:
        """Draw the steps for a model whose owner must be asked; nothing once it comes (*downloading*) or is here."""
        row = detail.row
        self.setVisible(row.local is None and is_gated(row) and not downloading)
        self._address = page_address(row.repo_id)
        self._page.setToolTip(tooltip(self._address))
        manual = row.found is not None and row.found.gate is Gate.MANUAL
        self._wait.setText(
            "Its owner answers by hand, which can take days."
            if manual
            else "Most owners let you in at once; some answer by hand."
        )

    def _on_page_clicked(self) -> None:
        self.link_clicked.emit(self._address)

    def _build(self, theme: Theme) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        steps = (
            ("Sign in on its page and agree to the terms.", (self._page, self._wait)),
            ("Make a token that may read.", (self._tokens,)),
            ("Enter the token here. It stays on this computer.", (self._token,)),
            ("Download it below.", ()),
        )
        line = 0
        for number, (text, below) in enumerate(steps, 1):
            if line:
                grid.setRowMinimumHeight(line, _GAP)
                line += 1
            grid.addWidget(label(f"{number}.", "second"), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, wrap=True), line, 1)
            for offset, part in enumerate(below, 1):
                side = Qt.AlignmentFlag.AlignLeft if isinstance(part, QPushButton) else Qt.AlignmentFlag(0)
                grid.addWidget(part, line + offset, 1, side)
            line += len(below) + 1
        headed(self, theme, "Its owner must be asked first").addLayout(grid)


def _link(text: str, clicked: Callable[[], object]) -> QPushButton:
    made = button(text, clicked, "link")
    made.setStyleSheet("text-align: left; padding: 0;")
    return made
