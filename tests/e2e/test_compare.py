"""Two models compared on the real engine through a real window: together, in turns, and while things are killed."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desktop_app.domain.chat import Timing
from desktop_app.paths import Paths, resources
from tests.conftest import wait_until
from tests.e2e import models, traces
from tests.e2e.conftest import nothing_left
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import answer_file_dialog, choose_down

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]

_NAMES = ("amber", "cobalt")
_ANSWERS = ("amber answered", "cobalt answered")
_TOKENS = 900
"""Of every answer: a second or two where nobody else works, a minute where many do."""
_QUESTIONS = ("What is a swap?", "And what comes then?", "Which of you is first?")
_PROMPTS = ("One", "Two", "Three", "Four", "Five", "Six")
_MARKDOWN, _JSON = 3, 6
"""Places in the menu of an experiment."""
_RUN_SECONDS = 240
"""Two starts of an engine, and answers, on a machine that has other things to do."""

Cells = list[dict[str, Any]]


@pytest.fixture
def data(engine_data: Path) -> Path:
    """A data folder with the real engine and two models of our own."""
    for seed, name in enumerate(_NAMES):
        folder = Paths(engine_data).models / "made here" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        models.outspoken(folder, _TOKENS, seed)
    return engine_data


def test_side_by_side_and_then_one_after_another(desktop: Desktop, data: Path, tmp_path: Path) -> None:
    window = desktop.open(data)
    begin(window, "Side by side")
    both = planned(window, "Both fit into memory together")
    ask_and_see_both_stream(window, data)
    read_the_results(window, data)
    ask_once_more(window, data)
    go_on_in_a_chat(window, data)
    go_on_from_one(window)
    export(window, data, tmp_path)
    leave_room_for_one(window, both)
    see_the_swap(window, data)
    before = traces.cells(data)
    assert window.close() == 0
    nothing_left(data)

    again = desktop.open(data)
    open_first(again, _QUESTIONS[0], "6 of 6 done")
    find_answers(again, data, 3)
    planned(again, "Memory holds one of them at a time")
    assert again.close() == 0
    assert traces.cells(data) == before


def test_a_prompt_set_outlives_its_window_and_an_engine(desktop: Desktop, data: Path, tmp_path: Path) -> None:
    window = desktop.open(data)
    begin(window, "Prompt set")
    write_prompts(window, tmp_path / "prompts.jsonl")
    two_at_a_time(window)
    window.press(role="push button", name="Run")
    done = kill_the_window(window, data)

    window = desktop.open(data)
    waiting = find_what_waits(window, data, done)
    window.press(name="Continue")
    kill_an_engine(window, data)
    failed = find_what_failed(window, data, done)
    window.press(name="Run them again")
    window.wait(lambda: in_state(data, "done") == len(_PROMPTS) * 2, "every answer", _RUN_SECONDS)
    window.gone(name="Run them again")
    window.gone(has="The engine was ended from outside")
    only_what_was_missing_was_asked(data, done, waiting, failed)
    window.wait(lambda: traces.serving(data) == {}, "the end of the engines")
    assert window.close() == 0


def begin(window: Window, kind: str) -> None:
    """Make an experiment; its columns are the two models."""
    window.key("ctrl+3")
    window.press(role="push button", name=kind)
    window.find(role="label", name=", ".join(_NAMES))


def open_first(window: Window, title: str, words: str) -> None:
    """Open the newest experiment of the list, of which this is said there."""
    window.key("ctrl+3")
    window.find(role="list item", has=title)
    assert words in window.find(role="list item", has=title).name
    window.focus(role="list", name="Experiments")
    window.key("Home", "Return")
    window.find(name="More: rename, blind, export")


def ask(window: Window, question: str) -> None:
    window.focus(role="text", name="Message to all columns")
    window.type(question)
    window.key("Return")


def planned(window: Window, words: str) -> float:
    """Wait until the plan says this beforehand; how many GB the engines take that it speaks of, 0 when it does not."""
    found = re.search(r"\(([\d.]+) GB", window.find(name="Run", has=words).description)
    return float(found[1]) if found else 0.0


def answers(data: Path, number: int) -> Cells:
    """The answers to a question on the disk, by column."""
    return [cell for cell in traces.cells(data) if cell["prompt"] == number]


def wait_for_answers(window: Window, data: Path, number: int) -> Cells:
    """The whole answers to a question, of both columns."""

    def there() -> bool:
        return [cell["state"] for cell in answers(data, number)] == ["done", "done"]

    window.wait(there, f"both answers to question {number}", _RUN_SECONDS)
    found = answers(data, number)
    assert [(cell["model"], cell["answer_tokens"]) for cell in found] == [(name, _TOKENS) for name in _NAMES]
    return found


def find_answers(window: Window, data: Path, number: int) -> None:
    """What there is of the answers to a question is on the screen: the last ones of both columns."""
    for shown, cell in zip(_ANSWERS, answers(data, number), strict=True):
        words = re.search("[A-Za-z]{3,}( [A-Za-z]{3,})*", cell["text"])
        window.find(inside=shown, has=words[0] if words else cell["text"].strip())


def ask_and_see_both_stream(window: Window, data: Path) -> None:
    """Each engine is halted as soon as it has said something: were they asked in turns, the other one never would."""
    ask(window, _QUESTIONS[0])
    window.find(_RUN_SECONDS, name="Run", has="Starting cobalt")
    halted: dict[str, int] = {}
    # Looked for beforehand: an answer does not wait for whoever looks through all processes.
    serving = wait_for_engines(data)

    def both_speak() -> bool:
        for name in (cell["model"] for cell in answers(data, 1) if cell["state"] == "running" and cell["text"]):
            if name not in halted:
                halted[name] = serving[name]
                os.kill(halted[name], signal.SIGSTOP)
        return len(halted) == 2

    wait_until(both_speak, "words of both", _RUN_SECONDS)
    find_answers(window, data, 1)
    assert not any(window.look(inside=shown, has=f"{_TOKENS:,} tokens · ") for shown in _ANSWERS)
    assert [cell["state"] for cell in answers(data, 1)] == ["running", "running"]
    for pid in halted.values():
        os.kill(pid, signal.SIGCONT)
    cells = wait_for_answers(window, data, 1)
    assert [cell["beside"] for cell in cells] == [1, 1]
    assert cells[0]["text"] != cells[1]["text"]


def wait_for_engines(data: Path) -> dict[str, int]:
    """The first processes of both engines, once there are some."""
    folders = {name: Paths(data).models / "made here" / name for name in _NAMES}
    wait_until(lambda: all(map(traces.leader, folders.values())), "both engines", _RUN_SECONDS)
    return {name: traces.leader(folder) for name, folder in folders.items()}


def read_the_results(window: Window, data: Path) -> None:
    """Every column has its figures, those of its answer on the disk."""
    window.find(role="push button", name="Show differences")
    if window.look(name="Show the results"):
        window.press(name="Show the results")
    for name, cell in zip(("A · amber", "B · cobalt"), answers(data, 1), strict=True):
        seconds = cell["first_token_seconds"]
        speed = Timing(seconds, cell["decode_seconds"], answer_tokens=_TOKENS).tokens_per_second
        figures = window.find(name=f"Results of {name}", has=f"Tokens: {_TOKENS:,}. Memory: ").description
        assert f"First word after: {seconds:.2f} s" in figures
        told = f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"
        assert f"Tokens/s: {told}" in figures
        assert f"Ended: stopped at the model's limit of {_TOKENS:,} tokens" in figures
        assert cell["memory"] > 200 << 20
    # Nobody is called the faster one: they slowed one another down.
    window.find(has="Speeds are not ranked")


def ask_once_more(window: Window, data: Path) -> None:
    """Every column is told its own answer, and nobody else's."""
    ask(window, _QUESTIONS[1])
    before, cells = answers(data, 1), wait_for_answers(window, data, 2)
    for first, second in zip(before, cells, strict=True):
        assert second["prompt_tokens"] > _TOKENS + first["prompt_tokens"]
        assert second["provenance"] == first["provenance"]
    assert cells[0]["provenance"] != cells[1]["provenance"]


def go_on_in_a_chat(window: Window, data: Path) -> None:
    """What one column said is a chat with its model, which is still there."""
    window.press(inside=_ANSWERS[1], name="Continue in a chat")
    window.find(name="Choose a model; chosen: cobalt")
    window.find(role="label", name="Ready")
    window.focus(role="text", name="Message")
    window.type("And now?")
    window.key("Return")
    window.wait(lambda: len(traces.turns(data)) == 6, "the question in the chat")
    window.wait(lambda: traces.turns(data)[-1]["state"] == "cut", "the answer in the chat", _RUN_SECONDS)
    said = [(turn["role"], turn["text"]) for turn in traces.turns(data)]
    assert [text for role, text in said if role == "user"] == [*_QUESTIONS[:2], "And now?"]
    assert [text for _, text in said[1:4:2]] == [answers(data, number)[1]["text"] for number in (1, 2)]
    window.key("ctrl+3")


def go_on_from_one(window: Window) -> None:
    """The third question follows what amber said last, in both columns."""
    window.press(inside=_ANSWERS[0], name="Go on from this one")
    window.find(inside=_ANSWERS[1], has="Goes on from A’s answer")
    window.find(inside=_ANSWERS[0], name="All go on from this one: Undo")


def export(window: Window, data: Path, folder: Path) -> None:
    """A report to read, and everything in a form that is described."""
    files = {_MARKDOWN: folder / "report.md", _JSON: folder / "all.json"}
    for place, title in (
        (_MARKDOWN, "Export as Markdown, a report to read"),
        (_JSON, "Export as JSON, with everything"),
    ):
        window.press(name="More: rename, blind, export")
        choose_down(window, place)
        answer_file_dialog(window, title, files[place])
        window.find(has=f"Exported to {files[place]}")
    texts = [cell["text"] for cell in traces.cells(data)]
    report = files[_MARKDOWN].read_text("utf-8")
    assert [word for word in (*_NAMES, *_QUESTIONS[:2]) if word not in report] == []
    schema = json.loads((resources() / "experiment-export.schema.json").read_text("utf-8"))
    exported = json.loads(files[_JSON].read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(exported)
    assert sorted(cell["text"] for cell in exported["cells"]) == sorted(texts)
    assert [prompt.get("carried") for prompt in exported["prompts"]] == [None, answers(data, 2)[0]["column_id"]]


def leave_room_for_one(window: Window, both: float) -> None:
    """Allow three quarters of the memory that both take."""
    window.press(role="check box", name="Options")
    window.focus(role="text", name="Most memory")
    window.type(f"{both * 0.75:.1f}")
    window.key("Tab")
    planned(window, "Memory holds one of them at a time: they run one after another")
    window.press(role="check box", name="Answers")


def see_the_swap(window: Window, data: Path) -> None:
    """One engine makes room, the other one answers and is stopped, and the first one is started again, unattended."""
    seen: list[set[str]] = []
    now = set[str]()

    def over() -> bool:
        running = set(traces.serving(data))
        seen.extend([running] if running and running not in seen[-1:] else [])
        for name in [cell["model"] for cell in answers(data, 3) if cell["state"] == "running"]:
            if name not in now and (pid := traces.leader(Paths(data).models / "made here" / name)):
                with traces.halted(pid):
                    window.find(name=f"now: {name}")
                    now.add(name)
        return [cell["state"] for cell in answers(data, 3)] == ["done", "done"]

    ask(window, _QUESTIONS[2])
    # Whose turn it is stands there as long as its answer takes: each engine is halted until it was read.
    wait_until(over, "both answers, one after another", _RUN_SECONDS)
    together, first, second = seen
    assert (together, len(first), first | second, now) == (set(_NAMES), 1, set(_NAMES), set(_NAMES))
    cells = sorted(wait_for_answers(window, data, 3), key=lambda cell: int(cell["asked"]))
    assert [{cell["model"]} for cell in cells] == [first, second]
    assert [cell["beside"] for cell in cells] == [0, 0]
    find_answers(window, data, 3)


def write_prompts(window: Window, file: Path) -> None:
    """Write the first prompt by hand, and take the others from a file."""
    window.press(name="Write the first prompt")
    window.find(role="table cell", name="Prompt 1: empty", state="focused")
    window.type(_PROMPTS[0])
    # A button is pressed past the keyboard, which may still have letters on their way.
    window.find(role="table cell", name=f"Prompt 1: {_PROMPTS[0]}")
    file.write_text("\n".join(json.dumps({"prompt": text}) for text in _PROMPTS[1:]), "utf-8")
    window.press(name="Import…")
    answer_file_dialog(window, "Add prompts from a file", file)
    for number, text in enumerate(_PROMPTS, 1):
        window.find(role="table cell", name=f"Prompt {number}: {text}")


def two_at_a_time(window: Window) -> None:
    """Have every engine answer two questions at a time."""
    window.press(role="page tab", name="How it is run")
    window.focus(role="text", name="Questions at a time")
    window.key("ctrl+a")
    window.type("2")
    window.key("Tab")
    planned(window, "Both fit into memory together")
    window.press(role="check box", name="Answers")


def in_state(data: Path, *states: str) -> int:
    """How many cells are in one of *states*."""
    return sum(cell["state"] in states for cell in traces.cells(data))


def second_column(data: Path, state: str) -> Cells:
    return [cell for cell in traces.cells(data) if (cell["column_id"], cell["state"]) == (2, state)]


def kill_the_window(window: Window, data: Path) -> Cells:
    """As a crash does, in the middle of the answers; those that were given until then."""
    window.find(_RUN_SECONDS, name="Run", has="Starting cobalt")
    wait_until(lambda: second_column(data, "done") and second_column(data, "running"), "some answers", _RUN_SECONDS)
    window.kill()
    nothing_left(data)
    return [cell for cell in traces.cells(data) if cell["state"] == "done"]


def find_what_waits(window: Window, data: Path, done: Cells) -> Cells:
    """The window says it, and nothing goes on by itself."""
    open_first(window, "amber, cobalt", f"{len(done)} of {len(_PROMPTS) * 2} done")
    waiting = [cell for cell in traces.cells(data) if cell["state"] == "waiting"]
    assert len(waiting) + len(done) == len(_PROMPTS) * 2
    window.find(inside="Run", name="1 waits" if len(waiting) == 1 else f"{len(waiting)} wait")
    assert traces.processes_of(data, but=window.pid) == {}
    return waiting


def kill_an_engine(window: Window, data: Path) -> None:
    """One of the two, while it answers."""
    serving = wait_for_engines(data)
    wait_until(lambda: second_column(data, "running"), "an answer", _RUN_SECONDS)
    os.kill(serving["cobalt"], signal.SIGKILL)


def find_what_failed(window: Window, data: Path, done: Cells) -> Cells:
    """The column says why it has no more answers; the other one has all of them, and no engine is left."""
    window.find(_RUN_SECONDS, name="Run them again")
    window.find(role="table column header", has="The engine was ended from outside")
    cells = traces.cells(data)
    assert {cell["state"] for cell in cells if cell["column_id"] == 1} == {"done"}
    failed = [cell for cell in cells if cell["state"] == "failed"]
    assert {(cell["column_id"], cell["error"].partition(".")[0]) for cell in failed} == {
        (2, "The engine was ended from outside")
    }
    assert len(failed) + len([cell for cell in cells if cell["state"] == "done"]) == len(cells)
    window.find(inside="Run", name=f"{len(failed)} failed or stopped")
    assert [cell for cell in cells if cell["id"] in {one["id"] for one in done}] == done
    window.wait(lambda: traces.serving(data) == {}, "the end of the engines")
    return failed


def only_what_was_missing_was_asked(data: Path, done: Cells, waiting: Cells, failed: Cells) -> None:
    """What was answered before a crash is as it was, and everything is there once."""
    cells = {cell["id"]: cell for cell in traces.cells(data)}
    assert len(cells) == len(_PROMPTS) * 2
    assert [cells[cell["id"]] for cell in done] == done
    assert {cell["answer_tokens"] for cell in cells.values()} == {_TOKENS}
    orders = [cell["asked"] for cell in cells.values()]
    assert len(set(orders)) == len(orders)
    latest = max(cell["asked"] for cell in done)
    assert all(cells[cell["id"]]["asked"] > latest for cell in waiting)
    assert all(cells[cell["id"]]["asked"] > cell["asked"] for cell in failed)
