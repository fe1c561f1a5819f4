"""Chats on paper: every page in its place, light whatever the window is, made in small steps."""

import asyncio
import io
import warnings
from itertools import pairwise

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QPageSize, QTextDocument
from pytestqt.qtbot import QtBot

from desktop_app.domain.chat import Conversation, Message, Role, Timing
from desktop_app.interchange.parcel import Parcel
from desktop_app.ui.paper import paper_looks, rows_of, without_buttons
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import LIGHT
from desktop_app.ui.transcript_pdf import Press, make_pdf, paper
from desktop_app.ui.widgets.maths_layout import warm_up
from desktop_app.ui.widgets.prose_writer import ProseWriter
from tests.interchange.chats import sky
from tests.markdown.corpus import TEXTS


@pytest.fixture(scope="module", autouse=True)
def drawn_at_once() -> None:
    """The library warns when it is imported, and a thread is no place to look away from that."""
    with warnings.catch_warnings(action="ignore"):
        warm_up()


def pressed(qtbot: QtBot, theme: Theme, *parcels: Parcel) -> bytes:
    """The PDF, made as fast as it can be."""
    press = Press(parcels, theme)
    steps = press.steps()
    qtbot.waitUntil(lambda: _moved(steps))
    return press.close()


def _moved(steps: object) -> bool:
    """Go on until something is waited for; true at the end."""
    while (moved := next(steps, None)) is True:  # type: ignore[call-overload]
        pass
    return moved is None


def pages(data: bytes) -> list[str]:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def chat(*texts: str, title: str = "T") -> Parcel:
    messages = [
        Message(n, Role.ASSISTANT if n % 2 == 0 else Role.USER, text, model="M", parent=n - 1 or None)
        for n, text in enumerate(texts, 1)
    ]
    return Parcel(Conversation(0, title, 0), tuple(messages))


def test_a_chat_with_everything_in_it(qtbot: QtBot, theme: Theme) -> None:
    (page,) = pages(pressed(qtbot, theme, sky()))
    words = "".join(page.split())
    for told in ("Sky&<sea>", "Bebrief.", "Whyistheskyblue?", "notes.md", "Thoughts", "version1of2", "FirstIthink."):
        assert told in words
    for told in ("Boldandalink", "<script>alert(1)</script>", "tok/s", "python"):
        assert told in words
    assert "Copy" not in words
    assert "takenout" not in words


def test_every_line_of_a_long_chat_is_on_one_page_and_pages_have_numbers(qtbot: QtBot, theme: Theme) -> None:
    lines = [f"line{number:04}end" for number in range(400)]
    code = "```\n" + "\n".join(lines[:200]) + "\n```\n\n" + "\n\n".join(lines[200:])
    found = pages(pressed(qtbot, theme, chat("question", code)))
    assert len(found) > 5
    whole = "\n".join(found)
    assert all(whole.count(line) == 1 for line in lines[200:])
    # Qt draws one line more than is asked for, beyond the edge of what is shown.
    assert all(1 <= whole.count(line) <= 2 for line in lines[:200])
    assert all(str(number) in page.split() for number, page in enumerate(found, 1))


def test_several_chats_begin_pages_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    found = pages(pressed(qtbot, theme, chat("a", title="First"), chat("b", title="Second")))
    assert ["First" in found[0], "Second" in found[1], len(found)] == [True, True, 2]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_can_be_printed(qtbot: QtBot, theme: Theme, text: str) -> None:
    assert pressed(qtbot, theme, chat("q", text)).startswith(b"%PDF-")


def test_colours_are_light_in_a_dark_window(qapp: object, theme: Theme) -> None:
    looks = paper_looks(theme)
    assert looks.text.name() == LIGHT.text
    assert looks.code["keyword"].name() == LIGHT.code_keyword


def test_a_heavy_message_takes_many_short_steps(theme: Theme) -> None:
    prose = "word " * 400 + "\n\n"
    press = Press([chat("q", prose * 100 + "```\n" + "x = 1\n" * 3000 + "```\n")], theme)
    assert sum(1 for moved in press.steps() if moved) > 100
    assert press.close().startswith(b"%PDF-")


async def test_the_loop_goes_on_while_it_is_made(qapp: object, theme: Theme) -> None:
    made = make_pdf([chat(*["Some **words** here.\n\n- a\n- b"] * 60)], theme)
    turns = 0
    while not made.done():
        turns += 1
        await asyncio.sleep(0)
    assert (await made).startswith(b"%PDF-")
    assert turns > 1


async def test_cancelling_ends_it(qapp: object, theme: Theme) -> None:
    made = make_pdf([chat(*["words"] * 500)], theme)
    await asyncio.sleep(0)
    made.cancel()
    with pytest.raises(asyncio.CancelledError):
        await made
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_failure_is_told(qapp: object, theme: Theme) -> None:
    broken = chat("x")
    object.__setattr__(broken, "messages", (7,))
    with pytest.raises(AttributeError):
        await make_pdf([broken], theme)


def test_paper_is_what_the_country_uses() -> None:
    assert paper(QLocale("en_US")).id() is QPageSize.PageSizeId.Letter
    assert paper(QLocale("de_AT")).id() is QPageSize.PageSizeId.A4


def test_rows_beside_one_another_are_not_cut(qtbot: QtBot, theme: Theme) -> None:
    from desktop_app.markdown.parser import make_parser

    document = QTextDocument()
    ProseWriter(document, paper_looks(theme)).write(make_parser().parse("| a | b |\n|--|--|\n| x | y y y y |"))
    document.setTextWidth(80)
    rows = rows_of(document)
    assert all(top < bottom for top, bottom in rows)
    assert all(below[0] >= above[1] - 0.5 for above, below in pairwise(rows))


def test_buttons_are_taken_out(qtbot: QtBot, theme: Theme) -> None:
    from desktop_app.markdown.parser import make_parser

    for labels in (True, False):
        document = QTextDocument()
        ProseWriter(document, paper_looks(theme)).write(make_parser().parse("- a\n  ```python\n  x = 1\n  ```"))
        without_buttons(document, labels=labels)
        text = document.toPlainText()
        assert "Copy" not in text
        assert ("python" in text) is labels
        assert "x = 1" in text


def test_formulas_are_drawn_as_outlines(qtbot: QtBot, theme: Theme) -> None:
    plain = pressed(qtbot, theme, chat("q", "no formula"))
    formula = pressed(qtbot, theme, chat("q", "$$\n\\frac{1}{3}\n$$"))
    assert "frac" not in pages(formula)[0]
    assert len(formula) > len(plain)
    assert b"/Subtype /Image" not in formula


def test_figures_stand_under_an_answer(qtbot: QtBot, theme: Theme) -> None:
    answer = Message(1, Role.ASSISTANT, "x", model="M", timing=Timing(0.5, 2.0, 10, 101))
    (page,) = pages(pressed(qtbot, theme, Parcel(Conversation(0, "T", 0), (answer,))))
    assert "50tok/s·101tokens" in "".join(page.split())
