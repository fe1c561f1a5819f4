"""Pictures that are attached: scaled, upright, without metadata; hostile ones fail in words."""

import struct
import zlib

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageReader, QImageWriter, QPainter

from desktop_app.domain.errors import UserError
from desktop_app.services.attachments import ImageLimits
from desktop_app.ui.images import read_image

LIMITS = ImageLimits()


def encoded(image: QImage, kind: str) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(kind.encode())).write(image)
    return bytes(buffer.data().data())


def picture(width: int, height: int, colour: str = "#3a49d6") -> QImage:
    """One colour, and red in the upper left corner."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    painter = QPainter(image)
    painter.fillRect(0, 0, width // 4, height // 4, QColor("#ff0000"))
    painter.end()
    return image


def decoded(data: bytes) -> QImage:
    image = QImage()
    assert image.loadFromData(QByteArray(data))
    return image


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that says it has this size, whatever its rows are."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def with_exif(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG that says how the camera was held, and where."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08" + struct.pack(">H", 1) + entry + b"\0\0\0\0" + b"GPS 48.2N 16.3E"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp"])
def test_every_kind_is_scaled_to_what_models_take(kind: str) -> None:
    told = read_image(encoded(picture(3136, 1000), kind), LIMITS)
    image = decoded(told.data)
    assert (image.width(), image.height()) == (told.width, told.height) == (1568, 500)
    assert told.note == "scaled from 3,136 × 1,000"
    assert told.media == ("image/jpeg" if kind in {"jpeg", "webp"} else "image/png")
    assert image.pixelColor(10, 10).red() > 200


def test_small_pictures_keep_their_size_and_gifs_are_read() -> None:
    told = read_image(encoded(picture(40, 30), "png"), LIMITS)
    assert (told.width, told.height, told.note, told.media) == (40, 30, "", "image/png")
    gif = bytes.fromhex("47494638396101000100800000ff0000ffffff2c00000000010001000002024401003b")
    assert decoded(read_image(gif, LIMITS).data).pixelColor(0, 0) == QColor("#ff0000")


def test_transparent_parts_stay_transparent() -> None:
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    told = read_image(encoded(image, "webp"), LIMITS)
    assert told.media == "image/png"
    assert decoded(told.data).pixelColor(5, 5).alpha() == 0


def test_the_camera_s_turn_is_applied_and_metadata_is_gone() -> None:
    told = read_image(with_exif(encoded(picture(400, 200), "jpeg"), 6), LIMITS)
    image = decoded(told.data)
    assert (image.width(), image.height()) == (200, 400)
    assert image.pixelColor(190, 10).red() > 200
    assert b"GPS" not in told.data
    assert b"Exif" not in told.data


def test_texts_inside_of_a_picture_are_dropped() -> None:
    image = picture(40, 30)
    image.setText("Author", "a person")
    data = encoded(image, "png")
    assert b"Author" in data
    assert b"Author" not in read_image(data, LIMITS).data


@pytest.mark.qt_log_ignore(".*")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "PNG, JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG, JPEG"),
        (b"II*\0 a TIFF", "PNG, JPEG"),
        (png(60_000, 60_000, b""), "60,000 × 60,000 pixels; the most is 64 million"),
        (png(2**31 - 1, 2**31 - 1, b""), "damaged"),
        (png(0, 0, b""), "damaged"),
        (png(8000, 8000, b""), "damaged"),
        (png(40, 30, b"\0")[:50], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "damaged"),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 100, "damaged"),
        (b"GIF89a" + b"\xff" * 100, "damaged"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 50, "damaged"),
        (b"BM" + b"\xff" * 100, "damaged"),
    ],
)
def test_hostile_pictures_fail_in_words(data: bytes, words: str) -> None:
    with pytest.raises(UserError, match="could not be read") as caught:
        read_image(data, LIMITS)
    assert words in caught.value.reason


def test_qt_limits_what_a_picture_may_allocate() -> None:
    assert 0 < QImageReader.allocationLimit() <= 512
