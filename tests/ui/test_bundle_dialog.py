"""The support bundle: everything is seen before anything is saved."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QListWidget, QPlainTextEdit
from pytestqt.qtbot import QtBot

from desktop_app.domain.errors import UserError
from desktop_app.services.bundle import BundlePart
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.bundle_dialog import BundleDialog
from tests.ui.hands import child, press, press_button, seen, words

PARTS = (BundlePart("versions.txt", "vLLM 0.32.0"), BundlePart("engine.log", "<b>INFO</b> ready"))


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> BundleDialog:
    made = BundleDialog(theme, PARTS)
    qtbot.addWidget(made)
    made.open()
    return made


def test_every_part_can_be_read(dialog: BundleDialog) -> None:
    names = child(dialog, QListWidget, "Parts of the bundle")
    text = child(dialog, QPlainTextEdit, "Text of the chosen part")
    assert text.toPlainText() == "vLLM 0.32.0"
    press(names, Qt.Key.Key_Down)
    assert text.toPlainText() == "<b>INFO</b> ready"
    assert text.isReadOnly()


def test_it_is_saved_where_somebody_wants_it(dialog: BundleDialog, tmp_path: Path) -> None:
    asked: list[Path] = []
    dialog.save_chosen.connect(asked.append)
    press_button(dialog, "Save…")
    files = child(dialog, QFileDialog)
    assert files.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    files.fileSelected.emit(str(tmp_path / "bundle.zip"))
    files.reject()
    assert asked == [tmp_path / "bundle.zip"]


def test_why_it_could_not_be_saved_stands_in_it(dialog: BundleDialog) -> None:
    dialog.show_error(UserError("The bundle could not be saved.", "The disk is full."))
    assert {"The bundle could not be saved.", "The disk is full."} <= set(words(dialog))
    assert seen(dialog, QListWidget)
