"""Colours line by line against Pygments on the whole text."""

import pytest
from pygments.lexers import get_lexer_by_name

from desktop_app.ui.widgets.highlight import Kind, LineHighlighter, Run, _kind

PYTHON = '''@decorated
class A(Base):
    """A docstring
    over two lines."""

    def f(self, x: int = 0x1F) -> str:  # comment
        return f"{x!r:>{width}}" if x is not None else 'é' * 3.5e-1
'''
BASH = """for f in *.txt; do
  echo "$f: ${f%.txt}" 'single' | grep -c x  # comment
done
"""
JSON = '{"a": [1, -2.5e3, true, null], "b": {"c": "d\\n"}}\n'


def whole(language: str, code: str) -> list[Run]:
    """What Pygments makes of the whole text at once."""
    lexer = get_lexer_by_name(language, stripnl=False)
    return [(text, _kind(kind)) for kind, text in lexer.get_tokens(code)]


def letters(runs: list[Run]) -> list[Run]:
    return [(letter, kind) for text, kind in runs for letter in text if not letter.isspace()]


@pytest.mark.parametrize(("language", "code"), [("python", PYTHON), ("bash", BASH), ("sql", "SELECT 1 AS one")])
def test_lines_are_coloured_like_the_whole(language: str, code: str) -> None:
    highlighter = LineHighlighter(language)
    runs = [run for line in code.split("\n") for run in highlighter.line(line)]
    assert letters(runs) == letters(whole(language, code))


@pytest.mark.parametrize("language", ["python", "bash", "json", "yaml", "html", "c", "rust", "go", "", "no such thing"])
@pytest.mark.parametrize("code", [PYTHON, BASH, JSON, "\t\x00é😀\n", "((((" * 300])
def test_no_letter_is_lost_whatever_the_language_is_called(language: str, code: str) -> None:
    highlighter = LineHighlighter(language)
    for line in code.split("\n"):
        assert "".join(text for text, _ in highlighter.line(line)) == line


def test_a_line_that_grows_does_not_change_what_comes_after() -> None:
    grown, at_once = LineHighlighter("python"), LineHighlighter("python")
    for part in ('"', '""', '"""doc', '"""doc"'):
        grown.line(part, keep=False)
    assert grown.line('x = "a"') == at_once.line('x = "a"')


def test_a_string_over_two_lines_stays_a_string() -> None:
    highlighter = LineHighlighter("python")
    highlighter.line('x = """one')
    assert highlighter.line("def two") == [("def two", Kind.STRING)]
