"""Formulas as they are drawn: sharp, in the colour of the text, in their place, and never at the cost of the window."""

import gc
from weakref import ref

import pytest
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.markdown.parser import make_parser
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets import maths_layout
from desktop_app.ui.widgets.looks import Looks, looks_of
from desktop_app.ui.widgets.maths import FormulaObject
from desktop_app.ui.widgets.maths_layout import TooMuchError, UndrawableError, draw
from desktop_app.ui.widgets.prose import ProseView
from desktop_app.ui.widgets.prose_marks import FORMULA, Mark
from desktop_app.ui.widgets.prose_words import OBJECT
from tests.ui.test_answer_body import blocks, formulas_ready, fragments

__all__ = ["formulas_ready"]

SOFTMAX = r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V"
ALIGNED = r"\begin{aligned}" + r"a &= b^2 + \frac{c}{d} \\" * 8 + r"\end{aligned}"


def view_of(looks: Looks, text: str) -> ProseView:
    view = ProseView(looks)
    view.show_blocks(make_parser().parse(text, {}), 0)
    view.height_for(600)
    return view


def objects(view: ProseView) -> list[str]:
    """The LaTeX of the formulas that are drawn as such."""
    runs = [run for block in blocks(view.document()) for run in fragments(block)]
    return [str(run.charFormat().property(Mark.LATEX)) for run in runs if run.charFormat().objectType() == FORMULA]


@pytest.mark.parametrize("latex", ["x", SOFTMAX, r"\sum_{i=1}^n x_i", r"\begin{pmatrix}a&b\\c&d\end{pmatrix}"])
def test_what_models_write_is_drawn(latex: str) -> None:
    drawing = draw(latex, 16, "#102030", display=True)
    assert drawing.width > 5
    assert drawing.ascent > 5


@pytest.mark.parametrize(
    "latex",
    [
        *(r"\frac{1}{" * 30 + "x" + "}" * 30, r"\sqrt{" * 40 + "x" + "}" * 40, "{" * 200 + "}" * 200),
        *(r"\left(" * 30 + "x" + r"\right)" * 30, "x" * 1001),
        *(r"\def\x{\x\x}\x", r"\newcommand{\a}{\b\b}\a", r"\let\a=\a\a"),
        *(r"\rule{99999999px}{1px}", r"\hspace{100000em}x", r"\undefined{x}", r"\text{日本語}", "a_b_c", "{", "&", ""),
        *(r"\text{<img src='/etc/passwd'/>}", r"\text{<!DOCTYPE x>}", r"\input{/etc/passwd}", "\u202ex"),
    ],
)
def test_what_would_take_long_or_is_wrong_is_not_drawn(latex: str) -> None:
    with pytest.raises(UndrawableError):
        draw(latex, 16, "#000000", display=False)


def test_how_long_it_would_take_is_known_before() -> None:
    with pytest.raises(TooMuchError):
        draw(ALIGNED, 16, "#000000", display=True, most_work=250)


def test_a_quick_formula_is_there_at_once(theme: Theme) -> None:
    looks = looks_of(theme)
    view = view_of(looks, "so $x^2$ is")
    assert looks.formulas.settled
    assert objects(view) == ["x^2"]


def test_a_slow_one_comes_later_and_makes_room_for_itself(qtbot: QtBot, theme: Theme) -> None:
    looks = looks_of(theme)
    view = view_of(looks, f"$$\n{ALIGNED}\n$$")
    before = view.height_for(600)
    assert not looks.formulas.settled
    with qtbot.waitSignal(view.resized):
        pass
    assert view.height_for(600) > before
    assert objects(view) == [ALIGNED]


def test_one_that_cannot_be_drawn_is_its_latex(theme: Theme) -> None:
    view = view_of(looks_of(theme), r"so $\undefined{x}$ is")
    assert objects(view) == []
    assert view.toPlainText() == r"so \undefined{x} is"


def test_a_hundred_in_one_paragraph_are_drawn_and_no_more(qtbot: QtBot, theme: Theme) -> None:
    looks = looks_of(theme)
    view = view_of(looks, " ".join(["$x$"] * 130))
    (block,) = blocks(view.document())
    assert block.text().count(OBJECT) == 100


def test_a_wide_one_gets_as_small_as_the_column(theme: Theme) -> None:
    looks = looks_of(theme)
    view = view_of(looks, "$$\n" + "+".join("abcdefgh") * 4 + "\n$$")
    view.height_for(300)
    assert view.document().idealWidth() <= 300


def picture(looks: Looks, text: str, scale: float) -> QImage:
    view = view_of(looks, text)
    view.resize(600, view.height_for(600))
    image = QImage(QSize(600, view.height()) * scale, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(scale)
    image.fill(looks.background)
    painter = QPainter(image)
    view.document().drawContents(painter)
    painter.end()
    return image


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_it_is_drawn_in_the_colour_of_the_text_on_its_line(theme: Theme, scale: float) -> None:
    looks = looks_of(theme)
    image = picture(looks, "$l$", scale)
    rows = [
        row
        for row in range(image.height())
        for column in range(image.width())
        if image.pixelColor(column, row).lightness() < 110
    ]
    assert rows
    # The letter ends on the line of letters: above what hangs below it.
    assert max(rows) < image.height() * 0.8


def test_warming_up_twice_is_fine() -> None:
    maths_layout.warm_up()
    assert maths_layout.is_warm()


def test_other_looks_take_the_formulas_of_the_old_ones_along(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(looks_of(theme), "so $x^2$ is")
    first = ref(view._looks.formulas)
    for _ in range(3):
        view.set_looks(looks_of(theme))
        view.show_blocks(make_parser().parse("so $x^2$ is", {}), 0)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert first() is None
    assert objects(view) == ["x^2"]
    assert len(view.document().findChildren(FormulaObject)) == 1


def test_nobody_waits_for_a_formula_that_is_being_drawn(qtbot: QtBot, theme: Theme) -> None:
    formulas = looks_of(theme).formulas
    for number in range(20):
        assert formulas.drawing((f"{number} {ALIGNED}", True)) is None
    thread, due = formulas._thread, formulas._due
    assert thread
    gone = ref(formulas)
    del formulas
    gc.collect()
    assert gone() is None
    assert len(due) <= 1
    thread.join()
