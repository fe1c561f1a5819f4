"""The table of colours, light and dark. Text colours keep 4.5:1 on every surface that they are used on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tokens:
    """Names of colours by their use, as `#rrggbb`."""

    background: str
    side: str
    card: str
    raised: str
    hover: str
    line: str
    text: str
    second: str
    disabled: str
    accent: str
    accent_hover: str
    accent_soft: str
    accent_text: str
    """The accent where it is text on `background`."""
    on_accent: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    bubble: str
    code_background: str
    code_text: str
    code_keyword: str
    code_string: str
    code_number: str
    code_comment: str
    code_name: str
    curves: tuple[str, ...]
    """Lines and areas of charts on `card`, 3:1 against it. The first ones are told apart best, and every two by people
    who do not see red, green or blue, too: at least 0.11 apart in OKLab as seen by each (Machado et al., 2009)."""


LIGHT = Tokens(
    background="#ffffff",
    side="#f6f6f8",
    card="#ffffff",
    raised="#f1f1f4",
    hover="#e9e9ee",
    line="#e0e0e7",
    text="#18181d",
    second="#5a5a67",
    disabled="#8b8b98",
    accent="#4353e8",
    accent_hover="#3543d0",
    accent_soft="#e6e9ff",
    accent_text="#3a49d6",
    on_accent="#ffffff",
    good="#137236",
    good_soft="#e2f5e8",
    warn="#855500",
    warn_soft="#fdf1d6",
    bad="#b92929",
    bad_soft="#fde6e6",
    bubble="#eeeff4",
    code_background="#f4f4f7",
    code_text="#24242b",
    code_keyword="#7a34c4",
    code_string="#24702f",
    code_number="#a8480c",
    code_comment="#656572",
    code_name="#2456c8",
    curves=("#4353e8", "#b22f00", "#428e7d", "#db68c8", "#939517", "#00406b", "#642400", "#5c5c67"),
)

DARK = Tokens(
    background="#17171a",
    side="#111113",
    card="#1d1d21",
    raised="#26262b",
    hover="#2e2e35",
    line="#2f2f36",
    text="#ededf0",
    second="#a3a3ae",
    disabled="#71717d",
    accent="#5664ec",
    accent_hover="#6c79f6",
    accent_soft="#262a4d",
    accent_text="#8d97fa",
    on_accent="#ffffff",
    good="#52c878",
    good_soft="#17311f",
    warn="#e0a63c",
    warn_soft="#352a14",
    bad="#f58080",
    bad_soft="#3a1c1f",
    bubble="#26262b",
    code_background="#1e1e23",
    code_text="#e3e3e8",
    code_keyword="#c594f5",
    code_string="#93cf86",
    code_number="#eba26b",
    code_comment="#9191a0",
    code_name="#7fb0ff",
    curves=("#7a86fa", "#fc9530", "#a1fded", "#b72e9c", "#fded6d", "#84cbfb", "#d73b15", "#9b9aa1"),
)
