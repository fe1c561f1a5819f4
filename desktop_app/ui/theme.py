"""How everything looks: one table of colours, one scale of sizes, one set of fonts and icons, in light and dark.

`bootstrap` makes one `Theme` and hands it to every widget; `changed` asks them to draw themselves again. Colours go
into the palette (selection, links, placeholders) and into the style sheet (shapes, hover): a sheet alone leaves text
selection and links wrong. The size of words is one factor on every size in points.
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.domain.appearance import Appearance
from desktop_app.ui.stylesheet import grown, scaled_sheet, stylesheet
from desktop_app.ui.tokens import DARK, LIGHT, Tokens

__all__ = ["LARGEST", "SMALLEST", "Space", "Theme", "Tokens"]

SMALLEST = 0.8
LARGEST = 2.0
"""What a person may choose for `Theme.text_scale`; WCAG 2.1, 1.4.4 asks for twice the size."""

_ICON = 20
"""Logical pixels that an icon is drawn in, at the usual size of words."""

_SHEET_FONT = "_q_styleSheetWidgetFont"
"""Where Qt keeps the font that a widget had before its style sheet, to which it goes back at every polish. Below an
application's sheet it does not take in a font that is set later (seen with 6.11; a test would tell)."""


@dataclass(frozen=True)
class Space:
    """The spacing scale, in logical pixels."""

    tiny: int = 4
    small: int = 8
    medium: int = 12
    large: int = 16
    huge: int = 24


class Theme(QObject):
    """Owns colours, fonts and icons, and gives them to the application.

    Args:
        app: what is given them.
        resources: the folder with fonts and icons.
        appearance: what the person chose.
        dressed: False leaves the style sheet to `dress()`.
    """

    changed = Signal()
    focus_moved = Signal(object)
    """The widget that has got the keyboard; None when no window of the program has it."""

    def __init__(
        self,
        app: QApplication,
        resources: Path,
        appearance: Appearance = Appearance.SYSTEM,
        *,
        dressed: bool = True,
    ) -> None:
        super().__init__()
        self._app = app
        self._icons = resources / "icons"
        self._appearance = appearance
        self._icon_cache: dict[tuple[str, str], QIcon] = {}
        self._text_scale = 1.0
        self._dressed = False
        self.space = Space()
        for font in sorted((resources / "fonts").iterdir()):
            QFontDatabase.addApplicationFont(str(font))
        app.setStyle("Fusion")
        app.setFont(self.body_font())
        self.tokens = self._chosen()
        app.focusChanged.connect(self._on_focus_changed)
        app.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        app.setPalette(_palette(self.tokens))
        if dressed:
            self.dress()

    @property
    def appearance(self) -> Appearance:
        """What the person chose."""
        return self._appearance

    def choose(self, appearance: Appearance) -> None:
        """Show these colours from now on."""
        self._appearance = appearance
        self._refresh()

    def dress(self) -> None:
        """Give the style sheet to the application.

        `bootstrap` does it once the window is built: below a sheet, whatever is put into a layout is styled again with
        all that is in it, and the same window takes 90 ms instead of 35.
        """
        self._dressed = True
        self._app.setStyleSheet(stylesheet(self.tokens, self._text_scale))

    @property
    def text_scale(self) -> float:
        """How large words are, as a share of their usual size."""
        return self._text_scale

    def set_text_scale(self, scale: float) -> None:
        """Show words this large from now on, 0.8 to 2, in widgets that are there already and in those to come."""
        scale = min(LARGEST, max(SMALLEST, scale))
        if scale == self._text_scale:
            return
        factor = scale / self._text_scale
        self._text_scale = scale
        self._icon_cache.clear()
        self._app.setFont(self.body_font())
        for widget in self._app.allWidgets():
            _scale_own_font(widget, factor)
        if self._dressed:
            self.dress()
        self.changed.emit()

    def scaled(self, pixels: float) -> int:
        """*pixels* of something that words stand in, at the present size of words."""
        return round(pixels * self._text_scale)

    def grown(self, pixels: float) -> int:
        """*pixels* of something that stands beside words, such as an icon: it grows half as much as they do."""
        return grown(pixels, self._text_scale)

    def icon_size(self, pixels: int = 18) -> QSize:
        """The size of an icon that has *pixels* at the usual size of words."""
        return QSize(1, 1) * self.grown(pixels)

    def sheet(self, text: str) -> str:
        """The style sheet *text* of one page or widget, with words and controls as large as chosen."""
        return scaled_sheet(text, self._text_scale)

    def body_font(self, size: float = 10.5, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The font of everything but code. Size in points, before the person's choice of `text_scale`."""
        font = QFont("Inter")
        font.setPointSizeF(size * self._text_scale)
        font.setWeight(weight)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        return font

    def figures_font(self, size: float = 9.5) -> QFont:
        """The body font with digits of equal width, for figures that change."""
        font = self.body_font(size, QFont.Weight.Medium)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def mono_font(self, size: float = 10) -> QFont:
        """The font of code; ligatures are off, so that `->` stays two signs."""
        font = QFont("JetBrains Mono")
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF(size * self._text_scale)
        font.setFeature(QFont.Tag("calt"), 0)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        return font

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """One of our icons, drawn in *colour* (the second text colour by default)."""
        key = (name, colour or self.tokens.second)
        if key not in self._icon_cache:
            self._icon_cache[key] = self._draw_icon(*key)
        return self._icon_cache[key]

    def _draw_icon(self, name: str, colour: str) -> QIcon:
        svg = (self._icons / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        icon = QIcon()
        side = self.grown(_ICON)
        for ratio in (1, 2):
            pixmap = QPixmap(QSize(side, side) * ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, side * ratio, side * ratio))
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            icon.addPixmap(pixmap)
        return icon

    def _chosen(self) -> Tokens:
        if self._appearance is Appearance.SYSTEM:
            dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if self._appearance is Appearance.DARK else LIGHT

    def _on_focus_changed(self, _before: QWidget | None, focused: QWidget | None) -> None:
        self.focus_moved.emit(focused)

    def _on_system_changed(self) -> None:
        if self._appearance is Appearance.SYSTEM:
            self._refresh()

    def _refresh(self) -> None:
        tokens = self._chosen()
        if tokens is self.tokens:
            return
        self.tokens = tokens
        self._app.setPalette(_palette(self.tokens))
        self.dress()
        self.changed.emit()


def _scale_own_font(widget: QWidget, factor: float) -> None:
    """Make the font that was given to *widget* itself larger; what it inherits grows with the application's."""
    kept = widget.property(_SHEET_FONT)
    own = kept if isinstance(kept, QFont) else widget.font()
    if not widget.testAttribute(Qt.WidgetAttribute.WA_SetFont) or own.pointSizeF() <= 0:
        return
    font = QFont(own)
    font.setPointSizeF(own.pointSizeF() * factor)
    widget.setFont(font)
    if isinstance(kept, QFont):
        widget.setProperty(_SHEET_FONT, font)


def _palette(tokens: Tokens) -> QPalette:
    """The tokens as Qt's palette."""
    role = QPalette.ColorRole
    palette = QPalette()
    for key, colour in {
        role.Window: tokens.background,
        role.Base: tokens.background,
        role.AlternateBase: tokens.side,
        role.Button: tokens.card,
        role.ToolTipBase: tokens.raised,
        role.WindowText: tokens.text,
        role.Text: tokens.text,
        role.ButtonText: tokens.text,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.second,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Link: tokens.accent_text,
        role.LinkVisited: tokens.accent_text,
        role.Accent: tokens.accent,
    }.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.disabled))
    return palette


class KeyboardFocus(QObject):
    """Shows the focus ring only for focus that came by keyboard: Qt has no `:focus-visible`.

    Installed on the application as an event filter; sets the property `kbd` that the style sheet looks at.
    """

    _REASONS = (
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    )

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Mark *watched* on FocusIn, unmark it on FocusOut."""
        if isinstance(event, QFocusEvent) and isinstance(watched, QWidget):
            ring = event.type() is QEvent.Type.FocusIn and event.reason() in self._REASONS
            if bool(watched.property("kbd")) is not ring:
                watched.setProperty("kbd", ring)
                watched.style().unpolish(watched)
                watched.style().polish(watched)
        return False
