"""What is pasted and dropped: short text goes into the field, everything else is handed on."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.composer import Composer
from desktop_app.ui.widgets.composer_field import LONG_TEXT, MessageField
from tests.ui.hands import child


class Desk:
    """A composer, and what it was given."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.composer = Composer(theme)
        self.files: list[list[Path]] = []
        self.pictures: list[bytes] = []
        self.texts: list[str] = []
        self.composer.files_dropped.connect(self.files.append)
        self.composer.image_pasted.connect(self.pictures.append)
        self.composer.long_text_pasted.connect(self.texts.append)
        qtbot.addWidget(self.composer)
        self.composer.show()

    @property
    def field(self) -> MessageField:
        return child(self.composer, MessageField)

    def paste(self, mime: QMimeData) -> None:
        QGuiApplication.clipboard().setMimeData(mime)
        QTest.keySequence(self.field, QKeySequence(QKeySequence.StandardKey.Paste))

    def drop(self, mime: QMimeData) -> bool:
        """Drop beside the field; whether it was taken."""
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(5, 5), copy, mime, left, none)
        enter.ignore()
        QApplication.sendEvent(self.composer, enter)
        if not enter.isAccepted():
            return False
        QApplication.sendEvent(self.composer, QDropEvent(QPoint(5, 5), copy, mime, left, none))
        return True


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    return Desk(qtbot, theme)


def text_of(text: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(text)
    return mime


def files_of(*names: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(name) for name in names])
    return mime


def picture_of(image: QImage) -> QMimeData:
    mime = QMimeData()
    mime.setImageData(image)
    return mime


def red() -> QImage:
    image = QImage(8, 6, QImage.Format.Format_RGB32)
    image.fill(0xFFFF0000)
    return image


def test_short_text_is_pasted_and_can_be_undone(desk: Desk) -> None:
    desk.paste(text_of("a\nb"))
    assert desk.composer.text() == "a\nb"
    desk.field.undo()
    assert desk.composer.text() == ""


def test_text_of_ten_megabytes_never_enters_the_field(desk: Desk) -> None:
    text = "word " * 2_000_000
    desk.paste(text_of(text))
    assert desk.composer.text() == ""
    assert desk.texts == [text]


@pytest.mark.parametrize(("length", "handed_on"), [(LONG_TEXT, 0), (LONG_TEXT + 1, 1)])
def test_the_limit_is_exact(desk: Desk, length: int, handed_on: int) -> None:
    desk.paste(text_of("x" * length))
    assert len(desk.texts) == handed_on
    assert len(desk.composer.text()) == (0 if handed_on else length)


def test_files_are_attached_and_addresses_of_the_web_are_text(desk: Desk) -> None:
    desk.paste(files_of("file:///tmp/a.pdf", "file:///tmp/b%20c.csv"))
    assert desk.files == [[Path("/tmp/a.pdf"), Path("/tmp/b c.csv")]]
    desk.paste(files_of("https://example.org/x"))
    assert (len(desk.files), desk.composer.text()) == (1, "https://example.org/x")


def test_a_picture_becomes_png(desk: Desk) -> None:
    desk.paste(picture_of(red()))
    assert desk.pictures[0].startswith(b"\x89PNG")
    again = QImage.fromData(desk.pictures[0])
    assert (again.width(), again.height(), again.pixelColor(1, 1).name()) == (8, 6, "#ff0000")
    assert desk.composer.text() == ""


def test_a_png_is_handed_on_as_it_is(desk: Desk) -> None:
    mime = QMimeData()
    mime.setData("image/png", b"\x89PNG as it was")
    desk.paste(mime)
    assert desk.pictures == [b"\x89PNG as it was"]


def test_a_picture_beside_text_is_left_alone(desk: Desk) -> None:
    mime = picture_of(red())
    mime.setText("the words of a document")
    desk.paste(mime)
    assert (desk.pictures, desk.composer.text()) == ([], "the words of a document")


def test_files_and_pictures_can_be_dropped_beside_the_field_and_text_cannot(desk: Desk) -> None:
    assert desk.drop(files_of("file:///tmp/a.pdf"))
    assert desk.drop(picture_of(red()))
    assert (desk.files, len(desk.pictures)) == ([[Path("/tmp/a.pdf")]], 1)
    assert not desk.drop(text_of("word"))


def test_the_frame_shows_that_it_takes_what_is_held_above_it(desk: Desk) -> None:
    frame = desk.field.parentWidget()
    assert frame is not None
    mime = files_of("file:///tmp/a.pdf")
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(desk.composer, enter)
    assert frame.property("dropping") is True
    desk.drop(mime)
    assert frame.property("dropping") is False


def test_files_can_be_handed_in(desk: Desk) -> None:
    desk.composer.attach_files([Path("/tmp/a.pdf")])
    assert desk.files == [[Path("/tmp/a.pdf")]]
