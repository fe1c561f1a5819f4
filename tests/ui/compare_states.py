"""Comparisons as the page is told of them, made by hand."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.experiment import Cell, CellState, Column, Experiment, ExperimentKind, Prompt
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.services.compare_view import ColumnFigures, ColumnState, CompareState

NAMES = ("Qwen2.5-1.5B-Instruct", "Llama-3.2-3B", "SmolLM2-360M", "gemma-3-4b-it", "Qwen3-8B-AWQ", "Mistral-7B-v0.3")
QUESTION = "How big does the KV cache get, and how do I make it smaller?"


def cell(number: int, column: int, text: str, state: CellState = CellState.DONE, prompt: int = 1) -> Cell:
    """An answer; its id is *number*."""
    ended = {CellState.DONE: MessageState.COMPLETE, CellState.STOPPED: MessageState.STOPPED}
    message = Message(
        number,
        Role.ASSISTANT,
        text,
        MessageState.FAILED if state is CellState.FAILED else ended.get(state, MessageState.STREAMING),
        model=NAMES[(column - 1) % len(NAMES)],
        timing=Timing(0.31, 4.0, 40, 164),
        record=AnswerRecord(finish="stop"),
    )
    return Cell(number, prompt, column, state=state, answer=message)


def column(
    number: int, *cells: Cell, title: str = "", settings: str = "", words: str = "", failure: str = ""
) -> ColumnState:
    """A column that was asked one question for each of its cells."""
    name = NAMES[(number - 1) % len(NAMES)]
    made = Column(number, ModelRef(name, Path(f"/models/{name}")), ChatSettings(sampling=Sampling(temperature=0.2)))
    messages: list[Message] = []
    for one in cells:
        messages += [Message(-one.prompt, Role.USER, QUESTION), one.answer]
    return ColumnState(made, title or name, settings, words, failure, tuple(messages), cells)


def comparison(*columns: ColumnState, figures: tuple[ColumnFigures, ...] = ()) -> CompareState:
    """An experiment with these columns."""
    prompts = sorted({one.prompt for shown in columns for one in shown.cells})
    experiment = Experiment(
        7,
        "KV cache",
        ExperimentKind.CONVERSATION,
        tuple(one.column for one in columns),
        tuple(Prompt(number, QUESTION) for number in prompts),
    )
    done = sum(one.state is CellState.DONE for shown in columns for one in shown.cells)
    return CompareState(experiment, columns, figures, done=done)


def answered(count: int, text: str = "It grows with every word.", prompts: int = 1) -> CompareState:
    """So many columns, each with an answer to every question, and their figures."""
    columns = tuple(
        column(number, *(cell(100 * number + prompt, number, text, prompt=prompt) for prompt in range(1, prompts + 1)))
        for number in range(1, count + 1)
    )
    return comparison(*columns, figures=tuple(figures(number) for number in range(1, count + 1)))


def figures(number: int) -> ColumnFigures:
    """Of a column; the first is fastest, the second answers soonest and takes least memory."""
    best = {1: frozenset({"speed"}), 2: frozenset({"first_word", "memory"})}.get(number, frozenset())
    first_word = (0.31, 0.2, 0.42, 0.35, 0.51, 0.47)[number - 1]
    memory = (5, 4, 7, 8, 9, 10)[number - 1] << 29
    return ColumnFigures(
        number, 1, 0, first_word, 64.0 - 6 * number, 160 + number, memory, finish="finished", best=best
    )


def hidden(state: CompareState) -> CompareState:
    """The same with names hidden, as the service shows it."""
    columns = tuple(
        replace(
            one,
            column=Column(one.column.id, ModelRef(f"Column {place}")),
            title=f"Column {place}",
            settings="",
            messages=tuple(replace(message, model="", timing=Timing()) for message in one.messages),
        )
        for place, one in enumerate(state.columns, 1)
    )
    return replace(state, columns=columns, figures=(), hidden=True)
