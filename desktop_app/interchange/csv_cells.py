"""Values as cells of CSV that spreadsheets do not calculate with, for `experiment_csv` and `monitor_csv`.

Prompts are read again from CSV, so `prompt_csv` has a way of its own that can be taken back.
"""

_FORMULAS = "=+-@＝＋－＠|"
"""Spreadsheets take what begins with one of these for a formula, the wide ones too; `|` is of the old DDE."""


def fit(text: str) -> str:
    """*text*, with an apostrophe before it where a spreadsheet would take it for a formula.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    text = text.replace("\0", "\ufffd")
    begin = text.lstrip()[:1]
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") or (begin and begin in _FORMULAS) else text
