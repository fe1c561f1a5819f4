"""Prompts in files: every form that people have, what is wrong in which line, and what the program ships."""

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.checks.rules import checked, problem
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import MAX_PROMPTS, Check, CheckKind, Prompt
from desktop_app.domain.prompt_sets import PromptSet
from desktop_app.interchange.prompt_sets import MAX_FILE, read_prompts, shipped_sets, write_prompts
from desktop_app.paths import resources

SHIPPED = shipped_sets(resources() / "prompts")


def read(folder: Path, data: str | bytes, name: str = "a.csv") -> tuple[Prompt, ...]:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_prompts(file).prompts


def words(folder: Path, data: str | bytes, name: str = "a.csv") -> str:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_prompts(folder / name).words


def refused(folder: Path, data: str | bytes, name: str = "a.csv") -> str:
    with pytest.raises(UserError) as caught:
        read(folder, data, name)
    assert caught.value.title == f"The prompts in “{name}” could not be read."
    return caught.value.reason


PAIR = (Prompt(0, "Say hi", "hi", name="one"), Prompt(0, 'A "b",\nc', "", name="two"))


@pytest.mark.parametrize(
    "data",
    [
        'prompt,reference,name\r\nSay hi,hi,one\r\n"A ""b"",\r\nc",,two\r\n',
        'Question;Answer;ID\nSay hi;hi;one\n"A ""b"",\nc";;two',
        'id\ttext\texpected\none\tSay hi\thi\ntwo\t"A ""b"",\nc"\n',
        '\ufeffname,notes,PROMPT ,reference\none,x,Say hi,hi\n\n,,,\ntwo,"y,z","A ""b"",\nc"\n',
        '\n\nname,id,prompt,reference,,\n,one,Say hi,hi,,\n,two,"A ""b"",\nc",,,\n',
    ],
    ids=["rfc4180", "semicolons", "tabs", "mark and more columns", "empty columns"],
)
def test_tables(tmp_path: Path, data: str) -> None:
    assert read(tmp_path, data) == PAIR
    assert read(tmp_path, data, "a.txt") == PAIR
    assert read(tmp_path, data.removeprefix("\ufeff").encode("utf-16")) == PAIR
    assert words(tmp_path, data) == "2 prompts, 1 with a reference answer."


def test_a_list_needs_no_first_line(tmp_path: Path) -> None:
    assert [one.text for one in read(tmp_path, 'Hi\n"Well, well"\n\n"a\nb"\n')] == ["Hi", "Well, well", "a\nb"]
    assert [one.text for one in read(tmp_path, "prompt\nHi\nHo\n")] == ["Hi", "Ho"]
    plain = 'Well, well; "so" it goes\n\nHi\n'
    assert [one.text for one in read(tmp_path, plain, "a.txt")] == ['Well, well; "so" it goes', "Hi"]


def test_older_encodings_are_said(tmp_path: Path) -> None:
    assert words(tmp_path, "prompt\nGrün\n".encode("latin-1")) == "1 prompt; read as Latin-1."


def test_rows_without_a_prompt_are_counted(tmp_path: Path) -> None:
    told = words(tmp_path, "prompt,reference\nHi,1\n,2\n ,3\n")
    assert told == "1 prompt, 1 with a reference answer; 2 rows without a prompt left out."


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("a,b\nc,d\n", "Line 1: No column is called “prompt”."),
        ("prompt,reference\nHi,ho\nWell, well, well\n", "Line 3: It has 3 columns, but the first line names 2."),
        ('prompt\n"Hi\nHo\n', "Line 2: It is no CSV from here on"),
        ('prompt\n"Hi" ho\n', "Line 2: It is no CSV from here on"),
        ("prompt\n", "There is no prompt in it."),
        ("", "It is empty."),
        (b"PK\x03\x04\0\0\0", "It is no text."),
        ("prompt\n" + "a" * 1_000_001, "Line 2: A text in it is longer than 1,000,000 characters."),
        ("prompt\n" + "a" * 2_000_001, "Line 2: It is no CSV from here on"),
        ("prompt\n" + "a\n" * (MAX_PROMPTS + 1), "It has more than 10,000 prompts."),
        ("a\n" * (MAX_PROMPTS + 1), "It has more than 10,000 prompts."),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, data: str | bytes, why: str) -> None:
    assert refused(tmp_path, data).startswith(why)


def test_as_many_as_an_experiment_takes_are_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, "prompt\n" + "a\n" * MAX_PROMPTS)) == MAX_PROMPTS


JSON_LINES = r"""
{"prompt": "Say hi", "reference": "hi", "name": "one"}

{"question": "2+2?", "answer": 4, "id": 7, "other": [1]}
"Just this"
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]}
{"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}, {"role": "assistant", "content": "So."}]}
{"prompt": "", "text": "Later", "expected": null}
{"prompt": "a\u0000\u2028b\ud800", "name": "x\ny\u202e"}
{"prompt": " "}
"""


def test_json_lines(tmp_path: Path) -> None:
    found = (
        Prompt(0, "Say hi", "hi", name="one"),
        Prompt(0, "2+2?", "4", name="7"),
        Prompt(0, "Just this"),
        Prompt(0, "Why?"),
        Prompt(0, "Why?", "So."),
        Prompt(0, "Later"),
        Prompt(0, "a\ufffd\u2028b\ufffd", name="x y"),
    )
    assert read(tmp_path, JSON_LINES, "a.jsonl") == found
    assert read(tmp_path, JSON_LINES, "a.txt") == found
    listed = f"[{','.join(line for line in JSON_LINES.splitlines() if line)}]"
    assert read(tmp_path, listed, "a.json") == found
    assert words(tmp_path, JSON_LINES, "a.jsonl") == (
        "7 prompts, 3 with a reference answer; 1 row without a prompt and 1 system prompt left out."
    )


def test_checks_of_single_prompts(tmp_path: Path) -> None:
    told = {"prompt": "Hi", "checks": [{"kind": "contains"}, {"kind": "schema", "text": {"type": "array"}}]}
    told["checks"] += [{"kind": "regex", "text": "^a", "ignore_case": False}]  # type: ignore[operator]
    (prompt,) = read(tmp_path, json.dumps(told), "a.jsonl")
    assert prompt.checks == (
        Check(CheckKind.CONTAINS),
        Check(CheckKind.SCHEMA, '{"type": "array"}'),
        Check(CheckKind.REGEX, "^a", ignore_case=False),
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ('"a"\n{"prompt": \n', "Line 2: This is no JSON (Expecting value, column 12)."),
        ('"a"\n3\n', "Line 2: It is neither an object nor a text."),
        ('\n\n{"answer": "4"}', "Line 3: It has no “prompt”, “question” or “text”."),
        ('{"prompt": ["a"]}', "Line 1: “prompt” is no text."),
        ('{"prompt": "a", "answer": {}}', "Line 1: “answer” is no text."),
        ('{"messages": []}', "Line 1: It is no conversation of one question"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}', "Line 1: It is no conv"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', "Line 1: A message in it is by nobody"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "Line 1: A message in it is not only"),
        ('{"messages": [{"role": ["user"], "content": "a"}]}', "Line 1: A message in it is by nobody"),
        ('{"prompt": "a", "checks": {}}', "Line 1: “checks” is no list"),
        ('{"prompt": "a", "checks": [{"kind": "magic"}]}', "Line 1: The kind of a check is none of contains, exact,"),
        ('{"prompt": "a", "checks": [{"kind": "regex", "text": 1}]}', "Line 1: The text of a check is no text"),
        (
            '"a"\n{"prompt": "a", "checks": [{"kind": "regex", "text": "("}]}',
            "Line 2: A check in it cannot be used. This is no pattern",
        ),
        ("[" * 100_000, "This is no JSON that can be read."),
        ('{"prompt": ' + "[" * 100_000, "Line 1: This is no JSON that can be read."),
        ('{"title": "Only this"}', "There is no prompt in it."),
        ('"a"\n' * (MAX_PROMPTS + 1), "It has more than 10,000 prompts."),
    ],
)
def test_what_is_wrong_with_json_is_said(tmp_path: Path, data: str, why: str) -> None:
    assert refused(tmp_path, data, "a.jsonl").startswith(why)


def test_only_files_of_a_size_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match="could not be read"):
        read_prompts(tmp_path / "pipe.csv")
    with pytest.raises(UserError) as caught:
        read_prompts(tmp_path / "gone.csv")
    assert caught.value.reason == "It is not there any more."
    assert "the most is 20 MB" in refused(tmp_path, b" " * (MAX_FILE + 1))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t'=+-@,;\""), max_size=30)
NAMES = st.text(st.sampled_from("ab1 -='é"), max_size=8).map(str.strip).map(lambda name: " ".join(name.split()))
CHECKS = st.lists(
    st.builds(Check, st.sampled_from([CheckKind.CONTAINS, CheckKind.EXACT, CheckKind.JUDGE]), TEXTS, st.booleans()),
    max_size=3,
).map(tuple)
PROMPTS = st.lists(
    st.builds(Prompt, st.just(0), TEXTS.filter(str.strip), TEXTS, name=NAMES, checks=CHECKS), min_size=1, max_size=5
)


@given(PROMPTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_lines_come_back(tmp_path: Path, prompts: list[Prompt]) -> None:
    write_prompts(prompts, tmp_path / "a.jsonl")
    assert read_prompts(tmp_path / "a.jsonl").prompts == tuple(prompts)


@given(PROMPTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_comes_back_without_checks(tmp_path: Path, prompts: list[Prompt]) -> None:
    write_prompts(prompts, tmp_path / "a.csv")
    found = read_prompts(tmp_path / "a.csv").prompts
    assert [(one.text, one.name) for one in found] == [(one.text, one.name) for one in prompts]
    # A reference of nothing but white space is none.
    references = [one.reference if one.reference.strip() else "" for one in prompts]
    assert [one.reference for one in found] == references


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\n=1", "'=1", "＝1", "''-2"])
def test_a_spreadsheet_sees_no_formula(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.csv"
    write_prompts([Prompt(0, text, text)], file)
    (_, row) = csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""))
    assert row[0] == row[1] == f"'{text}"
    (prompt,) = read_prompts(file).prompts
    assert (prompt.text, prompt.reference) == (text, text)


def test_apostrophes_of_people_stay(tmp_path: Path) -> None:
    assert [one.text for one in read(tmp_path, "prompt\n'Tis so\n'a'\n-5\n")] == ["'Tis so", "'a'", "-5"]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write_prompts(PAIR, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(UserError, match="were not written"):
        write_prompts(PAIR, tmp_path / "gone" / "a.csv")
    file.unlink()
    file.mkdir()
    with pytest.raises(UserError, match="were not written"):
        write_prompts(PAIR, file)
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_a_damaged_set_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}")
    with pytest.raises(UserError) as caught:
        shipped_sets(tmp_path)
    assert "bad.jsonl" in caught.value.title


def test_four_sets_are_shipped() -> None:
    assert {one.key: len(one.prompts) for one in SHIPPED} == {
        "first-impressions": 10,
        "facts": 20,
        "instructions": 15,
        "arithmetic-and-logic": 20,
    }


@pytest.mark.parametrize("one", SHIPPED, ids=[one.key for one in SHIPPED])
def test_a_shipped_set_is_sound(one: PromptSet) -> None:
    assert one.title
    assert one.description.endswith(".")
    names = [prompt.name for prompt in one.prompts]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    for prompt in one.prompts:
        assert prompt.id == 0
        assert bool(prompt.checks) is (one.key != "first-impressions")
        for check in prompt.checks:
            assert problem(check) == ""
            assert checked(check, prompt.reference, prompt.reference).passed, prompt.name
            assert checked(check, "I do not know.", prompt.reference).passed is False, prompt.name


@pytest.mark.parametrize("one", SHIPPED, ids=[one.key for one in SHIPPED])
def test_a_shipped_set_comes_back(tmp_path: Path, one: PromptSet) -> None:
    write_prompts(one.prompts, tmp_path / "a.jsonl")
    assert read_prompts(tmp_path / "a.jsonl").prompts == one.prompts


RIGHT = {
    "product": ["17 × 23 = 391.", "**391**", "The answer is 391.0"],
    "sum-to-hundred": ["5,050", "5050!"],
    "fractions": ["= 7 / 8."],
    "remainder": ["100 = 14·7 + 2"],
    "weekday": ["It is Friday.", "**friday**"],
    "syllogism": ["Yes."],
    "liar": ["**Q**"],
    "one-word": ["ready "],
    "three-fruits": ["- a\n- b\n- c\n"],
    "capitals": ["THE SEA!\n"],
    "without-e": ["A big dog ran to its mom."],
    "code-block": ['```python\ndef add(a: int, b: int) -> int:\n    """Sum."""\n    return a + b\n```'],
    "table": ["| Name | Colour |\n|:-----|------:|\n| a | b |\n| c | d |"],
    "json-person": ['```json\n{"name": "A", "age": 3, "hobbies": ["a", "b"]}\n```'],
}
WRONG = {
    "product": ["3910", "1391", "391.5", "391 or 392"],
    "sum-to-hundred": ["15050"],
    "fractions": ["17/8", "7/80"],
    "remainder": ["1,2", "2.5"],
    "weekday": ["Friday or Saturday"],
    "syllogism": ["yes and no"],
    "liar": ["P"],
    "one-word": ["Ready", "ready."],
    "three-fruits": ["- a\n- b", "Here:\n- a\n- b\n- c", "- a\n- b\n- c\n- d"],
    "capitals": ["The SEA"],
    "without-e": ["The dog ran to its mom.", "A big dog ran."],
    "code-block": ["Sure:\n```python\ndef add(a, b):\n    return a + b\n```"],
    "table": ["| Name | Colour |\n|---|---|\n| a | b |"],
    "json-person": ['{"name": "A", "age": 3.5, "hobbies": ["a", "b"]}'],
}


@pytest.mark.parametrize(("name", "passed"), [(name, True) for name in RIGHT] + [(name, False) for name in WRONG])
def test_shipped_checks_tell_right_from_wrong(name: str, passed: bool) -> None:
    prompt = next(prompt for one in SHIPPED for prompt in one.prompts if prompt.name == name)
    for answer in (RIGHT if passed else WRONG)[name]:
        assert [checked(check, answer, prompt.reference).passed for check in prompt.checks] == [passed], answer
