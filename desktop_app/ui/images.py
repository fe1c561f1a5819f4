"""Pictures that nobody vouches for, made fit to be sent: decoded by Qt within limits, scaled, written anew.

`services/attachments` and `services/chat_files` get `read_image` handed in and call it in a thread. Only the five kinds
that models take are ever decoded, whatever plugins Qt finds; nothing of the metadata is left.
"""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageReader, QImageWriter, QPainter

from desktop_app.domain.errors import UserError
from desktop_app.services.attachments import ImageLimits, ScaledImage

_FORMATS = (
    (b"\x89PNG\r\n\x1a\n", b"png"),
    (b"\xff\xd8\xff", b"jpeg"),
    (b"GIF8", b"gif"),
    (b"RIFF", b"webp"),
    (b"BM", b"bmp"),
)
_QUALITY = 90
"""Of JPEG, per cent."""
_LARGE_PNG = 4_000_000
"""Bytes, above which a picture without transparent parts becomes a JPEG."""
_TITLE = "The picture could not be read."


def read_image(data: bytes, limits: ImageLimits) -> ScaledImage:
    """Decode, turn upright, scale and write anew; the size is looked at before anything is decoded.

    Raises:
        UserError: it is none of the kinds that can be sent, damaged, or too large.
    """
    kind = next((name for sign, name in _FORMATS if data.startswith(sign)), b"")
    if not kind:
        raise UserError(_TITLE, "Pictures can be PNG, JPEG, WebP, GIF or BMP.")
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(kind))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    given = reader.size()
    target = _target(given, limits)
    if target != given:
        reader.setScaledSize(target)
    image = reader.read()
    if image.isNull():
        raise UserError(_TITLE, "It is damaged, or needs more memory than a picture may.", details=reader.errorString())
    plain = _plain(image)
    written, media = _written(plain, photo=kind in {b"jpeg", b"webp"})
    return ScaledImage(written, media, plain.width(), plain.height(), _note(given, target, reader))


def png_bytes(image: QImage) -> bytes:
    """*image* as a PNG file."""
    return _encoded(image, b"png")


def _target(given: QSize, limits: ImageLimits) -> QSize:
    """The size it is scaled to. Raises UserError when it says no size, or one beyond the limits."""
    if not given.isValid() or given.isEmpty():
        raise UserError(_TITLE, "It is damaged: it does not say how large it is.")
    if given.width() * given.height() > limits.most_pixels:
        size = f"{given.width():,} × {given.height():,} pixels"
        raise UserError(_TITLE, f"It has {size}; the most is {limits.most_pixels // 1_000_000} million.")
    side = limits.longest_side
    if max(given.width(), given.height()) <= side:
        return given
    return given.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))


def _plain(image: QImage) -> QImage:
    """The same pixels in the usual colours, without texts, profiles and resolutions."""
    if image.colorSpace().isValid():
        image = image.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    clear = image.hasAlphaChannel()
    plain = QImage(image.size(), QImage.Format.Format_ARGB32 if clear else QImage.Format.Format_RGB32)
    plain.fill(Qt.GlobalColor.transparent if clear else Qt.GlobalColor.white)
    painter = QPainter(plain)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(0, 0, image)
    painter.end()
    return plain


def _written(image: QImage, *, photo: bool) -> tuple[bytes, str]:
    """JPEG for photographs, PNG for drawings and for what has transparent parts."""
    if not image.hasAlphaChannel() and photo:
        return _encoded(image, b"jpeg"), "image/jpeg"
    data = _encoded(image, b"png")
    if len(data) > _LARGE_PNG and not image.hasAlphaChannel():
        return _encoded(image, b"jpeg"), "image/jpeg"
    return data, "image/png"


def _encoded(image: QImage, kind: bytes) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(kind))
    if kind == b"jpeg":
        writer.setQuality(_QUALITY)
    if not writer.write(image):
        raise UserError(_TITLE, "It could not be written anew.", details=writer.errorString())
    return bytes(buffer.data().data())


def _note(given: QSize, target: QSize, reader: QImageReader) -> str:
    notes = [f"scaled from {given.width():,} × {given.height():,}"] if target != given else []
    notes += ["only its first picture"] if reader.supportsAnimation() and reader.imageCount() > 1 else []
    return ", ".join(notes)
