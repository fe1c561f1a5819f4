"""Experiments for tests, pictures and benchmarks of the grid of answers: as many prompts and columns as are wanted."""

from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.experiment import (
    Cell,
    CellHead,
    CellState,
    CheckKind,
    CheckResult,
    Column,
    Experiment,
    ExperimentKind,
    Options,
    Prompt,
    Provenance,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.services.compare_view import ColumnFigures, ColumnState, CompareState

Key = tuple[int, int, int]

_QUESTIONS = (
    "What is the capital of Australia? Answer with its name only.",
    "Explain in two sentences why the sky is blue, for a child of eight who likes dinosaurs.",
    "A train leaves at 14:35 and takes 2 h 50 min. When does it arrive?",
    "Write a regular expression that matches a date such as 2024-02-29, and say what it does not check.",
    "Translate into German: “The early bird catches the worm, but the second mouse gets the cheese.”",
)
_ANSWERS = (
    "Canberra",
    "Sunlight is made of all colours, and the air throws the blue ones around more than others. So blue light came",
    "It arrives at 17:25.",
    r"`\d{4}-\d{2}-\d{2}` matches four digits, a dash, two digits, a dash and two; it does not check the month.",
    "Der frühe Vogel fängt den Wurm, aber die zweite Maus bekommt den Käse.",
)
_NAMES = ("Qwen3-8B", "Gemma-3-27B-it", "Llama-3.2-3B-Instruct", "Phi-4-mini", "Qwen3-8B", "Mistral-7B")


def prompts(count: int) -> tuple[Prompt, ...]:
    """So many prompts, with ids from 1."""
    return tuple(
        Prompt(number + 1, _QUESTIONS[number % 5], _ANSWERS[0] if number % 5 == 0 else "") for number in range(count)
    )


def experiment(count: int = 5, columns: int = 3, repeats: int = 1) -> Experiment:
    """An experiment with a set of prompts."""
    made = tuple(Column(one + 1, ModelRef(_NAMES[one], Path(f"/models/{one}"))) for one in range(columns))
    options = Options(repeats=repeats)
    return Experiment(1, "Facts", ExperimentKind.PROMPTS, made, prompts(count), options)


def state(of: Experiment, hidden: bool = False) -> CompareState:
    """The experiment as the page is told of it."""
    columns = tuple(
        ColumnState(one, f"Column {one.id}" if hidden else one.model.name, "temperature 0.2" if one.id % 2 else "")
        for one in of.shown
    )
    figures = tuple(
        ColumnFigures(one.id, 20, one.id % 2, 0.31, 41.0 - one.id, 6_240, 0, 17 - one.id, 20, best=frozenset({"speed"}))
        for one in of.shown
    )
    return CompareState(of, columns, () if hidden else figures, hidden=hidden)


def head(key: Key, cell_id: int, cell_state: CellState = CellState.DONE, passed: bool | None = True) -> CellHead:
    """One cell of a grid."""
    if cell_state is CellState.WAITING:
        return CellHead(cell_id, *key, cell_state)
    if cell_state is CellState.FAILED:
        return CellHead(cell_id, *key, cell_state, "The engine stopped: not enough memory for this question.")
    snippet = _ANSWERS[(key[0] - 1) % 5][:160]
    return CellHead(cell_id, *key, cell_state, snippet, passed, 312, 41.3 - key[1], 0.31, 0, key[0] % 7 == 0)


def cells(of: Experiment) -> dict[Key, CellHead]:
    """All cells, in every state that there is."""
    made = {}
    keys = (
        (prompt.id, column.id, repeat)
        for prompt in of.prompts
        for repeat in range(of.options.repeats)
        for column in of.shown
    )
    for number, key in enumerate(keys, start=1):
        cell_state, passed = CellState.DONE, (number % 4 != 3 if number % 6 else None)
        if number % 11 == 0:
            cell_state, passed = CellState.FAILED, None
        elif number % 13 == 0:
            cell_state, passed = CellState.STOPPED, None
        elif number % 8 == 0:
            cell_state, passed = (CellState.RUNNING if number == 8 else CellState.WAITING), None
        made[key] = head(key, number, cell_state, passed)
    return made


def cell(text: str, cell_state: CellState = CellState.DONE, reasoning: str = "") -> Cell:
    """One cell with its whole answer."""
    ended = {CellState.DONE: MessageState.COMPLETE, CellState.FAILED: MessageState.FAILED}
    answer = Message(
        7,
        Role.ASSISTANT,
        text,
        ended.get(cell_state, MessageState.STREAMING),
        "Qwen3-8B",
        timing=Timing(0.31, 7.5, 40, 312),
        error="The engine stopped: not enough memory." if cell_state is CellState.FAILED else "",
        reasoning=reasoning,
        record=AnswerRecord("stop", engine="vLLM 0.32.0", request='{"temperature": 0.2, "seed": 1}'),
    )
    checks = (
        CheckResult(CheckKind.CONTAINS, True, "It contains “Canberra”."),
        CheckResult(CheckKind.SCHEMA, False, "It is no JSON: the first character is “C”."),
        CheckResult(CheckKind.JUDGE, None, "The judge gave no verdict."),
    )
    done = cell_state is CellState.DONE
    return Cell(7, 1, 1, 0, cell_state, answer, 12, 2, 5 << 30, 1, checks if done else ())


PROVENANCE = Provenance(
    "Qwen/Qwen3-8B",
    "",
    "9c1b0f6f2e5d4b7f8a6c3d2e1f0a9b8c7d6e5f4a",
    (
        *((f"model-{number:05}-of-00005.safetensors", f"{number}a" * 32) for number in range(1, 6)),
        ("config.json", "c0" * 32),
        ("tokenizer.json", "d1" * 32),
    ),
    "ab" * 32,
    "vLLM 0.32.0 (CUDA)",
    ("--max-model-len", "8192", "--kv-cache-dtype", "fp8", "--gpu-memory-utilization", "0.6"),
    "AMD Ryzen 9 7950X, 16 cores, 64 GB, NVIDIA RTX 4090 24 GB, driver 570.86",
    "0.1.0",
)
