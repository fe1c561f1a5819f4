"""Options of an engine, as they are written and as they are meant."""

import pytest

from desktop_app.domain.launch import FlagValue
from desktop_app.ui.widgets.column_editor_words import number_problem, offered, read, twice, written


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("--block-size", "32", ("--block-size", "32")),
        (" block_size ", " 32 ", ("--block-size", "32")),
        ("--block-size=32", "", ("--block-size", "32")),
        ("--enforce-eager", "", ("--enforce-eager", True)),
        ("--no-enforce-eager", "", ("--enforce-eager", False)),
        ("hf-overrides", '{"a": "b=c"}', ("--hf-overrides", '{"a": "b=c"}')),
    ],
)
def test_two_lines_mean_an_option(name: str, value: str, flag: tuple[str, FlagValue]) -> None:
    assert read(name, value) == flag
    assert read(*written(*flag)) == flag


def test_options_in_words_are_told_from_others() -> None:
    flags: tuple[tuple[str, FlagValue], ...] = (
        ("--kv-cache-dtype", "fp8"),
        ("--max-model-len", "8k"),
        ("--enable-prefix-caching", "yes"),
        ("--max-num-seqs", "8"),
        ("--max-num-seqs", "9"),
        ("--seed", "1"),
    )
    inside, others = offered(flags)
    assert inside == {"--kv-cache-dtype": "fp8", "--max-num-seqs": "8"}
    assert others == (flags[1], flags[2], flags[4], flags[5])


def test_numbers() -> None:
    assert not number_problem("")
    assert not number_problem(" 8192 ")
    for wrong in ("0", "-1", "8k", "1.5", "٣"):
        assert number_problem(wrong) == "This is to be a number."


def test_what_is_set_twice() -> None:
    assert twice((("--a", "1"), ("--b", "1"), ("--a", "2"))) == "--a"
    assert twice((("--a", "1"),)) == ""
