"""Verdicts as shapes and words."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from desktop_app.domain.fit import Verdict
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.fit_badge import TONES, FitBadge, badge_colours, badge_height, badge_width, paint_badge


def picture(theme: Theme, verdict: Verdict, width: int) -> QImage:
    image = QImage(width, badge_height(theme), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint_badge(painter, QRectF(image.rect()), verdict, theme)
    painter.end()
    return image


def test_every_verdict_has_a_tone_and_a_shape_of_its_own(theme: Theme) -> None:
    assert set(TONES) == set(Verdict)
    shapes = []
    for verdict in Verdict:
        image = picture(theme, verdict, badge_width(verdict, theme))
        back = badge_colours(verdict, theme)[1].rgb()
        # Where the shape stands: with the colours taken away, all differ.
        shapes.append(frozenset((x, y) for x in range(8, 20) for y in range(3, 17) if image.pixel(x, y) != back))
    assert all(shapes)
    assert len(set(shapes)) == len(Verdict)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_badge_is_as_wide_as_it_says(theme: Theme, verdict: Verdict) -> None:
    width = badge_width(verdict, theme)
    image = picture(theme, verdict, width + 20)
    white = 0xFFFFFFFF
    columns = [x for x in range(width + 20) if any(image.pixel(x, y) != white for y in range(image.height()))]
    assert columns[0] == 0
    assert width - 2 <= columns[-1] < width


def test_a_badge_without_room_stays_inside(theme: Theme) -> None:
    image = picture(theme, Verdict.UNSUITED, 60)
    assert not image.isNull()


def test_the_widget_says_its_word(qtbot: QtBot, theme: Theme) -> None:
    badge = FitBadge(theme)
    qtbot.addWidget(badge)
    assert badge.accessibleName() == "Not known"
    narrow = badge.sizeHint().width()
    badge.show_verdict(Verdict.UNSUITED)
    assert (badge.verdict, badge.accessibleName()) == (Verdict.UNSUITED, "Does not run here")
    assert badge.sizeHint().width() > narrow
    assert not badge.grab().isNull()
