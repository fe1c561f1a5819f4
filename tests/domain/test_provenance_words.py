"""In what runs differ, and why figures may not be compared."""

from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Message, Role
from desktop_app.domain.experiment import Cell, CellState, Column, Provenance
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.provenance_words import comparable, differences_of
from desktop_app.domain.sampling import ChatSettings, Sampling

BEFORE = Provenance(
    "Qwen3-8B",
    revision="a" * 40,
    files=(("config.json", "1"), ("model.safetensors", "2"), ("old.json", "3")),
    template="c" * 64,
    engine="vLLM 0.32.0 (CPU)",
    arguments=("--max-model-len", "4096", "--enforce-eager", "--seed=1"),
    hardware="Ryzen, 16 cores",
    program="0.6",
)


def changed(**values: object) -> tuple[str, ...]:
    return differences_of([BEFORE, replace(BEFORE, **values)])  # type: ignore[arg-type]


def cell(
    column: int, prompt: int = 1, request: str = '{"seed": 1}', order: int = 0, beside: int = 0, source: int = 1
) -> Cell:
    answer = Message(prompt, Role.ASSISTANT, "x", record=AnswerRecord(request=request))
    return Cell(prompt, prompt, column, 0, CellState.DONE, answer, order, beside, provenance=source)


def test_what_is_the_same_is_not_spoken_of() -> None:
    assert differences_of([]) == ()
    assert differences_of([BEFORE, BEFORE]) == ()


def test_an_update_of_the_engine_is_said_once() -> None:
    after = replace(BEFORE, engine="vLLM 0.33.0 (CPU)")
    words = "The engine changed: vLLM 0.32.0 (CPU) → vLLM 0.33.0 (CPU)."
    assert differences_of([BEFORE, after, after]) == (words,)
    assert differences_of([BEFORE, after, BEFORE, after])[0] == words


def test_files_that_changed_are_named() -> None:
    assert changed(files=(("config.json", "9"), ("model.safetensors", "2"), ("new.json", "4"))) == (
        "Files of the model were changed: config.json.",
        "Files of the model were added: new.json.",
        "Files of the model were taken away: old.json.",
    )
    many = differences_of([replace(BEFORE, files=tuple((f"f{n}", side) for n in range(8))) for side in ("old", "new")])
    assert many == ("Files of the model were changed: f0, f1, f2, f3, f4 and 3 more.",)
    assert changed(files=()) == ("Of some answers it is not known which files the model had.",)


def test_arguments_are_compared_as_the_engine_reads_them() -> None:
    assert changed(arguments=("--seed", "1", "--enforce-eager", "--max-model-len=4096")) == ()
    threads = changed(arguments=("OMP_NUM_THREADS=2", *BEFORE.arguments))
    assert threads == ("An argument of the engine was added: OMP_NUM_THREADS 2.",)
    assert changed(arguments=("--max-model-len", "8192", "--seed=1", "--enable-lora")) == (
        "An argument of the engine was added: --enable-lora.",
        "An argument of the engine was taken away: --enforce-eager.",
        "An argument of the engine changed: --max-model-len 4096 → 8192.",
    )


def test_the_rest_is_said_too() -> None:
    assert changed(template="", hardware="H200", program="0.7", revision="b" * 40, model="x", address="http://a") == (
        "The model changed: Qwen3-8B → x.",
        "The server is not known of some answers, and http://a of others.",
        "The model's revision changed: aaaaaaaaaaaa → bbbbbbbbbbbb.",
        "The chat template changed: cccccccccccc → none.",
        "The hardware changed: Ryzen, 16 cores → H200.",
        "The version of vLLM Desktop changed: 0.6 → 0.7.",
    )


def test_hostile_words_stay_one_line() -> None:
    assert changed(hardware="a\n\u202eb" + "x" * 500)[0].count("\n") == 0
    assert len(changed(hardware="x" * 500)[0]) < 200


def test_answers_of_one_machine_that_came_alone_can_be_compared() -> None:
    left = [cell(1, n, order=2 * n + n % 2) for n in range(1, 6)]
    right = [cell(2, n, order=2 * n + (n + 1) % 2) for n in range(1, 6)]
    assert comparable(left, right, {1: BEFORE}) == ()


def test_without_answers_there_is_nothing_to_compare() -> None:
    assert comparable([cell(1)], [Cell(1, 1, 2)], {}) == ("One of them has no answers.",)
    assert comparable([cell(1, 1)], [cell(2, 2)], {1: BEFORE}) == ("They have no question in common.",)


def test_other_hardware_and_engines_are_objections() -> None:
    other = replace(BEFORE, hardware="H200", engine="vLLM 0.33.0")
    assert comparable([cell(1)], [cell(2, source=2)], {1: BEFORE, 2: other}) == (
        "The hardware is not the same: Ryzen, 16 cores on one side, H200 on the other.",
        "The engine is not the same: vLLM 0.32.0 (CPU) on one side, vLLM 0.33.0 on the other.",
    )
    assert comparable([cell(1)], [cell(2, source=9)], {1: BEFORE})[0] == "The hardware is not known of all answers."


def test_sampling_is_an_objection_where_it_was_not_meant_to_differ() -> None:
    left, right = cell(1, request='{"temperature": 0.2, "top_k": 5}'), cell(2, request='{"temperature": 0.9}')
    assert comparable([left], [right], {1: BEFORE}) == ("Sampling as sent is not the same: temperature, top_k.",)
    model = ModelRef("x")
    columns = (
        Column(1, model, ChatSettings(sampling=Sampling(temperature=0.2, top_k=5))),
        Column(2, model, ChatSettings(sampling=Sampling(temperature=0.9, top_k=5))),
    )
    assert comparable([left], [right], {1: BEFORE}, columns) == ("Sampling as sent is not the same: top_k.",)


def test_other_seeds_are_an_objection() -> None:
    assert comparable([cell(1)], [cell(2, request='{"seed": 2}')], {1: BEFORE}) == ("Seeds are not the same.",)
    some = comparable([cell(1), cell(1, 2)], [cell(2), cell(2, 2, request="no JSON")], {1: BEFORE})
    assert some == ("Seeds are not the same in 1 question.",)


def test_company_and_order_are_objections() -> None:
    assert "One answered alone" in comparable([cell(1)], [cell(2, beside=1)], {1: BEFORE})[0]
    assert "slow one another" in comparable([cell(1, beside=1)], [cell(2, beside=1)], {1: BEFORE})[0]
    assert "4 beside the other's" in comparable([cell(1, beside=1)], [cell(2, beside=4)], {1: BEFORE})[0]
    left, right = [cell(1, n, order=n + 1) for n in range(4)], [cell(2, n, order=n + 9) for n in range(4)]
    assert "asked first every time" in comparable(left, right, {1: BEFORE})[0]


def test_questions_that_only_one_answered_are_counted() -> None:
    words = comparable([cell(1), cell(1, 2)], [cell(2)], {1: BEFORE})
    assert words == ("1 question was answered by one of them only.",)
