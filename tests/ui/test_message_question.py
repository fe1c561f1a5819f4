"""Questions with attachments, and long ones."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Attachment, AttachmentKind
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_attachments import PICTURE, Chips
from desktop_app.ui.widgets.transcript import Transcript
from tests.ui.hands import child, press_button
from tests.ui.transcripts import question, question_view, row_height, settle, shown_transcript, words


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    return shown_transcript(qtbot, theme)


def picture(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # Qt takes words here
    return bytes(buffer.data().data())


def file(name: str, **changes: object) -> Attachment:
    made = Attachment(1, name, AttachmentKind.TEXT, "text/plain", "x", size=48_200, tokens=1200)
    return replace(made, **changes)  # type: ignore[arg-type]


def named(transcript: Transcript) -> list[str]:
    chips = child(question_view(transcript, 1), Chips)
    return [one.accessibleName() for one in chips.children() if isinstance(one, QWidget)]


def test_attachments_are_chips_with_their_size(qtbot: QtBot, transcript: Transcript) -> None:
    image = file("p.png", kind=AttachmentKind.IMAGE, media="image/png")
    files = (
        file("a.pdf"),
        replace(image, data=picture(800, 400)),
        replace(image, name="q.png", size=2_500_000, tokens=0),
        replace(image, name="r.png", data=b"no picture", size=0, tokens=0),
        replace(image, name="s.svg", media="image/svg+xml", data=b"<svg/>"),
    )
    transcript.show_path((replace(question(1), attachments=files),), {})
    settle(qtbot, transcript)
    assert named(transcript) == [
        "a.pdf, 48 KB · 1,200 tokens",
        "Picture p.png",
        "q.png, 2.5 MB",
        "r.png",
        "s.svg, 48 KB · 1,200 tokens",
    ]
    chips = child(question_view(transcript, 1), Chips)
    assert chips._parts[1].width() == PICTURE
    assert chips._parts[1].height() == PICTURE // 2
    assert all(part.geometry().left() >= 0 and part.geometry().right() < chips.width() for part in chips._parts)
    transcript.show_path((question(1),), {})
    settle(qtbot, transcript)
    qtbot.waitUntil(lambda: not question_view(transcript, 1).findChildren(Chips))


def test_attachments_alone_have_no_bubble(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((replace(question(1, ""), attachments=(file("a.pdf"),)),), {})
    settle(qtbot, transcript)
    assert words(transcript) == ""


def test_a_long_question_is_folded(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((question(1, "\n".join(f"line {n}" for n in range(1, 61))),), {})
    settle(qtbot, transcript)
    assert words(transcript).endswith("line 30…")
    low = row_height(transcript, 1)
    press_button(transcript, "Show all (60 lines)")
    settle(qtbot, transcript)
    assert words(transcript).endswith("line 60")
    assert row_height(transcript, 1) > 1.5 * low
    press_button(transcript, "Show less")
    settle(qtbot, transcript)
    assert row_height(transcript, 1) == low


def test_one_long_line_is_folded_too(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_path((question(1, "word " * 5000),), {})
    settle(qtbot, transcript)
    assert len(words(transcript)) < 5000
    press_button(transcript, "Show all")
    settle(qtbot, transcript)
    assert len(words(transcript)) > 24_000
