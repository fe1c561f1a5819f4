"""A chart: it reads its curves, costs nothing while nothing changes, and says in words what it shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from math import dist

import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QAccessible, QFocusEvent, QImage, QMouseEvent, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.domain.curves import Chart, Curve, Form, Section, Unit
from desktop_app.domain.marks import Mark, MarkKind
from desktop_app.domain.monitor_history import History
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.chart import ChartView
from desktop_app.ui.widgets.chart_canvas import ChartCanvas
from desktop_app.ui.widgets.chart_look import SHADES, look_of
from tests.ui.hands import press
from tests.ui.test_tokens import luminance

NOW = 5000.0
GIB = 2.0**30
HERE = Section.MACHINE
EXPLANATION = "How busy the processor is."
CPU = Chart("cpu", "Processor", Unit.SHARE, HERE, (Curve("cpu", "All cores"),), top=1.0, explanation=EXPLANATION)
WAITS = (Curve("p50", "Half"), Curve("p90", "9 of 10"), Curve("p99", "99 of 100"))
FIRST_WORD = Chart("first", "First word after", Unit.SECONDS, Section.ENGINE, WAITS)
PARTS = (Curve("program", "This program"), Curve("engines", "Engines"))
MEMORY = Chart("memory", "Memory", Unit.BYTES, HERE, PARTS, Form.STACK, 24 * GIB)
CORES = Chart(
    "cores", "Cores", Unit.SHARE, HERE, tuple(Curve(f"core{number}", str(number)) for number in range(8)), Form.HEAT
)
CARDS = Chart(
    "cards", "Card use", Unit.SHARE, Section.CARDS, tuple(Curve(f"card{n}", f"Card {n}") for n in range(16)), top=1.0
)


class Paints(QObject):
    """The places of a widget that were painted."""

    def __init__(self, view: ChartCanvas) -> None:
        super().__init__(view)
        self.rects: list[tuple[int, int]] = []
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.append((event.rect().width(), event.rect().height()))
        return False

    def turn(self) -> list[tuple[int, int]]:
        """What is painted now."""
        self.rects.clear()
        QApplication.sendPostedEvents()
        QApplication.sendPostedEvents()
        return list(self.rects)


def values(seconds: float) -> dict[str, float]:
    """*seconds* from `NOW` on, negative before."""
    share = 0.25 + (0.5 if seconds < -30 else 0.0)
    waits = {} if -20 <= seconds < -10 else {"p50": 0.3, "p90": 0.5, "p99": 1.25}
    cores = {f"core{number}": number / 8 for number in range(8)}
    cards = {f"card{number}": number / 16 for number in range(16)}
    return {"cpu": share, **waits, "program": 0.5 * GIB, "engines": 6 * GIB, **cores, **cards}


@pytest.fixture
def history() -> History:
    made = History()
    for number in range(-600, 1):
        made.add(NOW + number / 2, 0.5, values(number / 2))
    return made


def move_on(history: History, at: float, changed: dict[str, float] | None = None) -> None:
    history.add(at, 0.5, {**values(0.0), **(changed or {})})


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> Iterator[ChartView]:
    made = ChartView(theme, clock=lambda: datetime(2026, 11, 21, 14, 5, 20))
    qtbot.addWidget(made)
    made.resize(460, 240)
    yield made
    theme.set_text_scale(1.0)


def shown(view: ChartView, history: History, chart: Chart, span: float = 60.0) -> ChartView:
    view.show_chart(chart)
    view.show()
    assert QTest.qWaitForWindowExposed(view)
    view.draw(history, span, (), NOW)
    QApplication.sendPostedEvents()
    return view


def moments(view: ChartView) -> list[object]:
    heard: list[object] = []
    view.moment_changed.connect(heard.append)
    return heard


def point(view: ChartView, place: QPointF) -> None:
    """Have the pointer there; the platform would tell nothing of a move to where it is."""
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, place, view.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, move)


def hover(view: ChartView, share: float, height: float = 0.5) -> None:
    plot = view._arranged().layout.plot
    point(view, QPointF(plot.left() + share * plot.width(), plot.top() + height * plot.height()))


def picture(view: ChartView) -> QImage:
    return view.grab().toImage()


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


# --- reading -----------------------------------------------------------------------------------------------------


def test_the_legend_has_the_newest_figures(view: ChartView, history: History) -> None:
    assert shown(view, history, CPU)._texts == ("25 %",)
    assert shown(view, history, FIRST_WORD)._texts == ("0.30 s", "0.50 s", "1.25 s")
    assert shown(view, history, MEMORY)._texts == ("0.5 GB", "6.0 GB")
    assert shown(view, history, CORES)._texts == ("", "44 %", "7: 88 %")


def test_the_pointer_reads_all_curves_at_one_moment(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    hover(view, 0.25)
    assert heard == [pytest.approx(NOW - 45, abs=1)]
    assert view._texts == ("75 %",)
    hover(view, 0.75)
    assert view._texts == ("25 %",)
    point(view, QPointF(20, 5))
    assert heard[-1] is None
    assert view._texts == ("25 %",)


def test_a_moment_of_another_chart_is_shown_here(view: ChartView, history: History) -> None:
    shown(view, history, FIRST_WORD)
    before = picture(view)
    view.show_moment(NOW - 15)
    assert view._texts == ("–", "–", "–")
    view.show_moment(NOW - 40)
    assert view._texts == ("0.30 s", "0.50 s", "1.25 s")
    assert picture(view) != before
    view.show_moment(NOW - 4000)  # not in this span: nothing is read
    assert view._texts == ("0.30 s", "0.50 s", "1.25 s")
    view.show_moment(None)
    assert picture(view) == before


def test_time_goes_on_below_a_pointer_at_rest(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    hover(view, 0.5)
    first = heard[-1]
    for number in range(1, 5):
        move_on(history, NOW + number / 2)
    view.draw(history, 60.0, (), NOW + 2)
    assert isinstance(first, float)
    assert heard[-1] == first + 2


def test_keys_walk_along_the_curves(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    newest = NOW - 0.25
    for key, at in (
        (Qt.Key.Key_Left, newest),
        (Qt.Key.Key_Left, newest - 1),
        (Qt.Key.Key_Home, newest - 59.5),
        (Qt.Key.Key_Left, newest - 59.5),
        (Qt.Key.Key_Right, newest - 58.5),
        (Qt.Key.Key_End, newest),
    ):
        press(view, key)
        assert heard[-1] == at
    press(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert heard[-1] == newest - 0.5
    press(view, Qt.Key.Key_Escape)
    assert heard[-1] is None


def test_escape_goes_on_to_the_page_when_nothing_is_read(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    page = Keys(view)
    press(view, Qt.Key.Key_Escape)
    assert (heard, page.ignored) == ([], [Qt.Key.Key_Escape])


class Keys(QObject):
    """The keys that a chart does not take."""

    def __init__(self, view: ChartView) -> None:
        super().__init__(view)
        self.ignored: list[int] = []
        self._view = view
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress:
            self._view.removeEventFilter(self)
            QApplication.sendEvent(self._view, event)
            if not event.isAccepted():
                self.ignored.append(event.key())  # type: ignore[attr-defined]
            return True
        return False


def test_a_moment_that_keys_chose_ends_with_the_focus_and_with_the_span(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    press(view, Qt.Key.Key_Home)
    move_on(history, NOW + 0.5)
    view.draw(history, 60.0, (), NOW + 0.5)
    assert heard[-1] is None
    press(view, Qt.Key.Key_Left)
    assert heard[-1:] != [None]
    QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut))
    assert heard[-1] is None


def test_nothing_is_read_out_of_sight(view: ChartView, history: History) -> None:
    heard = moments(shown(view, history, CPU))
    hover(view, 0.5)
    view.hide()
    assert heard[-1] is None


def test_rows_of_a_heat_map_are_read_one_by_one(view: ChartView, history: History) -> None:
    shown(view, history, CORES)
    hover(view, 0.5, 0.9)
    assert view._moment_words(view._arranged()).endswith(" · 7: 88 %")
    press(view, Qt.Key.Key_Left)
    press(view, Qt.Key.Key_Up)
    assert view._moment_words(view._arranged()).endswith(" · 6: 75 %")
    assert view._moment_said(view._arranged()).endswith(": 6 75 percent.")


def test_marks_are_explained_where_they_stand(view: ChartView, history: History) -> None:
    shown(view, history, CPU)
    marks = [Mark(NOW - 30, MarkKind.READY, "Guide is ready."), Mark(NOW - 29.9, MarkKind.ANSWER, "An answer.")]
    view.draw(history, 60.0, marks, NOW)
    scene = view._arranged()
    place = QPointF(scene.scale.x(NOW - 30), scene.layout.lane.center().y())
    assert view.words_at(place) == "Guide is ready.\nAn answer."
    view.show_moment(NOW - 30)
    assert "An answer." in view._moment_words(scene)
    assert "Guide is ready." in view._moment_said(scene)


def test_title_and_folded_legend_explain_themselves(view: ChartView, history: History) -> None:
    layout = shown(view, history, CPU)._arranged().layout
    assert view.words_at(layout.title.center()) == view.words_at(layout.help.center()) == EXPLANATION
    assert view.words_at(QPointF(1, 1)) == ""
    view.resize(280, 240)
    layout = shown(view, history, CARDS)._arranged().layout
    assert layout.hidden > 0
    assert view.words_at(layout.more.center()).splitlines()[15] == "Card 15: 94 %"


# --- cost --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", [CPU, FIRST_WORD, MEMORY, CORES, CARDS], ids=lambda chart: chart.key)
def test_nothing_is_painted_while_nothing_changes(view: ChartView, history: History, chart: Chart) -> None:
    shown(view, history, chart)
    paints = Paints(view)
    paints.turn()
    for number in range(10):
        view.draw(history, 60.0, (), NOW + number / 100)
        view.show_moment(None)
    assert paints.turn() == []
    move_on(history, NOW + 0.5)
    view.draw(history, 60.0, (), NOW + 0.5)
    assert paints.turn() == [(view.width(), view.height())]


def test_a_figure_that_changes_has_its_own_place_painted(view: ChartView, history: History) -> None:
    shown(view, history, FIRST_WORD, 3600.0)
    paints = Paints(view)
    paints.turn()
    move_on(history, NOW + 0.5, {"p50": 0.31})
    move_on(history, NOW + 1.0, {"p50": 0.31})
    view.draw(history, 3600.0, (), NOW + 1.0)
    assert view._texts[0] == "0.31 s"
    (painted,) = paints.turn()
    assert painted[0] < 80
    assert painted[1] < 30


def test_the_ground_is_painted_once(view: ChartView, history: History) -> None:
    shown(view, history, CPU)
    picture(view)
    ground = view._ground.cacheKey()
    for number in range(1, 5):
        move_on(history, NOW + number / 2)
        view.draw(history, 60.0, (), NOW + number / 2)
        picture(view)
    assert view._ground.cacheKey() == ground


def test_out_of_sight_it_keeps_no_pictures(view: ChartView, history: History) -> None:
    shown(view, history, CPU)
    picture(view)
    view.hide()
    assert view._painted is None
    assert view._ground.isNull()


def test_rows_of_a_heat_map_are_not_asked_for_again(view: ChartView, history: History) -> None:
    shown(view, history, CORES)
    rows = list(view._heat._rows)
    move_on(history, NOW + 0.5, {"core0": 1.0})
    view.draw(history, 60.0, (), NOW + 0.5)
    picture(view)
    assert [row[:-1] for row in view._heat._rows] == [row[1:] for row in rows]
    assert view._heat._rows[0][-1] == SHADES


# --- looks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("appearance", "tokens"), [(Appearance.DARK, DARK), (Appearance.LIGHT, LIGHT)])
def test_it_is_painted_in_the_colours_of_the_theme(
    view: ChartView, history: History, theme: Theme, appearance: Appearance, tokens: Tokens
) -> None:
    shown(view, history, FIRST_WORD)
    before = theme.appearance
    theme.choose(appearance)
    try:
        painted = colours(picture(view))
    finally:
        theme.choose(before)
    assert {tokens.card, tokens.line, *tokens.curves[:3]} <= painted


def test_gaps_are_empty(view: ChartView, history: History) -> None:
    scene = shown(view, history, FIRST_WORD)._arranged()
    image = picture(view)
    gap = round(scene.scale.x(NOW - 15))
    column = {
        image.pixelColor(gap, y).name() for y in range(int(scene.layout.plot.top()), int(scene.layout.plot.bottom()))
    }
    assert column <= {LIGHT.card, LIGHT.line}


def test_without_data_it_says_so(view: ChartView, history: History) -> None:
    unknown = replace(CPU, curves=(Curve("nothing", "All cores"),))
    shown(view, history, unknown)
    assert view.accessibleDescription() == f"No data in the last minute. {EXPLANATION}"
    assert colours(picture(view)) & {LIGHT.curves[0]} == set()
    lost = replace(CPU, key="lost", curves=(), note="The driver does not answer.")
    shown(view, history, lost)
    assert view.accessibleDescription() == f"The driver does not answer. {EXPLANATION}"
    assert len(colours(picture(view))) > 3


def test_it_may_be_painted_before_it_has_anything(view: ChartView, history: History) -> None:
    view.show()
    picture(view)
    view.draw(history, 60.0, (), NOW)
    press(view, Qt.Key.Key_Left)
    view.show_chart(CPU)
    picture(view)
    assert view.words_at(QPointF(5, 5)) == ""


@pytest.mark.parametrize("chart", [CPU, FIRST_WORD, MEMORY, CORES, CARDS], ids=lambda chart: chart.key)
@pytest.mark.parametrize("text_scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [260, 460])
def test_words_have_room_at_every_size(
    view: ChartView, history: History, theme: Theme, chart: Chart, text_scale: float, width: int
) -> None:
    theme.set_text_scale(text_scale)
    shown(view, history, chart)
    view.resize(width, view.heightForWidth(width))
    view._arranged()
    view.resize(width, view.heightForWidth(width))
    layout = view._arranged().layout
    assert layout.plot.height() >= 72
    assert layout.plot.width() >= 80
    assert layout.axis.bottom() <= view.height()
    assert all(entry.figure.right() <= width for entry in layout.entries)


def test_a_larger_size_of_words_makes_it_higher(view: ChartView, history: History, theme: Theme) -> None:
    before = shown(view, history, CPU).sizeHint().height()
    theme.set_text_scale(2.0)
    assert view.sizeHint().height() > before
    assert view.hasHeightForWidth()


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_curves_can_be_seen_on_a_card(tokens: Tokens) -> None:
    assert len(tokens.curves) == 8
    for colour in tokens.curves:
        high, low = sorted((luminance(colour), luminance(tokens.card)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3.0


PROTAN = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
USUAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def seen(colour: str, eye: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """*colour* in OKLab as an eye sees it (Machado, Oliveira and Fernandes, 2009; Ottosson, 2020)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    r, g, b = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in eye)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", [USUAL, PROTAN, DEUTAN], ids=["usual", "protan", "deutan"])
def test_curves_are_told_apart_by_people_who_see_less_red_or_green(
    tokens: Tokens, eye: tuple[tuple[float, ...], ...]
) -> None:
    looks = [seen(colour, eye) for colour in tokens.curves]
    assert min(dist(one, two) for number, one in enumerate(looks) for two in looks[:number]) > 0.1


def test_sixteen_curves_have_sixteen_looks(theme: Theme) -> None:
    look = look_of(theme)
    assert len({bytes(look.stamp(number, 7.0, 2.0).toImage().bits()) for number in range(16)}) == 16


# --- ears --------------------------------------------------------------------------------------------------------


def test_a_screen_reader_hears_a_picture_with_a_description(view: ChartView, history: History) -> None:
    interface = QAccessible.queryAccessibleInterface(shown(view, history, CPU))
    assert interface.role() == QAccessible.Role.Graphic
    assert interface.text(QAccessible.Text.Name) == "Processor"
    words = f"Now 25 percent. In the last minute between 25 percent and 75 percent. {EXPLANATION}"
    assert interface.text(QAccessible.Text.Description) == words


def test_several_curves_in_words(view: ChartView, history: History) -> None:
    assert shown(view, history, MEMORY).accessibleDescription() == (
        "Now This program 0.5 gigabytes, Engines 6.0 gigabytes. In the last minute "
        "This program between 0.5 gigabytes and 0.5 gigabytes; Engines between 6.0 gigabytes and 6.0 gigabytes."
    )
    assert shown(view, history, CORES).accessibleDescription() == "Now average 44 percent, highest 7 with 88 percent."
    assert shown(view, history, CARDS).accessibleDescription().count("and 8 more") == 2


def test_the_description_changes_seldom(view: ChartView, history: History) -> None:
    shown(view, history, CPU)
    view.clearFocus()
    heard = set()
    for number in range(1, 41):
        move_on(history, NOW + number / 2, {"cpu": number / 100})
        view.draw(history, 60.0, (), NOW + number / 2)
        heard.add(view.accessibleDescription())
    assert 3 <= len(heard) <= 6
    view.show_chart(MEMORY)
    view.draw(history, 60.0, (), NOW + 20)
    assert view.accessibleName() == "Memory"
    assert "This program" in view.accessibleDescription()


def test_a_moment_in_words(view: ChartView, history: History) -> None:
    shown(view, history, FIRST_WORD)
    press(view, Qt.Key.Key_Left)
    scene = view._arranged()
    assert view._moment_said(scene) == "now: Half 0.30 seconds, 9 of 10 0.50 seconds, 99 of 100 1.25 seconds."
    for _ in range(15):
        press(view, Qt.Key.Key_Left)
    assert view._moment_said(view._arranged()) == "15 s ago: Half unknown, 9 of 10 unknown, 99 of 100 unknown."
