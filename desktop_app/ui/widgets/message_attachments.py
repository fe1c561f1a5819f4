"""What went with a question: a chip for each file, a small picture for each picture."""

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QImageReader, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.basics import tip
from desktop_app.ui.widgets.looks import Looks

PICTURE = 160
"""Pixels: the longer side of a small picture."""

_CHIP = 15
"""The widest chip, em."""
_PADDING = 10
_ICON = 18
_GAP = 6
_FORMATS = {"image/png": b"png", "image/jpeg": b"jpeg", "image/webp": b"webp"}
_MOST_PIXELS = 40_000_000
"""A picture that says to be larger than this is not unpacked."""


class Chips(QWidget):
    """All attachments of a question, from the right, in as many rows as they need."""

    def __init__(self, theme: Theme, looks: Looks, attachments: Sequence[Attachment], parent: QWidget) -> None:
        super().__init__(parent)
        self._parts = [_part(theme, looks, one, self) for one in attachments]
        self.setAccessibleName("Attached")

    def set_looks(self, looks: Looks) -> None:
        """Draw the names in another font."""
        for part in self._parts:
            part.set_looks(looks)

    def arrange(self, width: int) -> int:
        """Place them in *width* pixels; the height that they take."""
        top = 0
        for row in self._broken(width):
            left = width - sum(part.sizeHint().width() + _GAP for part in row) + _GAP
            tall = max(part.sizeHint().height() for part in row)
            for part in row:
                size = part.sizeHint()
                part.setGeometry(left, top + tall - size.height(), size.width(), size.height())
                left += size.width() + _GAP
            top += tall + _GAP
        return max(0, top - _GAP)

    def _broken(self, width: int) -> list[list["_Chip | _Picture"]]:
        rows: list[list[_Chip | _Picture]] = []
        used = 0
        for part in self._parts:
            wide = part.sizeHint().width()
            if not rows or used + _GAP + wide > width:
                rows.append([])
                used = -_GAP
            rows[-1].append(part)
            used += _GAP + wide
        return rows


class _Chip(QFrame):
    """An icon, a name, how large it is."""

    def __init__(self, theme: Theme, looks: Looks, attachment: Attachment, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "attachment")
        picture = attachment.kind is AttachmentKind.IMAGE
        self._name, self._about = attachment.name, _about(attachment)
        self._icon = QLabel(self)
        self._icon.setPixmap(theme.icon("picture" if picture else "document").pixmap(_ICON, _ICON))
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._size = QLabel(self._about, self)
        self._size.setTextFormat(Qt.TextFormat.PlainText)
        self._size.setProperty("role", "second")
        self.setAccessibleName(f"{attachment.name}, {self._about}" if self._about else attachment.name)
        self.setToolTip(tip("\n".join(part for part in (attachment.name, self._about, attachment.note) if part)))
        self.set_looks(looks)
        self.show()

    def set_looks(self, looks: Looks) -> None:
        """Draw the words in another font."""
        self._title.setFont(looks.body)
        font = self._size.font()
        font.setPointSizeF(looks.body.pointSizeF() * 0.9)
        self._size.setFont(font)
        metrics = QFontMetrics(looks.body)
        line, left = metrics.height(), 2 * _PADDING + _ICON
        room = round(_CHIP * looks.em) - left - _PADDING
        self._title.setText(metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room))
        about = QFontMetrics(self._size.font()).horizontalAdvance(self._about) + 4 if self._about else 0
        wide = max(min(room, metrics.horizontalAdvance(self._title.text()) + 4), about)
        self._title.setGeometry(left, 6, wide, line)
        self._size.setGeometry(left, 6 + line, wide, line if self._about else 0)
        tall = 12 + line * (2 if self._about else 1)
        self._icon.setGeometry(_PADDING, (tall - _ICON) // 2, _ICON, _ICON)
        self._wanted = QSize(left + wide + _PADDING, tall)

    def sizeHint(self) -> QSize:
        """As large as its words."""
        return self._wanted


class _Picture(QWidget):
    """A picture with round corners."""

    def __init__(self, image: QImage, attachment: Attachment, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap.fromImage(image)
        self.setAccessibleName(f"Picture {attachment.name}")
        self.setToolTip(tip(f"{attachment.name}\n{_about(attachment)}"))
        self.show()

    def set_looks(self, looks: Looks) -> None:
        """There are no words in it."""

    def sizeHint(self) -> QSize:
        """As it was scaled."""
        return self._pixmap.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), 10, 10)
        painter.setClipPath(shape)
        painter.drawPixmap(0, 0, self._pixmap)
        painter.end()


def _part(theme: Theme, looks: Looks, attachment: Attachment, parent: QWidget) -> _Chip | _Picture:
    image = _thumbnail(attachment)
    return _Chip(theme, looks, attachment, parent) if image is None else _Picture(image, attachment, parent)


def _thumbnail(attachment: Attachment) -> QImage | None:
    """The picture made small; None when there is none, or none that can be read."""
    form = _FORMATS.get(attachment.media)
    if attachment.kind is not AttachmentKind.IMAGE or not attachment.data or form is None:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(attachment.data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(form))
    size = reader.size()
    if size.isEmpty() or size.width() * size.height() > _MOST_PIXELS:
        return None
    if max(size.width(), size.height()) > PICTURE:
        reader.setScaledSize(size.scaled(PICTURE, PICTURE, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image


def _about(attachment: Attachment) -> str:
    """E.g. `12 KB · 340 tokens`."""
    tokens = f"{attachment.tokens:,} tokens" if attachment.tokens else ""
    return " · ".join(part for part in (_size_words(attachment.size), tokens) if part)


def _size_words(size: int) -> str:
    """Bytes in words; empty when unknown."""
    if not size:
        return ""
    return f"{max(1, round(size / 1000)):,} KB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"
