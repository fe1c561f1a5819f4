"""Colours can be read: 4.5:1 for every text on every surface that it stands on (WCAG 2.1, 1.4.3)."""

import pytest

from desktop_app.ui.tokens import DARK, LIGHT, Tokens

PAIRS = [
    *(
        (text, back)
        for text in ("text", "second")
        for back in ("background", "side", "card", "raised", "hover", "bubble")
    ),
    ("on_accent", "accent"),
    ("accent_text", "background"),
    ("accent_text", "card"),
    *((tone, f"{tone}_soft") for tone in ("good", "warn", "bad")),
    ("bad", "card"),
    *((f"code_{kind}", "code_background") for kind in ("text", "keyword", "string", "number", "comment", "name")),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_contrast(tokens: Tokens, front: str, back: str) -> None:
    high, low = sorted((luminance(getattr(tokens, front)), luminance(getattr(tokens, back))), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
