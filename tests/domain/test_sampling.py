"""What is chosen for a conversation: as a request, as JSON, and read back from anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.domain.sampling import (
    MAX_STOPS,
    PARAMETERS,
    ChatSettings,
    Mode,
    Sampling,
    Structure,
    StructureKind,
    WhenFull,
    read_sampling,
)

WHOLE = ChatSettings(
    "Be kind.",
    Sampling(0.7, 0.9, 40, 0.05, 512, 0.1, -0.1, 1.1, ("###", "\n\n"), 7, False),
    Structure(StructureKind.JSON, '{"type": "object"}'),
    Mode.CHAT,
    False,
    True,
    WhenFull.DROP_OLDEST,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_nothing_chosen_is_nothing_sent() -> None:
    assert ChatSettings().request() == {}
    assert ChatSettings().as_json() == {}


def test_what_is_chosen_is_sent() -> None:
    assert WHOLE.request() == {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.05,
        "max_tokens": 512,
        "frequency_penalty": 0.1,
        "presence_penalty": -0.1,
        "repetition_penalty": 1.1,
        "stop": ["###", "\n\n"],
        "seed": 7,
        "skip_special_tokens": False,
        "structured_outputs": {"json": {"type": "object"}},
        "chat_template_kwargs": {"enable_thinking": False},
        "logprobs": True,
        "top_logprobs": 5,
    }


def test_zero_and_false_are_choices() -> None:
    sampling = Sampling(temperature=0.0, top_k=0, seed=0, skip_special_tokens=False)
    chosen = {"temperature": 0.0, "top_k": 0, "seed": 0, "skip_special_tokens": False}
    assert ChatSettings(sampling=sampling).request() == chosen
    assert ChatSettings.from_json(ChatSettings(sampling=sampling).as_json()).sampling == sampling


def test_a_completion_has_no_template_and_another_form_of_probabilities() -> None:
    assert ChatSettings(mode=Mode.COMPLETION, thinking=True, logprobs=True).request() == {"logprobs": 5}


@pytest.mark.parametrize(
    ("structure", "sent"),
    [
        (Structure(StructureKind.REGEX, "[0-9]+"), {"regex": "[0-9]+"}),
        (Structure(StructureKind.CHOICE, " yes \n\nno\n"), {"choice": ["yes", "no"]}),
        (Structure(StructureKind.JSON, ""), {"json": {"type": "object"}}),
    ],
)
def test_forms(structure: Structure, sent: dict[str, object]) -> None:
    assert structure.problem() == ""
    assert ChatSettings(structure=structure).request() == {"structured_outputs": sent}


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        (StructureKind.JSON, "{", "no JSON"),
        (StructureKind.JSON, "[]", "must be a JSON object"),
        (StructureKind.JSON, "[" * 100_000, "no JSON"),
        (StructureKind.REGEX, " ", "Write a regular expression"),
        (StructureKind.CHOICE, "\n \n", "Write the choices"),
    ],
)
def test_forms_that_cannot_be_used(kind: StructureKind, text: str, problem: str) -> None:
    assert problem in Structure(kind, text).problem()


def test_there_and_back_again() -> None:
    assert ChatSettings.from_json(json.loads(json.dumps(WHOLE.as_json()))) == WHOLE
    other = ChatSettings(mode=Mode.COMPLETION, structure=Structure(StructureKind.CHOICE, "a\nb"))
    assert ChatSettings.from_json(other.as_json()) == other


@given(ANYTHING)
def test_anything_can_be_read(values: object) -> None:
    assert isinstance(ChatSettings.from_json(values), ChatSettings)
    assert isinstance(read_sampling(values), Sampling)


@given(st.dictionaries(st.sampled_from([one.name for one in PARAMETERS]), ANYTHING))
def test_only_what_is_valid_is_taken(values: dict[str, object]) -> None:
    sampling = read_sampling(values)
    for parameter in PARAMETERS:
        value = getattr(sampling, parameter.name)
        if parameter.step and value is not None:
            assert parameter.least <= value <= parameter.most
            assert isinstance(value, int if parameter.whole else float)
    assert json.loads(json.dumps(ChatSettings(sampling=sampling).request())) is not None


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -float("inf"), 10**400])
def test_what_no_number_can_hold_is_not_taken(value: float) -> None:
    assert read_sampling({one.name: value for one in PARAMETERS if one.step}) == Sampling()


def test_stops_are_limited() -> None:
    assert read_sampling({"stop": "###"}).stop == ("###",)
    assert len(read_sampling({"stop": ["a"] * 100}).stop) == MAX_STOPS
    assert read_sampling({"stop": ["", 5, "x" * 1000, "ok"]}).stop == ("ok",)


def test_every_parameter_has_a_sentence_and_a_field() -> None:
    assert {one.name for one in PARAMETERS} == set(Sampling.__dataclass_fields__)
    assert all(one.sentence.endswith(".") and one.title for one in PARAMETERS)


def test_a_blank_schema_is_any_object() -> None:
    blank = ChatSettings(structure=Structure(StructureKind.JSON, " \n"))
    assert not blank.structure.problem()
    assert blank.request() == {"structured_outputs": {"json": {"type": "object"}}}
