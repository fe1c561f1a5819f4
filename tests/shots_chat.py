"""Pictures of everything that can be done in a chat; `tests/shots.py` calls them with an open program.

Conversations are in the database as a model would have written them; only moments that pass too quickly are published
as the service would.
"""

import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QLineEdit, QListView, QToolButton, QWidget

from desktop_app.domain.chat import Conversation, Message, MessageState, Role, TokenChance
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling, Structure, StructureKind
from desktop_app.services.chat_files import Form
from desktop_app.services.chat_view import ContextFull, ContextState, Queued
from desktop_app.services.conversation_stream import NO_TEMPLATE
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.widgets.message_actions import ActionBar, MessageAction
from desktop_app.ui.widgets.message_answer import AnswerView
from tests.album import SIZE, SMALL, Album, settle
from tests.chat_content import long_path, rich_tree
from tests.conftest import reach

TALL = QSize(1280, 1500)
_TITLES = (
    ("KV cache sizing for Qwen3-8B", 0), ("Refactor the SSE decoder so it streams", 0), ("Regex for log phases", 0),
    ("Compare int4 and fp8 quality", 1), ("Explain speculative decoding", 1), ("Trip plan: Lisbon", 4),
    ("SQL window functions", 5), ("Draft release notes 0.4", 6), ("رسالة إلى صديقة في القاهرة", 20),
    ("量子化の比較", 30),
)  # fmt: skip


async def filled(program: Program) -> int:
    """A list of chats in folders and out of them, and the rich one open; its id."""
    store = program.stores.kept
    for title, days in reversed(_TITLES[1:]):
        words = (Message(0, Role.USER, f"{title}, please."), Message(0, Role.ASSISTANT, f"This is about {title}."))
        await store.import_tree(_conversation(title, days), _linked(words), {}, ChatSettings())
    tree = rich_tree()
    chosen = ChatSettings("You are a careful engineer.", Sampling(temperature=0.7, max_tokens=512), thinking=True)
    rich = await store.import_tree(_conversation(*_TITLES[0]), tree.messages, tree.chosen, chosen)
    folder = await store.add_folder("Work")
    listed = {one.title: one.id for one in await store.conversations()}
    await store.move([listed[_TITLES[1][0]], listed[_TITLES[2][0]]], folder.id)
    await store.set_pinned([listed["Explain speculative decoding"]], True)
    await program.chats.refresh()
    await program.conversations.open(rich.id)
    return rich.id


async def transcript(program: Program, window: MainWindow, album: Album) -> None:
    """Code, maths, reasoning folded and opened, versions, probabilities, details, a failure, the context's line."""
    state = program.conversations.state
    window.resize(TALL)
    await album.take("60-chat-rich")
    window.resize(SIZE)
    await album.take("61-chat-end")
    answer = next(one for one in state.value.messages if one.reasoning)
    window.chat.transcript.go_to(answer.id)
    await album.take("62-chat-versions")
    thought = next(one for one in window.chat.transcript.findChildren(QToolButton) if one.text().startswith("Thought"))
    thought.click()
    await album.take("62-chat-reasoning")
    thought.click()
    chances = tuple(
        TokenChance(f"{word} ", -0.02 if number % 5 else -2.3, ((f"{word} ", -0.02), ("Another ", -3.0)))
        for number, word in enumerate(state.value.messages[-1].text.split())
    )
    window.chat.transcript.show_chances(state.value.messages[-1].id, chances)
    window.chat.follow()
    await album.take("63-chat-probabilities")
    press(window.chat.transcript, "Show the answer")
    answers = window.chat.transcript.findChildren(AnswerView)
    last = max(answers, key=lambda one: one.y())
    bar = last.findChild(ActionBar)
    assert bar is not None
    bar.chosen.emit(MessageAction.DETAILS)
    window.chat.follow()
    await album.take("63-chat-details")
    bar.chosen.emit(MessageAction.DETAILS)
    await failed(program, window, album)
    state.set(replace(state.value, seen_from=state.value.messages[-2].id, summary="They spoke of the KV cache."))
    window.chat.transcript.go_to(state.value.messages[-2].id)
    await album.take("64-chat-line")
    window.resize(SMALL)
    window.chat.follow()
    await album.take("65-chat-small")
    window.resize(SIZE)


async def failed(program: Program, window: MainWindow, album: Album) -> None:
    """An answer that broke off with the engine."""
    state = program.conversations.state
    shown = state.value
    lost = replace(shown.messages[-1], state=MessageState.FAILED, error="The engine ended while it was answering.")
    state.set(replace(shown, messages=(*shown.messages[:-1], lost)))
    window.chat.follow()
    await album.take("63-chat-failed")
    state.set(shown)


async def composing(program: Program, window: MainWindow, album: Album, data: Path) -> None:
    """Files attached, a question queued, a full context, an answer edited where it stands."""
    report = data / "measurements-of-all-cards.csv"
    report.write_text("card,tokens/s\n" + "H200,41\n" * 400)
    await program.draft.add_files([report])
    window.chat.composer.set_text("What does the table say about the newest card?")
    state = program.conversations.state
    shown = state.value
    state.set(replace(shown, context=ContextState(28_400, 3_900, 32_768, estimated=False)))
    await album.take("66-composer-attached")
    full = ContextFull(
        36_100, 32_768, 6, "Your question and this conversation are 36,100 tokens; the model keeps 32,768."
    )
    state.set(replace(shown, answering=True, queued=(Queued("And on two cards?"), Queued("Write it as a table."))))
    await album.take("67-composer-queue")
    state.set(replace(shown, queued=(Queued("And on two cards?"), Queued("Write it as a table."))))
    await album.take("67-composer-queue-held-up")
    state.set(replace(shown, answering=True, waiting="Starting Qwen3-8B"))
    await album.take("67-composer-waiting")
    state.set(replace(shown, full=full))
    await album.take("68-context-full")
    state.set(replace(shown, suggestion=NO_TEMPLATE, settings=ChatSettings(mode=Mode.COMPLETION)))
    await album.take("68-completion-suggested")
    state.set(shown)
    program.draft.remove(0)
    window.chat.composer.set_text("")
    window.chat.transcript.edit(shown.messages[-2].id)
    await album.take("69-editing")
    press(window.chat.transcript, "Cancel")
    await attaching(program, window, album, data)


async def attaching(program: Program, window: MainWindow, album: Album, data: Path) -> None:
    """A file held above the composer, one that is too large, a link that is asked about."""
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile(str(data / "notes.txt"))])
    none = Qt.KeyboardModifier.NoModifier
    over = QDragEnterEvent(QPoint(40, 20), Qt.DropAction.CopyAction, held, Qt.MouseButton.LeftButton, none)
    window.chat.composer.dragEnterEvent(over)
    await album.take("69-dropping")
    window.chat.composer.dragLeaveEvent(QDragLeaveEvent())
    large = data / "whole-library.txt"
    with large.open("wb") as file:
        file.truncate(2_000_000_000)
    await program.draft.add_files([large])
    await album.take("69-too-large")
    program.draft.dismiss_error()
    window.chat.middle.link_clicked.emit("https://docs.vllm.ai/en/latest/features/quantization/quantized_kvcache.html")
    await settle()
    dialog = window.findChildren(QDialog)[-1]
    await album.take("69-link", dialog)
    dialog.close()


async def settings(program: Program, window: MainWindow, album: Album) -> None:
    """The settings of a chat: at first, all of them, with a form that the answer must have."""
    window.resize(TALL)
    window.chat.toggle_settings()
    await album.take("70-chat-settings")
    form = Structure(StructureKind.JSON, '{"type": "object", "properties": {"name": {"type": "string"')
    await program.conversations.set_settings(replace(program.conversations.state.value.settings, structure=form))
    await album.take("71-chat-settings-form")
    await program.conversations.set_settings(replace(program.conversations.state.value.settings, structure=Structure()))
    window.resize(SMALL)
    await album.take("72-chat-settings-small")
    window.chat.toggle_settings()
    window.resize(SIZE)


async def the_list(program: Program, window: MainWindow, album: Album) -> None:
    """Searching, several chosen, the bin, a temporary chat, an export being chosen."""
    window.chat.search()
    line = next(one for one in window.chat.list.findChildren(QLineEdit) if one.accessibleName() == "Search chats")
    line.setText("cache")
    await reach(lambda: program.chats.state.value.found, "what was found")
    await album.take("73-search")
    line.clear()
    await settle()
    listed = window.chat.list.findChildren(QListView)[0]
    listed.selectAll()
    await album.take("73-selected")
    press(window.chat.list, "Select only the open chat")
    keys = [one.id for one in program.chats.state.value.conversations][-2:]
    await program.chats.delete(keys)
    await album.take("74-deleted")
    window.chat.side.bin_asked.emit()
    await settle()
    dialog = window.findChildren(QDialog)[-1]
    await album.take("75-bin", dialog)
    dialog.close()
    await program.chats.undo()
    window.chat.side.export_asked.emit([program.conversations.state.value.open_id], Form.HTML)
    await settle()
    dialog = window.findChildren(QDialog)[-1]
    await album.take("76-export", dialog)
    dialog.close()
    window.chat.new_temporary_chat()
    await album.take("77-temporary")


async def preferences(program: Program, window: MainWindow, album: Album, rich: int) -> None:
    """Preferences, shortcuts, everything at twice the size of text, very long chats."""
    window.preference_room.show_preferences()
    await album.take("78-preferences")
    window.preference_room.show_shortcuts()
    await album.take("79-shortcuts")
    window.preference_room.choose_text_scale(2.0)
    await album.take("80-shortcuts-200")
    window.show_chat()
    await program.conversations.open(rich)
    await album.take("81-chat-200")
    window.preference_room.choose_text_scale(1.0)
    path = long_path(2_000)
    kept = await program.stores.kept.import_tree(_conversation("Two thousand messages", 0), path, {}, ChatSettings())
    await program.chats.refresh()
    await program.conversations.open(kept.id)
    await album.take("82-long")


def press(parent: QWidget, name: str) -> None:
    """Press the button with this name that is to be seen."""
    next(
        one for one in parent.findChildren(QAbstractButton) if one.isVisible() and one.accessibleName() == name
    ).click()


def _conversation(title: str, days: int) -> Conversation:
    return Conversation(0, title, time.time() - days * 86_400, titled=True)


def _linked(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """One below the other."""
    return tuple(replace(one, id=number + 1, parent=number or None) for number, one in enumerate(messages))
