"""What each kind of check says of an answer, and why some cannot be used."""

import json

import pytest

from desktop_app.checks.limits import MAX_ANSWER, MAX_PATTERN, MAX_SCHEMA
from desktop_app.checks.rules import checked, problem, quoted
from desktop_app.domain.experiment import Check, CheckKind

CONTAINS, EXACT, REGEX, SCHEMA = CheckKind.CONTAINS, CheckKind.EXACT, CheckKind.REGEX, CheckKind.SCHEMA
PERSON = json.dumps(
    {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name"]}
)


@pytest.mark.parametrize(
    ("kind", "wanted", "answer", "passed"),
    [
        (CONTAINS, "paris", "It is PARIS.", True),
        (CONTAINS, " Paris\n", "It is Paris.", True),
        (CONTAINS, "Rome", "It is Paris.", False),
        (CONTAINS, "STRASSE", "Lange Straße 3", True),
        (CONTAINS, "caf\u00e9", "at the cafe\u0301", True),
        (EXACT, "Paris", "\n paris  ", True),
        (EXACT, "Paris", "Paris.", False),
        (REGEX, r"\b(19|20)\d\d\b", "In 1969.", True),
        (REGEX, r"^\d+$", "\n42\n", True),
        (REGEX, r"^\d+$", "42 apples", False),
        (REGEX, r"(?s)^a.*z$", "a\nz", True),
        (REGEX, "[[a]", "a", True),
        (REGEX, "one ", "one two", True),
        (REGEX, "one ", "ones", False),
        (SCHEMA, PERSON, '{"name": "Ada", "age": 36}', True),
        (SCHEMA, PERSON, '```json\n{"name": "Ada"}\n```', True),
        (SCHEMA, PERSON, '\n~~~\n{"name": "Ada"}\n~~~\n', True),
        (SCHEMA, PERSON, '{"age": 36}', False),
        (SCHEMA, PERSON, 'Here it is:\n```json\n{"name": "Ada"}\n```', False),
        (SCHEMA, PERSON, '```json\n{"name": "Ada"}\n```\n```json\n{"name": "Bob"}\n```', False),
        (SCHEMA, PERSON, "", False),
        (SCHEMA, "", "[1, 2]", True),
        (SCHEMA, "", "[1, 2", False),
        (SCHEMA, "", "NaN", False),
        (SCHEMA, "", "1e400", False),
        (SCHEMA, "", "[" * 100_000, False),
        (SCHEMA, "true", "1", True),
        (SCHEMA, "false", "1", False),
    ],
)
def test_verdicts(kind: CheckKind, wanted: str, answer: str, passed: bool) -> None:
    result = checked(Check(kind, wanted), answer)
    assert result.passed is passed, result.why
    assert result.kind is kind
    assert result.why.endswith(".")
    assert problem(Check(kind, wanted)) == ""


@pytest.mark.parametrize(
    ("kind", "wanted", "answer"), [(CONTAINS, "p", "P"), (EXACT, "P", "p"), (REGEX, "^p", "Paris")]
)
def test_case_counts_when_it_should(kind: CheckKind, wanted: str, answer: str) -> None:
    assert checked(Check(kind, wanted), answer).passed
    assert checked(Check(kind, wanted, ignore_case=False), answer).passed is False


def test_an_empty_check_takes_the_reference() -> None:
    assert checked(Check(CONTAINS), "It is Paris.", "Paris").passed
    assert checked(Check(EXACT), "Paris", "Paris ").passed
    assert checked(Check(REGEX), "b", "a|b").passed
    assert checked(Check(CONTAINS, "Rome"), "Rome", "Paris").passed
    nothing = checked(Check(CONTAINS), "It is Paris.")
    assert nothing.passed is None
    assert "no reference answer" in nothing.why


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(REGEX, "a("), "This is no pattern: missing ), unterminated subpattern at character 2."),
        (Check(REGEX, "(" * 9_000 + ")" * 900), "no pattern"),
        (Check(REGEX, "(a{1,99999999999})"), "no pattern"),
        (Check(REGEX, "a" * (MAX_PATTERN + 1)), "longer than 10,000"),
        (Check(SCHEMA, '{"type": "objekt"}'), "This is no JSON schema: At type: 'objekt' is not valid"),
        (Check(SCHEMA, '{"type": '), "This is no JSON: Expecting value (line 1, column 10)."),
        (Check(SCHEMA, "[]"), "must be an object"),
        (Check(SCHEMA, '{"pattern": "a("}'), "'a(' is not a 'regex'"),
        (Check(SCHEMA, '{"a":' * 50_000), "longer than 50,000"),
        (Check(SCHEMA, '{"not":' * 6_000 + "{}" + "}" * 6_000), "nested too deeply"),
        (Check(SCHEMA, '{"$ref": "https://example.org/s.json"}'), "nothing is fetched"),
        (Check(SCHEMA, '{"$id": "http://example.org", "items": {"$id": "http://["}}'), "an address in it is none"),
        (Check(SCHEMA, '{"items": {"$ref": "#/$defs/gone"}}'), "'#/$defs/gone', which is not in it"),
        (Check(SCHEMA, '{"$ref": "file:///etc/passwd"}'), "nothing is fetched"),
        (Check(SCHEMA, json.dumps({"required": ["a", 1, {}] * 4_000})), "must be texts"),
        (Check(SCHEMA, json.dumps({"not": {"dependentRequired": {"a": [1, "b"] * 4_000}}})), "must be texts"),
        (Check(SCHEMA, " " * MAX_SCHEMA + "{}"), "longer than"),
        (Check(CONTAINS, "a" * (MAX_ANSWER + 1)), "longer than 5,000,000"),
    ],
)
def test_what_cannot_be_used_says_why(check: Check, words: str) -> None:
    assert words in problem(check)
    assert checked(check, "1").passed is None or check.kind is CONTAINS


@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "#/$defs/word", "$defs": {"word": {"type": "string"}}}',
        '{"$id": "https://example.org/s", "$ref": "#/$defs/word", "$defs": {"word": {"type": "string"}}}',
        '{"$ref": "word", "$defs": {"word": {"$id": "word", "type": "string"}}}',
        '{"$ref": "#word", "$defs": {"word": {"$anchor": "word", "type": "string"}}}',
        json.dumps(
            {
                "$defs": {f"d{i}": {"$anchor": f"a{i}"} for i in range(700)},
                "allOf": [{"$ref": f"#a{i}"} for i in range(700)],
                "type": "string",
            }
        ),
        '{"type": "string", "examples": [{"$ref": "nowhere"}]}',
    ],
)
def test_references_within_a_schema_work(schema: str) -> None:
    assert problem(Check(SCHEMA, schema)) == ""
    assert checked(Check(SCHEMA, schema), '"a"').passed
    assert checked(Check(SCHEMA, schema), "1").passed is False


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ('{"$defs": {"a": {"$id": "a"}}, "$ref": "https://example.org/s.json"}', "nothing is fetched"),
        ('{"$ref": "#"}', "refers to itself without end"),
    ],
)
def test_a_schema_that_leads_nowhere_is_undecided(schema: str, words: str) -> None:
    result = checked(Check(SCHEMA, schema), "1")
    assert result.passed is None
    assert words in result.why


def test_what_is_wrong_says_where() -> None:
    schema = json.dumps({"properties": {"items": {"items": {"required": ["name"]}}}})
    assert checked(Check(SCHEMA, schema), '{"items": [{"name": 1}, {}]}').why == (
        "At items[1]: 'name' is a required property."
    )


def test_quotations_are_short_and_show_no_tricks() -> None:
    assert quoted("a\u202e\n\x1b[31mb") == "“a [31mb”"
    assert quoted("word " * 1000) == f"“{('word ' * 16)}…”"
    assert checked(Check(CONTAINS, "x" * 500), "").why == f"“{'x' * 80}…” is not in it."
