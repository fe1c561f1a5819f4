"""What the chat asks of the rest: files to attach, to write and to read, another model, a link, the bin.

Made by the main window. Dialogs and menus are made when they are asked for.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop_app.domain.engine import EngineStage
from desktop_app.domain.launch import ModelRef
from desktop_app.services.chat_files import ChatFiles, Form, ImportResult
from desktop_app.services.preset_files import read_presets, write_presets
from desktop_app.services.program import Program
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.chat import ChatPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.message_actions import MessageAction

# ruff: noqa: PLC0415 - a dialog is imported when it is asked for, so that the window opens sooner
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""Signs that a file's name cannot have on one system or another."""
_NAME_CHARACTERS = 60


class ChatRoom(QObject):
    """Does for the chat what reaches beyond it.

    Args:
        page: the chat; dialogs belong to it.
        theme: colours and fonts.
        bridge: starts verbs of services.
        program: the services.
        files: writes chats to files and reads them.
        models_asked: shows the models to choose from.
    """

    def __init__(
        self,
        page: ChatPage,
        theme: Theme,
        bridge: Bridge,
        program: Program,
        files: ChatFiles,
        models_asked: Callable[[], None],
    ) -> None:
        super().__init__(page)
        self._page = page
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self._files = files
        self._models_asked = models_asked
        page.attach_clicked.connect(self._on_attach_clicked)
        page.side.export_asked.connect(self._on_export_asked)
        page.side.import_asked.connect(self._on_import_asked)
        page.side.bin_asked.connect(self.show_bin)
        page.presets_exported.connect(self._on_presets_exported)
        page.presets_imported.connect(self._on_presets_imported)
        page.middle.try_asked.connect(self._on_try_asked)
        page.middle.link_clicked.connect(self._on_link_clicked)

    def show_bin(self) -> None:
        """Show what was deleted."""
        from desktop_app.ui.widgets.bin_dialog import BinDialog

        chats, start = self._program.chats, self._bridge.start
        dialog = BinDialog(self._theme, self._page.window())
        dialog.restore_asked.connect(lambda keys: start("restore chats", chats.restore(keys)))
        dialog.delete_asked.connect(lambda keys: start("delete for good", chats.delete_for_good(keys)))
        dialog.empty_asked.connect(lambda: start("empty the bin", chats.empty_bin()))
        self._bridge.watch(dialog, chats.state, dialog.show_state)
        dialog.open()

    # Files.

    def _on_attach_clicked(self) -> None:
        def attach(files: Sequence[Path]) -> None:
            self._bridge.start("attach", self._program.draft.add_files(files))

        ask_for_files(self._page.window(), "Attach files", "", attach, several=True)

    def _on_export_asked(self, keys: list[int], form: Form) -> None:
        titles = {one.id: one.title for one in self._program.chats.state.value.conversations}
        name = titles.get(keys[0], "") if len(keys) == 1 else f"{len(keys)} chats"
        dialog = QFileDialog(self._page.window(), f"Export as {form.words}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form.value.removeprefix("."))
        dialog.selectFile(file_name(name) + form.value)
        dialog.fileSelected.connect(lambda file: self._export(keys, form, Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export(self, keys: Sequence[int], form: Form, file: Path) -> None:
        self._page.side.say(f"Writing {file.name}…")
        work = self._files.export(keys, form, file)
        self._bridge.ask(self, "export", work, lambda _done: self._page.side.say(f"Exported to {file}."))

    def _on_import_asked(self) -> None:
        kinds = "Exported chats (*.json *.zip);;All files (*)"
        ask_for_files(self._page.window(), "Import chats", kinds, self._import)

    def _import(self, files: Sequence[Path]) -> None:
        self._page.side.say(f"Reading {files[0].name}…")
        self._bridge.ask(self, "import", self._files.import_file(files[0]), self._on_imported)

    def _on_imported(self, result: ImportResult) -> None:
        self._page.side.say(result.words)
        self._bridge.start("read the list", self._program.chats.refresh())
        if result.conversations:
            self._bridge.start("open chat", self._program.conversations.open(result.conversations[0].id))

    def _on_presets_exported(self) -> None:
        presets = self._program.conversations.state.value.presets
        dialog = QFileDialog(self._page.window(), "Export presets")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile("presets.json")
        dialog.fileSelected.connect(lambda file: self._bridge.start("presets", write_presets(Path(file), presets)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_presets_imported(self) -> None:
        def keep(text: str) -> None:
            self._bridge.start("presets", self._program.conversations.take_presets(text))

        def take(files: Sequence[Path]) -> None:
            self._bridge.ask(self, "presets", read_presets(files[0]), keep)

        ask_for_files(self._page.window(), "Import presets", "Presets (*.json);;All files (*)", take)

    # Other models.

    def _on_try_asked(self, message: int) -> None:
        """Look at what is on this computer; the menu opens when that is known."""
        work = self._program.models.open()
        self._bridge.ask(self, "models", work, lambda _done: self._show_models(message))

    def _show_models(self, message: int) -> None:
        menu = QMenu(self._page)
        menu.setAccessibleName("Try with another model")
        menu.aboutToHide.connect(menu.deleteLater)
        for words, model in self._choices():
            menu.addAction(words, partial(self._try, message, model))
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction("More models…", self._models_asked)
        menu.popup(self._page.transcript.menu_place(message, MessageAction.TRY_WITH))

    def _choices(self) -> list[tuple[str, ModelRef]]:
        """What could answer instead: other engines that run, then models that would be started."""
        serving = self._program.serving
        ready = [one for one in serving.engines.value if one.stage is EngineStage.READY and one.model is not None]
        running = {one.model.key: one.model for one in ready if one.model is not None}
        found = {model.key: (f"{model.name} · runs", model) for model in running.values()}
        for one in self._program.models.state.value.usable:
            found.setdefault(one.key, (f"{one.name} · will be started", one))
        current = serving.status.value.model
        if current is not None:
            found.pop(current.key, None)
        return list(found.values())

    def _try(self, message: int, model: ModelRef) -> None:
        self._bridge.start("another model", self._program.conversations.try_with(message, model))

    def _on_link_clicked(self, address: str) -> None:
        from desktop_app.ui.widgets.link_dialog import ask_to_open

        ask_to_open(self._page.window(), self._theme, address)


def file_name(title: str) -> str:
    """A name for a file that every system takes, from a conversation's title."""
    words = " ".join(_UNFIT.sub(" ", title).split()).strip(". ")
    return words[:_NAME_CHARACTERS].rstrip(". ") or "chat"


def ask_for_files(
    parent: QWidget, title: str, kinds: str, chosen: Callable[[Sequence[Path]], None], *, several: bool = False
) -> None:
    """Let the person choose files; *chosen* is called with them, or nothing is."""
    dialog = QFileDialog(parent, title, "", kinds)
    mode = QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile
    dialog.setFileMode(mode)
    dialog.filesSelected.connect(lambda names: chosen([Path(name) for name in names]))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
