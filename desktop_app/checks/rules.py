"""The rules by which answers are checked, and whether a check can be used at all. Pure: no file, no connection.

`problem` is for everybody. `checked` is for `__main__` only, which has limits: a person's pattern may take for ever.
"""

import re
import unicodedata
import warnings

from desktop_app.checks.limits import MAX_ANSWER, MAX_PATTERN, MAX_SCHEMA
from desktop_app.domain.experiment import Check, CheckKind, CheckResult

_QUOTED = 80
"""Characters of a quotation."""


def problem(check: Check) -> str:
    """Why a check cannot be used, as a sentence: a pattern that is none, a schema that is none; empty if it can."""
    if len(check.text) > MAX_ANSWER:
        return f"It is longer than {MAX_ANSWER:,} characters."
    if check.kind is CheckKind.REGEX:
        return _pattern_problem(check.text)
    if check.kind is CheckKind.SCHEMA and check.text.strip():
        from desktop_app.checks.schemas import schema_problem  # noqa: PLC0415 - brings the library along

        too_long = len(check.text) > MAX_SCHEMA
        return f"It is longer than {MAX_SCHEMA:,} characters." if too_long else schema_problem(check.text)
    return ""


def checked(check: Check, text: str, reference: str = "") -> CheckResult:
    """What a check says of the answer *text*; white space at the ends of it, or of a reference, never counts."""
    wanted, answer = check.text if check.text.strip() else reference.strip(), text.strip()
    wanted = wanted if check.kind is CheckKind.REGEX else wanted.strip()
    if check.kind is CheckKind.SCHEMA:
        passed, why = _schema(check, answer)
    elif not wanted:
        passed, why = None, "There is nothing to compare it with: this prompt has no reference answer."
    elif check.kind is CheckKind.REGEX:
        passed, why = _pattern(wanted, answer, ignore_case=check.ignore_case)
    elif check.kind is CheckKind.EXACT:
        passed = _plain(answer, check) == _plain(wanted, check)
        why = f"It is {'' if passed else 'not '}{quoted(wanted)}."
    else:
        passed = _plain(wanted, check) in _plain(answer, check)
        why = f"{quoted(wanted)} is {'' if passed else 'not '}in it."
    return CheckResult(check.kind, passed, why)


def quoted(text: str) -> str:
    """The beginning of a text in quotation marks, on one line and without signs that control a screen."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * _QUOTED]).split())
    return f"“{line[:_QUOTED]}…”" if len(line) > _QUOTED or len(text) > 4 * _QUOTED else f"“{line}”"


def _plain(text: str, check: Check) -> str:
    """The same signs for the same letters, however they were typed."""
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", text.casefold()) if check.ignore_case else text


def _pattern_problem(pattern: str) -> str:
    if len(pattern) > MAX_PATTERN:
        return f"The pattern is longer than {MAX_PATTERN:,} characters."
    try:
        _compiled(pattern)
    except re.error as error:
        place = "" if error.pos is None else f" at character {error.pos + 1}"
        return f"This is no pattern: {error.msg}{place}."
    except (RecursionError, OverflowError):
        return "This is no pattern: it is nested too deeply, or counts too far."
    return ""


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # What Python may read otherwise one day is said to programmers only.
        warnings.simplefilter("ignore")
        return re.compile(pattern, flags)


def _pattern(pattern: str, answer: str, *, ignore_case: bool) -> tuple[bool | None, str]:
    unusable = _pattern_problem(pattern)
    if unusable:
        return None, unusable
    found = _compiled(pattern, re.IGNORECASE if ignore_case else 0).search(answer)
    if found is None:
        return False, "Nothing in it matches the pattern."
    return True, f"{quoted(found[0])} matches the pattern." if found[0].strip() else "It matches the pattern."


def _schema(check: Check, answer: str) -> tuple[bool | None, str]:
    unusable = problem(check)
    if unusable:
        return None, unusable
    from desktop_app.checks.schemas import fits  # noqa: PLC0415 - brings the library along

    return fits(check.text, answer)
