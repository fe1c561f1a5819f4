"""An experiment for the tests of its exports: three columns, hostile words, failures, votes, an engine that changed."""

from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
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
from desktop_app.domain.experiment_figures import figures
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.ratings import Rating
from desktop_app.domain.sampling import ChatSettings, Sampling
from desktop_app.interchange.experiment_parcel import ExperimentParcel

HOSTILE = "# Shout\n\n</article></main><script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nopen <!--"
COLD = Column(1, ModelRef("Qwen/Qwen3-8B"), ChatSettings(system="Be *brief*.", sampling=Sampling(temperature=0.2)))
WARM = Column(
    2,
    ModelRef("Qwen/Qwen3-8B"),
    ChatSettings(sampling=Sampling(temperature=0.9)),
    (("--kv-cache-dtype", "fp8"), ("--chat-template", "/home/somebody/secret/t.jinja")),
)
FAR = Column(3, ModelRef("<b>far</b>\u202emodel", address="https://user:word@example.org:8000/v1"), name="Far | away")
GONE = Column(4, ModelRef("Gone-1B"), removed=True)
PROMPTS = (
    Prompt(1, "Why is the sky *blue*?", "Rayleigh", checks=(Check(CheckKind.CONTAINS, "scatter"),), name="=Sky"),
    Prompt(2, "And <b>then</b>?"),
    Prompt(3, "Only for you.", column=2),
)
SOURCES = {
    1: Provenance(
        "Qwen/Qwen3-8B",
        revision="abc",
        files=(("config.json", "1" * 64), ("model.safetensors", "2" * 64)),
        template="3" * 64,
        engine="vLLM 0.32.0 (CPU)",
        arguments=("--max-model-len", "4096"),
        hardware="Ryzen, 16 cores, 24.0 GB",
        program="0.6",
    ),
    2: Provenance("Qwen/Qwen3-8B", engine="vLLM 0.33.0 (CPU)", hardware="Ryzen, 16 cores, 24.0 GB"),
}


def answer(number: int, prompt: int, column: int, text: str = "", **more: object) -> Cell:
    """A cell that is done, asked as the number that its id is."""
    message = Message(
        number,
        Role.ASSISTANT,
        text or f"Answer {number}",
        model="Qwen/Qwen3-8B",
        created=1_790_000_000.0 + 100 * number,
        timing=Timing(0.2 * column, 4.0 * column, 20, 101),
        record=AnswerRecord(finish="stop", request='{"temperature": 0.2, "seed": 7}', cached_tokens=0),
    )
    cell = Cell(number, prompt, column, 0, CellState.DONE, message, order=number, memory=column << 30, provenance=1)
    return replace(cell, **more)  # type: ignore[arg-type]


def failed(number: int, prompt: int, column: int) -> Cell:
    """A cell that failed."""
    message = Message(number, Role.ASSISTANT, "", MessageState.FAILED, error="Qwen3-8B ended.", model="Qwen/Qwen3-8B")
    return Cell(number, prompt, column, 0, CellState.FAILED, message, order=number, provenance=2)


def sky(*, blind: bool = False) -> ExperimentParcel:
    """The experiment."""
    experiment = Experiment(
        9,
        "Sky & <sea> | 1",
        ExperimentKind.PROMPTS,
        (COLD, WARM, FAR, GONE),
        PROMPTS,
        Options(pace=Pace.ALONE, checks=(Check(CheckKind.REGEX, "^a|b$"),)),
        1_790_000_000.0,
        1_790_000_900.0,
        order_seed=5,
        blind=blind,
    )
    results = (CheckResult(CheckKind.REGEX, passed=True), CheckResult(CheckKind.JUDGE, passed=None, why="*hm*"))
    thought = replace(answer(5, 2, 2).answer, text="", reasoning="I only think.", state=MessageState.CUT)
    cells = (
        answer(1, 1, 1, HOSTILE, checks=(CheckResult(CheckKind.CONTAINS, passed=False, why="not there"),)),
        answer(2, 1, 2, "=cmd|' /C calc'!A0", checks=results[:1]),
        answer(3, 1, 3, "- a list\n- of things", checks=results),
        answer(4, 2, 1, provenance=2),
        answer(5, 2, 2, answer=thought),
        failed(6, 2, 3),
        answer(7, 3, 2, "For you."),
        answer(8, 1, 4, "From one that is gone."),
        Cell(9, 2, 4),
    )
    votes = (
        Vote(1, 9, 1, 0, 1, 2, Verdict.LEFT, "clearer | <b>", created=1_790_000_500.0),
        Vote(2, 9, 77, 0, 4, 99, Verdict.BOTH_BAD, right_name="Old *one*", blind=False),
    )
    ratings = (
        Rating("x1", "Qwen3-8B", 12, 8, 3, 1, 1043.2, 960.4, 1120.9),
        Rating("x2", "Far | away", 1, 0, 1, 0),
    )
    shown = experiment.shown
    return ExperimentParcel(experiment, cells, SOURCES, votes, ratings, figures(shown, cells))


def carried(parcel: ExperimentParcel, column: int) -> ExperimentParcel:
    """The same, in which all columns go on from the answer of *column* to the first prompt."""
    first, *others = parcel.experiment.prompts
    prompts = (replace(first, carried=column), *others)
    return replace(parcel, experiment=replace(parcel.experiment, kind=ExperimentKind.CONVERSATION, prompts=prompts))
