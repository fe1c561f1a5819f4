"""JSON piece by piece: a file of hundreds of megabytes is read one conversation at a time.

Python's own reader holds every other thread up until it has read all of a text, the window's thread too; so it is only
given one element after another. `reader` calls it.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from desktop_app.interchange.values import DamagedError

_SPACE = re.compile(r"[ \t\n\r]*")
_DIGITS = 18
"""Of a whole number; the database takes no larger ones."""
_DEEP = "it is nested too deeply"


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None


def _real(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _constant(_name: str) -> None:
    """NaN and the infinities are no JSON; they count as not known."""


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_constant)


class Pieces:
    """A JSON text that is a list, or an object with a list as one of its members.

    Raises:
        DamagedError: by every method, when the text is no JSON, or another than it should be.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._skip()

    @property
    def first(self) -> str:
        """The first sign: `[` or `{` of what can be read; empty for an empty text."""
        return self._sign()

    def whole(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """All of it as one value."""
        value = self._value()
        self._end()
        return value

    def elements(self) -> Iterator[Any]:
        """The elements of the list that begins here, one after another."""
        self._take("[")
        if self._sign() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._take(",]") == "]":
                return

    def members(self) -> Iterator[tuple[str, Any]]:
        """The members of the object that begins here; of a list only `Pieces` itself, to be read with `elements()`."""
        self._take("{")
        if self._sign() == "}":
            self._at += 1
            return
        while True:
            name = self._value()
            if not isinstance(name, str):
                raise DamagedError("a name is no text")
            self._take(":")
            yield name, self if self._sign() == "[" else self._value()
            if self._take(",}") == "}":
                return

    def skip(self) -> None:
        """Read over the value that begins here."""
        self._value()

    def _value(self) -> Any:  # noqa: ANN401 - JSON may be anything
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except RecursionError as error:
            raise DamagedError(_DEEP) from error
        except ValueError as error:
            raise DamagedError("it is no whole JSON") from error
        self._skip()
        return value

    def _take(self, signs: str) -> str:
        sign = self._sign()
        if not sign or sign not in signs:
            raise DamagedError("it is no whole JSON")
        self._at += 1
        self._skip()
        return sign

    def _sign(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _end(self) -> None:
        if self._sign():
            raise DamagedError("something stands below its end")
