"""Pictures of experiments; `tests/shots.py` calls them with an open program.

Finished experiments are in the database as a run would have written them; what runs is asked of stand-in engines.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, MessageState, Timing
from desktop_app.domain.experiment import (
    Cell,
    CellState,
    Check,
    CheckKind,
    CheckResult,
    Column,
    Experiment,
    ExperimentKind,
    Options,
    Pace,
    Prompt,
    Provenance,
    Verdict,
    Vote,
)
from desktop_app.domain.experiment_words import contestant_title
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.widgets.experiment_bar import View
from desktop_app.ui.widgets.setting_parts import CalmTabs
from tests.album import SIZE, SMALL, Album, settle
from tests.chat_content import RICH
from tests.conftest import reach
from tests.engine_fakes import make_model, set_behaviour
from tests.ui.hands import child, press_button

_NAMES = ("Qwen3-8B", "Gemma-3-27B-it-AWQ", "Qwen3-8B", "Llama-3.1-8B-Instruct", "Mistral-7B-Instruct-v0.3", "Phi-4")
_PAIR = ("first-model", "second-model")
_QUESTION = "How big does the KV cache get for Qwen3-8B, and how do I make it smaller?"
_ANSWERS = (
    RICH,
    (
        "Think of it as the model's **short-term notes**. Each layer writes two vectors per token, a *key* and a"
        " *value*:\n\n- `keys` say what a token is about\n- `values` say what it contributes\n\n"
        "```bash\nvllm serve Qwen/Qwen3-8B --max-model-len 32768\n```\n\nWith `fp8` the cache for 32k tokens drops from"
        " **4.5 GiB** to about **2.3 GiB**."
    ),
    (
        "The KV cache grows by 147,456 bytes for each token: 36 layers × 8 heads × 128 values × 2 × 2 bytes. For 32,768"
        " tokens that is 4.5 GiB.\n\nMake the context shorter, or store the cache in 8 bits."
    ),
)
_FACTS = (
    ("What is the capital of Australia?", "Canberra", "Canberra is the capital of Australia.", "It is Sydney."),
    ("How many legs does a spider have?", "eight", "A spider has eight legs.", "Spiders have eight legs."),
    ("Which gas do plants take in?", "carbon dioxide", "Carbon dioxide.", "Plants take in oxygen."),
    ("Who wrote “Faust”?", "Goethe", "Johann Wolfgang von Goethe wrote it.", "Goethe."),
    ("What is 17 × 23?", "391", "17 × 23 = 391.", "The result is 381."),
    ("Which planet is the largest?", "Jupiter", "Jupiter.", "Jupiter is the largest planet."),
    ("What does HTTP 404 mean?", "not found", "Not found.", "The page was not found."),
    ("In which year did the Berlin Wall fall?", "1989", "It fell in 1989.", "In November 1989."),
)


def columns(count: int) -> tuple[Column, ...]:
    """So many columns: models, and one model under two settings."""
    made = []
    for index, name in enumerate(_NAMES[:count]):
        settings = ChatSettings(sampling=Sampling(temperature=0.2)) if index == 2 else ChatSettings()
        flags = (("--kv-cache-dtype", "fp8"),) if index == 2 else ()
        made.append(Column(0, ModelRef(name, Path("/models") / name), settings, flags))
    return tuple(made)


async def filled(program: Program, experiment: Experiment, answers: Sequence[Sequence[str]]) -> Experiment:
    """An experiment whose cells are done: `answers[prompt][column]`; an empty text failed."""
    store = program.comparing.store
    made = await store.create(experiment)
    await store.fill(made.id)
    origin = await store.keep_provenance(
        Provenance(
            "Qwen3-8B", revision="b968826d9c46dd6066d109eabc6255188de91218", files=(("config.json", "ab" * 32),),
            template="cd" * 32, engine="vLLM 0.32.0 (CUDA)", arguments=("--max-model-len", "32768"),
            hardware="NVIDIA RTX 4090 (24 GB), 16 cores, 64 GB of memory", program="0.1.0",
        )
    )  # fmt: skip
    places = {prompt.id: index for index, prompt in enumerate(made.prompts)}
    columns_ = {column.id: index for index, column in enumerate(made.shown)}
    for order, cell in enumerate(await store.cells(made.id), 1):
        texts = answers[places[cell.prompt] % len(answers)]
        text = texts[columns_[cell.column] % len(texts)]
        prompt = made.prompt(cell.prompt)
        await _done(program, made, replace(cell, order=order, provenance=origin), text, prompt, columns_[cell.column])
    return made


async def _done(
    program: Program, experiment: Experiment, cell: Cell, text: str, prompt: Prompt | None, at: int
) -> None:
    store = program.comparing.store
    column = experiment.column(cell.column)
    timing = Timing(0.12 + 0.07 * at, 6.4 + at, 812, 180 + 40 * at) if text else Timing()
    state = MessageState.COMPLETE if text else MessageState.FAILED
    record = AnswerRecord(finish="stop", engine="vLLM 0.32.0", context_tokens=32768, request='{"seed": 1}')
    answer = replace(
        cell.answer, text=text, state=state, timing=timing, record=record, model=column.model.name if column else "",
        error="" if text else "The engine ended in the middle of this answer.",
    )  # fmt: skip
    checks: tuple[CheckResult, ...] = ()
    if prompt is not None and prompt.reference and text:
        there = prompt.reference.lower() in text.lower()
        checks = (CheckResult(CheckKind.CONTAINS, there, "" if there else f"“{prompt.reference}” is not in it."),)
    running = replace(cell, state=CellState.RUNNING, memory=(6 + 3 * at) << 30)
    await store.start(running)
    await store.finish(
        replace(running, state=CellState.DONE if text else CellState.FAILED, answer=answer, checks=checks)
    )


async def experiments(program: Program, window: MainWindow, album: Album) -> None:
    """The list, columns, differences, votes, ratings, the editor of a column."""
    window.compare_room.show_compare()
    await settle()
    await album.take("90-compare-empty")
    page = window.compare_room.compare
    opened: dict[int, Experiment] = {}
    for count in (2, 3, 6):
        prompts = (
            (Prompt(0, _QUESTION), Prompt(0, "And with a context of 128k?")) if count == 2 else (Prompt(0, _QUESTION),)
        )
        title = _QUESTION if count == 2 else f"{count} models on the KV cache"
        made = Experiment(0, title, ExperimentKind.CONVERSATION, columns(count), prompts)
        texts = [_ANSWERS if count < 6 else (*_ANSWERS, "", *_ANSWERS[1:])]
        opened[count] = await filled(program, made, texts)
    facts = tuple(Prompt(0, question, reference) for question, reference, *_ in _FACTS)
    options = Options(Pace.ALONE, checks=(Check(CheckKind.CONTAINS),))
    grid = await filled(
        program, Experiment(0, "Facts, three models", ExperimentKind.PROMPTS, columns(3), facts, options),
        [(right, wrong, right) for _, _, right, wrong in _FACTS],
    )  # fmt: skip
    await program.experiments.refresh()
    await settle()
    await album.take("91-compare-list")
    for count, made in opened.items():
        await program.compare.open(made.id)
        await settle()
        await album.take(f"92-compare-{count}")
        window.resize(SMALL)
        await album.take(f"92-compare-{count}-small")
        window.resize(SIZE)
    await going_on(program, window, album, opened)
    await program.compare.open(opened[2].id)
    page.board.show_view(View.DIFFERENCES)
    await album.take("93-compare-differences")
    page.board.show_view(View.OPTIONS)
    await album.take("93-compare-options")
    page.board.show_view(View.ANSWERS)
    page.board.column_asked.emit(opened[2].shown[0].id)
    await settle()
    await album.take("94-compare-column")
    page.escape()
    await votes(program, window, album, opened[3])
    await answers(program, window, album, grid)


async def going_on(program: Program, window: MainWindow, album: Album, opened: Mapping[int, Experiment]) -> None:
    """One answer that all columns go on from."""
    for count, name in ((2, "92-compare-2-going-on"), (6, "92-compare-6-going-on")):
        await program.compare.open(opened[count].id)
        await program.compare.carry_on(program.compare.state.value.columns[1].cells[-1].id)
        await settle()
        await album.take(name)
        window.resize(SMALL)
        await album.take(f"{name}-small")
        window.resize(SIZE)


async def votes(program: Program, window: MainWindow, album: Album, experiment: Experiment) -> None:
    """Two answers without names, and what the votes say."""
    page = window.compare_room.compare
    await program.compare.open(experiment.id)
    await program.compare.set_blind(True)
    await settle()
    await album.take("95-compare-blind")
    page.board.show_view(View.VOTE)
    await reach(lambda: program.compare.state.value.pair, "two answers")
    await album.take("95-compare-vote")
    window.resize(SMALL)
    await album.take("95-compare-vote-small")
    window.resize(SIZE)
    first, second, third = (column.id for column in experiment.shown)
    said = ((first, second, Verdict.LEFT), (second, first, Verdict.RIGHT), (first, third, Verdict.LEFT),
            (third, first, Verdict.LEFT), (second, third, Verdict.TIE), (third, second, Verdict.LEFT))  # fmt: skip
    for left, right, verdict in said * 6:
        await program.comparing.store.add_vote(_vote(experiment, left, right, verdict))
    await program.compare.reveal()
    program.compare.close()
    await program.compare.open(experiment.id)
    page.board.show_view(View.RATINGS)
    await album.take("96-compare-ratings")
    window.preference_room.choose_text_scale(2.0)
    await album.take("96-compare-ratings-200")
    page.board.show_view(View.ANSWERS)
    await album.take("96-compare-3-200")
    window.preference_room.choose_text_scale(1.0)


def _vote(experiment: Experiment, left: int, right: int, verdict: Verdict) -> Vote:
    sides = [experiment.column(left), experiment.column(right)]
    names = [contestant_title(one) if one else "" for one in sides]
    keys = [one.identity if one else "" for one in sides]
    prompt = experiment.prompts[0].id
    return Vote(0, experiment.id, prompt, 0, left, right, verdict, "", True, 0.0, *keys, *names)


async def answers(program: Program, window: MainWindow, album: Album, experiment: Experiment) -> None:
    """The grid of a prompt set, an answer beside it, its prompts."""
    page = window.compare_room.compare
    await program.compare.open(experiment.id)
    await settle()
    await album.take("97-compare-grid")
    cell = next(iter(program.compare.grid.value.cells.values()))
    page.board.look_at(cell.id)
    await settle()
    await album.take("97-compare-grid-answer")
    window.resize(SMALL)
    await album.take("97-compare-grid-answer-small")
    page.escape()
    await album.take("97-compare-grid-small")
    window.resize(SIZE)
    page.board.show_view(View.PROMPTS)
    await album.take("98-compare-prompts")
    for index, name in ((1, "checks"), (2, "how")):
        child(page, CalmTabs, "Parts of the set").setCurrentIndex(index)
        await album.take(f"98-compare-{name}")


async def begun(program: Program, window: MainWindow, album: Album, data: Path) -> None:
    """Two models of this computer: a new experiment, a column's engine options, both answering, one that fails."""
    window.compare_room.show_compare()
    page = window.compare_room.compare
    models = [make_model(data, name, tokens=4000, tokens_per_second=40.0) for name in _PAIR]
    columns_ = tuple(Column(0, one) for one in models)
    await program.compare.new(ExperimentKind.CONVERSATION, columns_)
    await program.compare.look_ahead()
    await album.take("90-compare-new")
    page.board.column_asked.emit(1)
    press_button(page.editor, "Engine options")
    await album.take("94-compare-engine-options")
    page.escape()
    asking = asyncio.create_task(program.compare.ask("Tell me a story."))
    await reach(lambda: all(one.cells and one.cells[0].answer.text for one in program.compare.state.value.columns), "")
    await album.take("99-compare-answering")
    await program.compare.stop()
    await asking
    set_behaviour(models[0].folder)
    set_behaviour(models[1].folder, exit=1)
    await program.serving.stop_all()
    await program.compare.rerun_failed()
    await album.take("99-compare-failed")
    await program.compare.new(ExperimentKind.PROMPTS, columns_)
    await album.take("90-compare-new-set")
    program.compare.close()
    await program.serving.stop_all()


async def running(program: Program, window: MainWindow, album: Album, data: Path) -> None:
    """Two models of which memory holds one: what is said beforehand, and the run in its middle."""
    window.compare_room.show_compare()
    models = [make_model(data, name, tokens=150, tokens_per_second=30.0) for name in _PAIR]
    facts = tuple(Prompt(0, question) for question, *_ in _FACTS)
    options = Options(memory_limit=4 << 30)
    made = await program.comparing.store.create(
        Experiment(
            0, "One after another", ExperimentKind.PROMPTS, tuple(Column(0, one) for one in models), facts, options
        )
    )
    await program.compare.open(made.id)
    await program.compare.look_ahead()
    await album.take("99-compare-plan")
    run = asyncio.create_task(program.compare.run())
    await reach(lambda: program.compare.state.value.done >= 8, "the second model", 60)
    await album.take("99-compare-running")
    window.resize(SMALL)
    await album.take("99-compare-running-small")
    window.resize(SIZE)
    await program.compare.stop()
    await run
    await album.take("99-compare-stopped")
