"""Asks for a container's image with vLLM, and whether it may be fetched. Opened with `open()`."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import button, label
from desktop_app.ui.widgets.setting_parts import Switch

_STORY = "vLLM in an image is run by docker or podman. It can read the model's folder, and has no network."
_FETCH = "Fetch the image from its registry if it is not here; that can be many GB."
_IMAGE = "vllm/vllm-openai:latest"
_WIDTH = 440
"""Logical pixels of its content."""


class ContainerDialog(QDialog):
    """Closes by itself once an image was named."""

    image_chosen = Signal(str, bool)
    """The image, and whether it may be fetched."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("A container's image")
        self._image = QLineEdit(_IMAGE)
        self._image.setAccessibleName("Image")
        self._fetch = Switch(theme, "Fetch the image if it is not here")
        self._fetch.show_state(False)
        self._use = button("Use it", self._on_use_clicked, "primary")
        self._image.textChanged.connect(lambda text: self._use.setEnabled(bool(text.strip())))
        self._image.returnPressed.connect(self._on_use_clicked)
        self._build()

    def _on_use_clicked(self) -> None:
        if image := self._image.text().strip():
            self.image_chosen.emit(image, self._fetch.isChecked())
            self.accept()

    def _build(self) -> None:
        title = label("A container's image", "title")
        title.setMinimumWidth(_WIDTH)
        self._use.setAutoDefault(False)
        fetch = QHBoxLayout()
        fetch.addWidget(label(_FETCH, "second", wrap=True), 1)
        fetch.addWidget(self._fetch)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self._use)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        column.addWidget(title)
        column.addWidget(label(_STORY, "second", wrap=True))
        column.addWidget(self._image)
        column.addLayout(fetch)
        column.addLayout(row)
        self.finished.connect(self.deleteLater)
