"""What columns are called, how they differ, how answers ended."""

from dataclasses import replace
from pathlib import Path

from desktop_app.domain.chat import AnswerRecord, Message, MessageState, Role, Timing
from desktop_app.domain.experiment import Cell, CellState, Column
from desktop_app.domain.experiment_words import (
    all_settings_words,
    column_title,
    finish_words,
    flag_words,
    hidden_title,
    host_words,
    letter,
    settings_words,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.sampling import ChatSettings, Mode, Sampling, Structure, StructureKind, WhenFull

QWEN = ModelRef("Qwen/Qwen3-8B", Path("/models/qwen"))
LLAMA = ModelRef("meta/Llama-3", Path("/models/llama"))


def column(number: int, model: ModelRef = QWEN, name: str = "", **sampling: float) -> Column:
    return Column(number, model, ChatSettings(sampling=Sampling(**sampling)), name=name)  # type: ignore[arg-type]


def titles(*columns: Column) -> list[str]:
    return [column_title(one, columns) for one in columns]


def test_a_model_is_called_by_its_short_name_and_a_column_as_a_person_calls_it() -> None:
    assert titles(column(1), column(2, LLAMA), column(3, name=" My one ")) == ["Qwen3-8B", "Llama-3", "My one"]


def test_two_of_one_name_are_told_apart_by_owner_settings_or_letter() -> None:
    other = ModelRef("someone/Qwen3-8B", Path("/models/other"))
    assert titles(column(1), column(2, other)) == ["Qwen/Qwen3-8B", "someone/Qwen3-8B"]
    assert titles(column(1), column(2, temperature=0.2)) == ["Qwen3-8B", "Qwen3-8B (temperature 0.2)"]
    assert titles(column(1), column(2)) == ["Qwen3-8B A", "Qwen3-8B B"]
    assert titles(column(1, name="x"), column(2, LLAMA, name="x")) == ["x A", "x B"]
    far = replace(QWEN, folder=Path(), address="https://example.org/v1")
    assert titles(column(1), column(2, far)) == ["Qwen3-8B", "Qwen3-8B (at example.org)"]


def test_columns_that_nobody_stored_yet_are_told_apart_too() -> None:
    one, same = column(0), column(0)
    assert [column_title(which, [one, same]) for which in (one, same)] == ["Qwen3-8B A", "Qwen3-8B B"]


def test_only_what_fits_is_added_to_a_title() -> None:
    long = Column(1, QWEN, ChatSettings(sampling=Sampling(temperature=0.2)), (("--chat-template", "x" * 60),))
    assert titles(long, column(2)) == ["Qwen3-8B (temperature 0.2)", "Qwen3-8B"]


def test_a_column_that_is_not_among_them_has_a_title_of_its_own() -> None:
    assert column_title(column(9), [column(1)]) == "Qwen3-8B B"
    assert column_title(column(9), []) == "Qwen3-8B"


def test_hostile_names_become_one_visible_line() -> None:
    assert column_title(column(1, ModelRef("a/b\u202e\n\x1b[31mc" + "x" * 500)), [])[:6] == "b [31m"
    assert len(column_title(column(1, ModelRef("x" * 500)), [])) == 60
    assert column_title(column(1, ModelRef("\u202e")), []) == "Model"


def test_settings_say_only_what_is_not_the_same_everywhere() -> None:
    cold = Column(
        1,
        QWEN,
        ChatSettings(system="Be brief.", sampling=Sampling(temperature=0.2, top_p=0.9)),
        (("--kv-cache-dtype", "fp8"), ("--enable-prefix-caching", False)),
    )
    warm = column(2, temperature=0.7, top_p=0.9)
    assert (
        settings_words(cold, [cold, warm]) == "temperature 0.2 · own system prompt · KV cache fp8 · prefix caching off"
    )
    assert settings_words(warm, [cold, warm]) == "temperature 0.7"
    assert settings_words(column(3), [cold, warm, column(3)]) == ""
    assert all_settings_words(warm) == "temperature 0.7 · top P 0.9"


def test_two_system_prompts_are_told_apart_by_their_first_words() -> None:
    one, two = (Column(n, QWEN, ChatSettings(system=text)) for n, text in enumerate(("Be brief.", "Rhyme " * 50)))
    assert settings_words(one, [one, two]) == "system prompt “Be brief.”"
    assert settings_words(two, [one, two]) == "system prompt “Rhyme Rhyme Rhyme Rhyme Rhyme…”"


def test_every_setting_has_words() -> None:
    settings = ChatSettings(
        sampling=Sampling(max_tokens=1024, top_k=4, stop=("END",), seed=7, skip_special_tokens=False),
        structure=Structure(StructureKind.CHOICE, "a\nb"),
        mode=Mode.COMPLETION,
        thinking=False,
        logprobs=True,
        when_full=WhenFull.DROP_OLDEST,
    )
    assert all_settings_words(Column(1, QWEN, settings)).split(" · ") == [
        "top K 4",
        "at most 1,024 tokens",
        "stop at “END”",
        "seed 7",
        "special tokens shown",
        "held to one of a list",
        "continues the text",
        "thinking off",
        "with probabilities",
        "leaves out the oldest when full",
    ]


def test_options_of_the_engine_tell_no_folders() -> None:
    assert flag_words("--max-model-len", "4096") == "context 4096"
    assert flag_words("--some-new-flag", value=True) == "some new flag on"
    assert flag_words("--chat-template", "/home/somebody/t.jinja") == "chat template t.jinja"


def test_addresses_tell_no_secrets() -> None:
    assert host_words("https://user:word@example.org:8000/v1?key=1") == "example.org:8000"
    assert host_words("https://[broken") == ""
    assert host_words("http://a:99999999") == ""
    assert host_words("") == ""


def test_places_have_letters_and_hidden_ones_numbers() -> None:
    assert [letter(place) for place in (0, 5, 26)] == ["A", "F", "27"]
    assert hidden_title(0) == "Column 1"


def test_how_an_answer_ended() -> None:
    done = Message(1, Role.ASSISTANT, "x", record=AnswerRecord(finish="stop"))
    cut = Message(
        1,
        Role.ASSISTANT,
        "x",
        MessageState.CUT,
        timing=Timing(answer_tokens=9),
        record=AnswerRecord(request='{"max_tokens": 9}'),
    )
    failed = Message(1, Role.ASSISTANT, "", MessageState.FAILED, error="The engine ended.")
    assert finish_words(Cell(1, 1, 1)) == "not asked yet"
    assert finish_words(Cell(1, 1, 1, state=CellState.RUNNING)) == "is being written"
    assert finish_words(Cell(1, 1, 1, state=CellState.DONE, answer=done)) == "finished"
    assert finish_words(Cell(1, 1, 1, state=CellState.DONE, answer=cut)) == "stopped at your limit of 9 tokens"
    assert finish_words(Cell(1, 1, 1, state=CellState.FAILED, answer=failed)) == "The engine ended."
    assert finish_words(Cell(1, 1, 1, state=CellState.STOPPED)) == "stopped by you"
