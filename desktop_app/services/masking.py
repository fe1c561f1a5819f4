"""Takes out of a text what must not be given away: keys, passwords, and who and where the person is.

The support bundle is the only caller. What looks like a secret is masked even where it may be none: a word too many
costs a reader little. Every pattern takes time in proportion to the text, whatever stands in it.
"""

import getpass
import json
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

MASK = "<masked>"
USER = "<user>"
HOST = "<host>"

_SECRET_NAME = re.compile(
    r"key|token|secret|passw|passphrase|auth|cookie|credential|signature|(?<![a-z])(?:sig|pwd|pat|pin)(?![a-z])"
)
_HARMLESS = re.compile(
    r"tokeniz(?:ers?|ation)|per_token|inter_token|first_token|key_value|keywords?|keyboard|authors?(?![a-z])"
    r"|(?:bos|eos|pad|unk|sep|cls|mask|image|audio|video|stop)_token(?:_ids?)?"
    r"|token_(?:ids?|types?|len|length|count|index|indices|budget|quant|group|pooling)(?![a-z])"
)
"""vLLM, Python and pip use the same words for what is no secret; in lower case, with `_` for `-` and `.`."""
_FAILURE = re.compile(r".*(?:error|exception|warning|notfound)")
_COUNT_NAME = re.compile(r".*tokens.*|.*per_token.*|num_.*keys|.*_key_heads")
"""Names of numbers: what else stands there is masked."""
_COUNT = re.compile(
    r"[\[({]?-?[\d.,_ ]+(?:[KMGkmg]i?[Bb]?|[Bb])?[\])}]?(?=[\s,;)\]}'\"]|$)|(?:inf|auto)\b", re.MULTILINE
)
_NOTHING = re.compile(r"(?:null|none|true|false)(?=[\s,;)\]}]|$)", re.IGNORECASE | re.MULTILINE)
_MASKED = re.compile(rf"{MASK}(?=[\s,;)\]}}'\"]|$)", re.MULTILINE)
_WHOLE_LINE = re.compile(r"passw|passphrase|secret|auth|cookie")
"""After these names even words with blanks between them belong to the secret."""

_NAME = re.compile(
    r"(?<![\w.\-])(?P<name>[\w.\-]++)"
    r"(?P<sign>\\{0,8}[\"']?[ \t]{0,8}(?:=>|:=|[=:])[ \t]{0,8}"
    r"|\\{0,8}[\"']\s{0,8},\s{0,8}(?=b?\\{0,8}[\"'])"
    r"|(?<=[\w.])[ \t]{1,8}(?!--)(?=\S))"
)
"""`name = value`, `"name": "value"`, `("name", "value")`, `--name value`."""
_QUOTED = re.compile(r"[bru]?(?P<quote>\\{0,8}[\"'])(?:(?!(?<!\\)(?P=quote))[^\n])*+(?:(?P=quote))?")
_LISTED = re.compile(r"[\[({](?:\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|[^\[\](){}\"'])*+[\])}]")
_SCHEME = re.compile(r"(?:bearer|basic|digest|token|negotiate)[ \t]+(?=\S)", re.IGNORECASE)
_WORD = re.compile(r"\S++")
_AFTER_VALUE = ("", *" \t\n\r,;)]}")
_OPENING = ("[", "(", "{")
_LINE = re.compile(r"[^\n]++")

_SHAPES = (
    # Private keys, whole, without their end, and without their beginning.
    re.compile(
        r"-----BEGIN [^\n-]{0,40}PRIVATE KEY-----(?:.{0,8000}?-----END [^\n-]{0,40}-----|[\w+/=\s\\]*+)", re.DOTALL
    ),
    re.compile(r"(?:^[A-Za-z0-9+/=]{16,}+\r?\n){1,200}+(?=-----END [^\n-]{0,40}PRIVATE KEY-----)", re.MULTILINE),
    re.compile(r"hf_[A-Za-z0-9]{16,}+|api_org_[A-Za-z0-9]{16,}+"),
    re.compile(r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=\dm))(?:sk|rk|pk)[-_][A-Za-z0-9_\-]{8,}+"),
    re.compile(r"(?:gh[pousr]_|github_pat_|gl[a-z]{2,4}-|dckr_pat_|npm_|gsk_|r8_|nvapi-|pypi-|xai-|tvly-)[\w\-]{12,}+"),
    re.compile(r"xox[a-z]-[A-Za-z0-9\-]{8,}+|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}+|AIza[\w\-]{20,}+|ya29\.[\w\-]{8,}+"),
    re.compile(r"(?:(?<![\w\-])|(?<=\\[nrt])|(?<=\dm))eyJ[\w\-]{6,}+\.[\w\-]{4,}+(?:\.[\w\-]*+)?"),
    re.compile(r"(?<=bearer )[^\s\"',;)\]}]{4,}+", re.IGNORECASE),
)
"""Of Hugging Face, OpenAI and its kin, GitHub, GitLab, Docker, npm, PyPI, NVIDIA, Slack, Amazon, Google; web tokens."""
_IN_URL = re.compile(r"(?<=://)(?:[^\s/?#@\"'<>:]{0,200}:[^\s\"'<>]{1,400}@|[^\s/?#\"'<>]{1,400}@)")
_HOMES = re.compile(r"(/home/|/Users/|[A-Za-z]:\\{1,8}Users\\{1,8})[^/\\\s\"':;,<>]++")
_COLOURS = re.compile("\x1b(?:\\[[0-9;?]{0,40}[A-Za-z])?")
_COMMON = frozenset({"root", "vllm", "user", "users", "home", "localhost", "nobody", "python", "model", "engine"})
"""Names that say nothing about a person, and stand in every log."""
_SHORTEST = 8
"""Characters: what is shorter in a variable with a secret's name is not looked for elsewhere (`true`, `0`, `:1`)."""


@dataclass(frozen=True)
class Person:
    """Whom nobody should find in the text."""

    home: str
    user: str = ""
    host: str = ""


def this_person() -> Person:
    """Whoever runs the program, on this computer."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""  # a number without a name
    return Person(str(Path.home()), user, socket.gethostname())


class Masker:
    """Masks texts.

    Args:
        person: whose home, name and computer are replaced.
        known: values to mask wherever they stand, e.g. the keys of servers.
    """

    def __init__(self, person: Person, known: Iterable[str] = ()) -> None:
        self._known = _any_of({form for value in known for form in _written(value)})
        homes = {person.home.rstrip("/"), str(Path(person.home).resolve()).rstrip("/")}
        self._home = _any_of({form for home in homes if len(home) > 1 for form in _written(home)}, ends=True)
        self._user = _any_of(_written(person.user) if _tells(person.user) else set(), words=True)
        hosts = {person.host, person.host.partition(".")[0]}
        self._host = _any_of({host for host in hosts if _tells(host)}, words=True)

    def mask(self, text: str) -> str:
        """*text* without anything that must not be given away."""
        text = _COLOURS.sub("", text)
        text = self._known.sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(MASK, text)
        text = _IN_URL.sub(f"{MASK}@", text)
        text = "".join(_without_named(text))
        text = self._home.sub("~", text)
        text = _HOMES.sub(rf"\g<1>{USER}", text)
        return self._host.sub(HOST, self._user.sub(USER, text))

    def mask_variables(self, variables: Mapping[str, str], allowed: Iterable[str]) -> str:
        """`NAME=value` a line, sorted; the values of those that are not *allowed*, or secret by name, are masked."""
        shown = {name for name in allowed if not is_secret(name)}
        lines = (f"{name}={value if name in shown or not value else MASK}" for name, value in sorted(variables.items()))
        return self.mask("\n".join(" ".join(line.split("\n")) for line in lines))


def is_secret(name: str, value: str = "x") -> bool:
    """Whether what a variable, a flag or a field of this name holds is to be masked; *value* is the text after it."""
    plain = name.lower()
    if not _SECRET_NAME.search(plain):
        return False
    plain = re.sub(r"[.\-]", "_", plain)
    if not _SECRET_NAME.search(_HARMLESS.sub("", plain)) or _FAILURE.fullmatch(plain):
        return False
    return not (_COUNT_NAME.fullmatch(plain) and _COUNT.match(value))


def secrets_of(variables: Mapping[str, str]) -> set[str]:
    """The values of those *variables* that are secrets by name, to be masked wherever they stand."""
    return {value for name, value in variables.items() if len(value) >= _SHORTEST and is_secret(name, value)}


def _without_named(text: str) -> Iterator[str]:
    """The pieces of *text*, with a mask for every value that follows a secret's name."""
    done, place = 0, 0
    while found := _NAME.search(text, place):
        place, name, sign = found.end(), found["name"], found["sign"]
        # A blank is a sign only after a flag.
        if (sign.isspace() and not name.startswith("-")) or not is_secret(name, text[place : place + 40]):
            place = found.end("name") if sign.isspace() else place
            continue
        end = _end_of_value(text, place, name.lower())
        if end > place:
            yield text[done:place]
            yield MASK
            done = place = end
    yield text[done:]


def _end_of_value(text: str, place: int, name: str) -> int:
    """Where the value that begins at *place* ends; *place* itself when there is nothing to hide."""
    if _NOTHING.match(text, place):
        return place
    quoted = _QUOTED.match(text, place)
    if quoted and (len(quoted[0]) > 2 * len(quoted["quote"]) or text[quoted.end() : quoted.end() + 1] in _AFTER_VALUE):
        return quoted.end() if len(quoted[0]) > 2 * len(quoted["quote"]) else place
    listed = _LISTED.match(text, place)
    if listed:
        return listed.end() if len(listed[0]) > 2 else place
    if quoted or text[place : place + 1] in _OPENING:
        return _end(_LINE.match(text, place), place)
    if _WHOLE_LINE.search(name):
        return _end(_LINE.match(text, place), place)
    if _MASKED.match(text, place):
        return place
    scheme = _SCHEME.match(text, place)
    return _end(_WORD.match(text, scheme.end() if scheme else place), place)


def _end(found: re.Match[str] | None, otherwise: int) -> int:
    return found.end() if found else otherwise


def _written(value: str) -> set[str]:
    """The ways in which *value* may stand in a text: plain, in JSON, in Python, in an address."""
    if not value:
        return set()
    safe = value.encode("utf-8", "surrogateescape")
    return {value, json.dumps(value)[1:-1], repr(value)[1:-1], ascii(value)[1:-1], quote(safe), quote(safe, safe="")}


def _any_of(texts: Iterable[str], *, words: bool = False, ends: bool = False) -> re.Pattern[str]:
    """Matches any of *texts*, the longest first.

    Args:
        texts: plain texts.
        words: only as a whole word.
        ends: only where the word ends, so that `/home/ann` is not found in `/home/anna`.
    """
    ordered = sorted(filter(None, texts), key=len, reverse=True)
    if not ordered:
        return re.compile(r"(?!)")
    after = r"(?![^\W_])"
    if words:
        # As by JSON's and Python's `\n`, of which the letter belongs to no word.
        before = r"(?:(?<![^\W_])|(?<=\\[nrt]))"
        return re.compile(f"{before}(?:{'|'.join(map(re.escape, ordered))}){after}", re.IGNORECASE)
    # Short ones would be found in other words.
    parts = (re.escape(text) if len(text) > 3 else rf"(?<![^\W_]){re.escape(text)}{after}" for text in ordered)
    return re.compile(f"(?:{'|'.join(parts)}){after if ends else ''}")


def _tells(name: str) -> bool:
    return len(name) > 1 and name.lower() not in _COMMON
