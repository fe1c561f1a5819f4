"""Before a link is opened: where it leads, said plainly."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.link_dialog import LinkDialog, ask_to_open
from tests.ui.hands import press_button


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def asked(window: QWidget, theme: Theme, address: str, opened: list[str]) -> LinkDialog:
    dialog = ask_to_open(window, theme, address, opened.append)
    assert dialog is not None
    return dialog


def words(dialog: LinkDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel)).replace("\u200b", "")


def test_it_opens_after_a_click_on_open_and_not_before(window: QWidget, theme: Theme) -> None:
    opened: list[str] = []
    dialog = asked(window, theme, "https://example.org/a?b", opened)
    assert "Open example.org in your browser?" in words(dialog)
    assert opened == []
    press_button(dialog, "Open")
    assert opened == ["https://example.org/a?b"]


def test_cancel_opens_nothing(window: QWidget, theme: Theme) -> None:
    opened: list[str] = []
    press_button(asked(window, theme, "https://example.org/", opened), "Cancel")
    assert opened == []


def test_a_name_before_the_host_and_foreign_letters_are_pointed_out(window: QWidget, theme: Theme) -> None:
    dialog = asked(window, theme, "https://bank.example@\u0435vil.example/x", [])
    assert "Open xn--vil-qdd.example" in words(dialog).replace("xn--vil-5cd", "xn--vil-qdd")
    assert "“bank.example” before the @" in words(dialog)
    assert "letters of other alphabets" in words(dialog)


def test_the_address_can_be_copied_instead(window: QWidget, theme: Theme) -> None:
    opened: list[str] = []
    dialog = asked(window, theme, "https://example.org/" + "a" * 500, opened)
    press_button(dialog, "Copy address")
    assert QGuiApplication.clipboard().text() == "https://example.org/" + "a" * 500
    assert opened == []


def test_a_very_long_host_shows_its_end(window: QWidget, theme: Theme) -> None:
    assert "…" in words(asked(window, theme, "https://" + "a." * 60 + "evil.example/", []))
    assert "evil.example in your browser?" in words(asked(window, theme, "https://" + "a." * 60 + "evil.example/", []))


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "copy-code:0", ""])
def test_nothing_else_is_asked_about(window: QWidget, theme: Theme, address: str) -> None:
    assert ask_to_open(window, theme, address) is None
