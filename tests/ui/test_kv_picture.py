"""The drawing of the KV cache: honest squares, plain words, and no painting for nothing."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from desktop_app.domain.appearance import Appearance
from desktop_app.services.monitor_view import KvState
from desktop_app.ui.theme import Theme
from desktop_app.ui.tokens import DARK, LIGHT, Tokens
from desktop_app.ui.widgets.kv_picture import BlockGrid, KvPicture
from desktop_app.ui.widgets.monitor_words import KV_EXPLANATION, KV_NOTHING
from tests.ui import hands
from tests.ui.paints import Events

KV = KvState("Qwen3-8B", 0.18, 613_024, 16, 0.64)


@pytest.fixture
def picture(qtbot: QtBot, theme: Theme) -> KvPicture:
    made = KvPicture(theme)
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def with_share(share: float) -> KvState:
    return KvState(KV.name, share, KV.tokens, KV.block, KV.hit_rate)


def test_without_an_engine_it_says_what_will_be_here(picture: KvPicture) -> None:
    assert hands.words(picture) == ["KV cache", KV_NOTHING]
    assert picture.accessibleDescription() == KV_NOTHING
    picture.show_kv(KV)
    picture.show_kv(None)
    assert hands.words(picture) == ["KV cache", KV_NOTHING]


def test_it_explains_in_words(picture: KvPicture) -> None:
    picture.show_kv(KV)
    words = [text.replace("\u00a0", " ") for text in hands.words(picture)]
    assert "18 % in use · room for 613,024 tokens, about 920 pages" in words
    assert "Each square is 250 blocks of 16 tokens." in words
    assert {"Qwen3-8B", "in use", "free", KV_EXPLANATION} <= set(words)
    assert any(text.startswith("About 65 % of what was asked lately was found again") for text in words)
    assert picture.accessibleName() == "KV cache"
    assert "18 % in use" in picture.accessibleDescription()


@pytest.mark.parametrize(("share", "full"), [(0.0, 0.0), (0.0001, 1 / 11), (0.5, 77.0), (1.0, 154.0), (1.5, 154.0)])
def test_squares_are_full_as_far_as_they_are_used(picture: KvPicture, share: float, full: float) -> None:
    picture.show_kv(with_share(share))
    assert hands.child(picture, BlockGrid).full == pytest.approx(full)


def test_it_is_painted_only_when_more_can_be_seen(picture: KvPicture, qtbot: QtBot) -> None:
    picture.show_kv(with_share(0.5))
    grid = hands.child(picture, BlockGrid)
    painted = Events(grid)
    qtbot.waitUntil(lambda: painted.count > 0)
    QApplication.sendPostedEvents()
    before = painted.count
    for number in range(20):
        picture.show_kv(with_share(0.5 + number / 1_000_000))
        QApplication.sendPostedEvents()
    assert painted.count == before
    picture.show_kv(with_share(0.51))
    qtbot.waitUntil(lambda: painted.count > before)


@pytest.mark.parametrize(("appearance", "tokens"), [(Appearance.DARK, DARK), (Appearance.LIGHT, LIGHT)])
def test_used_and_free_squares_differ_in_shape(
    picture: KvPicture, theme: Theme, qtbot: QtBot, appearance: Appearance, tokens: Tokens
) -> None:
    before = theme.appearance
    theme.choose(appearance)
    try:
        picture.show_kv(with_share(0.5))
        grid = hands.child(picture, BlockGrid)
        qtbot.waitUntil(lambda: grid.height() >= 8 * 14 - 3)
        image = grid.grab().toImage()
    finally:
        theme.choose(before)
    assert image.pixelColor(5, 5).name() == tokens.good
    assert image.pixelColor(5, 7 * 14 + 5).name() != tokens.good


@pytest.mark.parametrize("width", [260, 330, 700, 1100])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_clipped(picture: KvPicture, theme: Theme, qtbot: QtBot, width: int, scale: float) -> None:
    theme.set_text_scale(scale)
    try:
        picture.show_kv(KV)
        # Words and drawing may have to be put in another order first.
        for _ in range(2):
            picture.resize(round(width * scale), picture.heightForWidth(round(width * scale)))
            QApplication.sendPostedEvents()
        for text in hands.seen(picture, QLabel):
            assert text.height() >= text.heightForWidth(text.width()), text.text()
        grid = hands.child(picture, BlockGrid)
        assert grid.height() >= grid.heightForWidth(grid.width())
    finally:
        theme.set_text_scale(1.0)
