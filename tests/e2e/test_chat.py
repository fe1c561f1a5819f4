"""Everything that a chat can do, on the real engine through a real window, and what is on the disk afterwards."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desktop_app.domain.chat import Timing
from desktop_app.paths import resources
from tests.e2e import models, traces
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import answer_file_dialog, choose_down, open_model, start_guide, wait_ready
from tests.e2e.test_main_job import QUESTION, as_shown, known_answer

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]

_OTHER_QUESTION = "Is my text sent anywhere?"
_ANSWER = "Guide answered"
_OTHER_ANSWER = "talkative answered"
_CONTEXT = 12_288
"""Tokens that the model which never stops talking keeps in mind."""
_LIMIT = 400
"""Tokens after which it is cut all the same."""
_ANSWER_SECONDS = 240
_FOUR_TOKENS = "The engine ends. "
_SECRET = "Xylophonquartett"
_EXPORT = 4
_FORMS = {".md": 1, ".json": 2, ".html": 3, ".pdf": 4}
"""Places in the menu of a chat and in the one that opens there."""


def test_a_chat_in_every_way(desktop: Desktop, engine_data: Path, tmp_path: Path) -> None:
    data, files = engine_data, tmp_path / "exported"
    files.mkdir()
    window = desktop.open(data)
    start_guide(window)
    window.focus(name="Message")
    ask_and_read_the_figures(window, data)
    answer_again(window, data)
    edit_the_question(window, data)
    continue_what_was_cut(window, data)
    delete_and_undo(window, data)
    branch(window, data)
    search(window)
    export(window, files)

    talkative = models.attentive(tmp_path / "talkative", _CONTEXT)
    open_model(window, talkative)
    wait_ready(window)
    queue_and_stop(window, data, talkative)
    attach(window, data, tmp_path, talkative)
    fill_the_context(window, data, tmp_path)
    try_with_another_model(window, data)
    talk_without_a_trace(window, data)
    before = traces.turns(data)
    assert window.close() == 0

    again = desktop.open(data)
    find_everything_again(again)
    assert again.close() == 0
    assert traces.turns(data) == before

    find_in_another_folder(desktop.open(tmp_path / "other"), files / "chat.json")


def turn(data: Path, index: int = -1) -> dict[str, Any]:
    """A message on the disk, the newest when nothing else is said; empty when there is none."""
    found = traces.turns(data)
    return found[index] if -len(found) <= index < len(found) else {}


def ask(window: Window, question: str) -> None:
    window.focus(name="Message", role="text")
    window.type(question)
    window.key("Return")


def wait_for_turn(window: Window, data: Path, count: int, *states: str) -> dict[str, Any]:
    """The last of *count* messages on the disk, once it is in one of *states*; complete when none is named."""

    def there() -> bool:
        found = traces.turns(data)
        return len(found) == count and found[-1]["state"] in (states or ("complete",))

    window.wait(there, f"{count} messages on the disk, the last one {states}", _ANSWER_SECONDS)
    return turn(data)


def ask_and_read_the_figures(window: Window, data: Path) -> None:
    """What is said under an answer is what is on the disk."""
    ask(window, QUESTION)
    window.find(inside=_ANSWER, has=as_shown(known_answer()))
    stored = wait_for_turn(window, data, 2)
    assert stored["parent"] == turn(data, 0)["id"]
    assert stored["text"] == known_answer()
    tokens, seconds = stored["answer_tokens"], stored["first_token_seconds"]
    speed = Timing(seconds, stored["decode_seconds"], answer_tokens=tokens).tokens_per_second
    line = window.find(inside=_ANSWER, has=f"{tokens} tokens · first word after {seconds:.2f} s · finished").name
    # Of an answer that comes in one piece no speed is told.
    told = f"{speed:.0f} tok/s · " if speed >= 10 else f"{speed:.1f} tok/s · " if speed else ""
    assert line.startswith(f"{told}{tokens} tokens")

    window.press(inside=_ANSWER, name="More")
    choose_down(window, 1)
    window.find(inside="Details of the answer", name="Model: Guide")
    details = {line.partition("|")[0] for line in window.tree()}
    record = stored["record"]
    for words in (
        f"Answer: {tokens} tokens",
        f"First word after: {seconds:.2f} s",
        f"Prompt: {stored['prompt_tokens']} tokens",
        f"Context: {record['context_tokens']:,} tokens",
        f"Engine: {record['engine']}",
        "Ended: finished (stop)",
    ):
        assert any(words in line for line in details), (words, sorted(details))
    window.press(inside=_ANSWER, name="More")
    choose_down(window, 1)
    window.gone(name="Details of the answer")


def answer_again(window: Window, data: Path) -> None:
    """Both answers are kept, and the arrows lead from one to the other."""
    window.key("ctrl+r")
    window.find(inside=_ANSWER, name="Version 2 of 2")
    newer = wait_for_turn(window, data, 3)
    older = turn(data, 1)
    assert (newer["parent"], newer["text"]) == (older["parent"], older["text"])
    window.press(inside=_ANSWER, name="Previous version")
    window.find(inside=_ANSWER, name="Version 1 of 2")
    window.key("alt+Right")
    window.find(inside=_ANSWER, name="Version 2 of 2")


def edit_the_question(window: Window, data: Path) -> None:
    """Another question stands beside the first one, with an answer of its own."""
    window.press(name="Edit question")
    window.find(role="text", name="Edit question", state="focused")
    window.key("ctrl+a")
    window.type(_OTHER_QUESTION)
    window.key("ctrl+Return")
    window.find(inside="You said", name="Version 2 of 2")
    window.find(inside=_ANSWER, has=as_shown(known_answer(_OTHER_QUESTION)))
    wait_for_turn(window, data, 5)
    first, second = turn(data, 0), turn(data, 3)
    assert (first["parent"], second["parent"]) == (None, None)
    assert (first["text"], second["text"]) == (QUESTION, _OTHER_QUESTION)
    window.press(inside="You said", name="Previous version")
    window.find(inside=_ANSWER, name="Version 2 of 2")
    window.find(inside="You said", has=QUESTION)


def continue_what_was_cut(window: Window, data: Path) -> None:
    """Cut and continued, an answer is what it would have been at once; the cut one is kept."""
    window.key("ctrl+period")
    window.focus(role="text", name="Longest answer")
    window.type("20")
    window.find(name="At most 20 tokens")
    window.key("ctrl+period")
    window.press(inside=_ANSWER, name="Regenerate")
    window.find(inside=_ANSWER, has="20 tokens · ")
    window.find(inside=_ANSWER, has="stopped at your limit of 20 tokens")
    cut = wait_for_turn(window, data, 6, "cut")
    window.press(inside=_ANSWER, name="Continue")
    whole = wait_for_turn(window, data, 7)
    window.find(inside=_ANSWER, has=as_shown(known_answer()))
    window.find(inside=_ANSWER, name="Version 4 of 4")
    assert whole["text"] == known_answer()
    assert whole["text"].startswith(cut["text"])
    assert whole["text"] != cut["text"]
    assert (whole["answer_tokens"], whole["record"]["continued_tokens"]) == (turn(data, 1)["answer_tokens"], 20)


def delete_and_undo(window: Window, data: Path) -> None:
    """A message that was deleted can be had back."""
    window.press(inside=_ANSWER, name="More")
    choose_down(window, 2)
    window.find(inside=_ANSWER, name="Version 3 of 3")
    window.wait(lambda: turn(data)["deleted"], "a deleted message on the disk")
    window.press(name="Undo")
    window.find(inside=_ANSWER, name="Version 4 of 4")
    window.wait(lambda: not turn(data)["deleted"], "the message back on the disk")


def branch(window: Window, data: Path) -> None:
    """The path to this answer goes on in a chat of its own; nothing of the other versions does."""
    window.press(inside=_ANSWER, name="Branch into a new chat")
    window.find(role="list item", has="(branch)")
    window.gone(inside=_ANSWER, name="Version 4 of 4")
    wait_for_turn(window, data, 9)
    question, answer = turn(data, -2), turn(data)
    assert (question["text"], answer["text"]) == (QUESTION, known_answer())
    assert (question["parent"], answer["parent"]) == (None, question["id"])
    assert question["conversation"] != turn(data, 0)["conversation"]


def search(window: Window) -> None:
    """What is found in a version that is not shown brings the conversation and this version."""
    window.key("ctrl+k")
    window.find(name="Search chats", state="focused")
    window.type("telemetry")
    window.find(role="list item", has="There is no telemetry")
    window.key("Return")
    window.find(inside=_ANSWER, has="There is no telemetry")
    window.find(inside="You said", name="Version 2 of 2")
    window.key("ctrl+k", "ctrl+a", "BackSpace")
    window.find(role="list item", has="(branch)")


def export(window: Window, files: Path) -> None:
    """One file of each kind."""
    for ending, place in _FORMS.items():
        window.focus(name="Conversations")
        window.key("Menu")
        choose_down(window, _EXPORT, place)
        file = files / f"chat{ending}"
        answer_file_dialog(window, "Export as", file)
        window.find(has=f"Exported to {file}")
        window.wait(file.exists, f"{file}")
    markdown, page = ((files / f"chat{ending}").read_text("utf-8") for ending in (".md", ".html"))
    assert known_answer() in markdown
    assert known_answer(_OTHER_QUESTION) in markdown
    assert "There is no telemetry" in page
    assert "<script" not in page
    assert (files / "chat.pdf").read_bytes().startswith(b"%PDF")
    schema = json.loads((resources() / "chat-export.schema.json").read_text("utf-8"))
    chats = json.loads((files / "chat.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(chats)
    assert len(chats["chats"][0]["messages"]) == 7


def queue_and_stop(window: Window, data: Path, model: Path) -> None:
    """The next question waits until the answer before it has ended, and is then asked by itself."""
    window.key("ctrl+n")
    window.key("ctrl+period")
    window.focus(role="text", name="Longest answer")
    window.type(str(_LIMIT))
    window.find(name=f"At most {_LIMIT:,} tokens")
    window.key("ctrl+period")
    ask(window, "First")
    # Nobody looks at the window meanwhile: that may take longer than the answer.
    window.type("Second")
    window.key("Return")
    wait_for_turn(window, data, 13, "cut")
    first, second = turn(data, -3), turn(data, -2)
    assert (first["state"], first["answer_tokens"]) == ("cut", _LIMIT)
    assert (second["text"], second["parent"]) == ("Second", first["id"])
    assert second["created"] >= first["created"]

    window.key("ctrl+n")
    ask(window, "Third")
    wait_for_turn(window, data, 15, "streaming")
    window.wait(lambda: turn(data)["text"], "the first words", _ANSWER_SECONDS)
    with traces.halted(traces.leader(model)):
        window.type("Fourth")
        window.key("Return", "Escape")
        # What waits is on the disk, too.
        wait_for_turn(window, data, 16)
        window.wait(lambda: turn(data, -2)["state"] == "stopped", "a stopped answer")
    assert turn(data, -2)["answer_tokens"] > 0
    assert (turn(data)["text"], turn(data)["parent"]) == ("Fourth", turn(data, -2)["id"])
    window.find(inside=_OTHER_ANSWER, has="stopped by you")
    window.find(has="Waits until the answer has ended: Fourth")
    window.press(name="Take back “Fourth”")
    window.find(name="Message", has="Fourth")
    window.wait(lambda: turn(data)["deleted"], "a question taken back")


def attach(window: Window, data: Path, folder: Path, model: Path) -> None:
    """The model is given what stands in a file."""
    before = turn(data, -2)["prompt_tokens"]
    attach_file(window, folder / "notes.txt", 800)
    window.focus(name="Message", role="text")
    window.key("Return")
    wait_for_turn(window, data, 18, "streaming")
    window.wait(lambda: turn(data)["text"], "the first words", _ANSWER_SECONDS)
    with traces.halted(traces.leader(model)):
        window.key("Escape")
        assert wait_for_turn(window, data, 18, "stopped")["prompt_tokens"] > before + 800
    window.find(inside="You said", has="notes.txt")


def attach_file(window: Window, file: Path, tokens: int) -> None:
    """Write so many tokens into a file and hang it on the question."""
    file.write_text(_FOUR_TOKENS * (tokens // 4), "utf-8")
    window.key("ctrl+shift+a")
    answer_file_dialog(window, "Attach files", file)
    window.find(has=file.name)


def fill_the_context(window: Window, data: Path, folder: Path) -> None:
    """A question that is too long with all the others is not sent before somebody has chosen what to do."""
    attach_file(window, folder / "book.txt", _CONTEXT - 600)
    before = traces.turns(data)
    ask(window, "Fifth")
    window.find(has="This chat has become too long for the model")
    assert traces.turns(data) == before
    assert window.look(name="Stop the answer") is None
    window.press(has="Leave out the oldest")
    answer = wait_for_turn(window, data, 20, "cut")
    assert _CONTEXT - 600 <= answer["prompt_tokens"] < _CONTEXT
    window.find(inside=_OTHER_ANSWER, has=f"the context of {_CONTEXT:,} tokens is full")


def try_with_another_model(window: Window, data: Path) -> None:
    """Both answers are kept."""
    window.press(inside=_OTHER_ANSWER, name="Try with another model")
    choose_down(window, 1)
    window.find(inside=_ANSWER, name="Version 2 of 2")
    answer = wait_for_turn(window, data, 21, "complete", "cut")
    assert (answer["model"], turn(data, -2)["model"]) == ("Guide", "talkative")
    assert answer["parent"] == turn(data, -2)["parent"]


def talk_without_a_trace(window: Window, data: Path) -> None:
    """Nothing of a temporary chat is on the disk, not even of what was written and not sent."""
    before = traces.turns(data)
    window.key("ctrl+shift+t")
    ask(window, f"Is a {_SECRET} text sent anywhere?")
    window.find(inside=_ANSWER, has="first word after")
    window.type(_SECRET)
    window.find(name="Message", has=_SECRET)
    window.key("ctrl+n")
    window.gone(name=_ANSWER)
    assert traces.turns(data) == before
    assert traces.files_with(data, _SECRET) == []


def find_everything_again(window: Window) -> None:
    """Conversations, versions and the settings of each are there after a restart."""
    window.focus(name="Conversations")
    window.key("Down")
    window.find(inside=_ANSWER, name="Version 2 of 2")
    window.key("Down")
    window.find(name=f"At most {_LIMIT:,} tokens")
    window.key("Down", "Down")
    window.find(inside="You said", name="Version 2 of 2")
    window.press(inside="You said", name="Previous version")
    window.find(inside=_ANSWER, name="Version 4 of 4")
    window.find(name="At most 20 tokens")


def find_in_another_folder(window: Window, file: Path) -> None:
    """What was exported can be imported elsewhere, with every version."""
    window.press(name="Skip for now")
    window.press(name="Import…")
    answer_file_dialog(window, "Import chats", file)
    window.find(role="list item", has=QUESTION)
    window.find(inside="You said", name="Version 2 of 2")
    window.find(inside=_ANSWER, has=as_shown(known_answer(_OTHER_QUESTION)))
    window.press(inside="You said", name="Previous version")
    window.find(inside=_ANSWER, name="Version 4 of 4")
    window.find(name="At most 20 tokens")
    assert window.close() == 0
