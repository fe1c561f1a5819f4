"""Words as the search index sees them, what a person typed as a query of FTS5, and the snippet around a hit.

`schema.py` and `messages.py` write the index with `search_words()`; `search.py` asks it. Scripts that are written
without spaces between words (Chinese, Japanese, Thai…) and Korean are indexed by the character, so that any part of a
text is found. The index keeps no text of its own and has to be told a message's words again when the message goes: that
is why `search_words()` of a text must stay the same for good, and needs a new migration when it does not.
"""

import re
import unicodedata
from dataclasses import dataclass

MAX_TERMS = 10
"""Words that are looked for; whoever pastes a sentence is served well enough by its first ones."""
MAX_QUERY = 500
"""Characters of a query that are looked at."""
SNIPPET = 160
"""Characters of a snippet, at most."""
_BEFORE = 50
"""Characters of a snippet before its first hit."""
_WINDOW = 4_000
"""Characters that are prepared at once when a text is looked through for a hit."""
_LOOKED_THROUGH = 400_000
"""Characters of a text that are looked through: a snippet is not worth more time."""

# Thai, Lao, Myanmar, Hangul jamo, Khmer; CJK radicals to Hangul syllables; compatibility and half-width forms; the
# planes of rarer ideographs.
_SINGLE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3100-\ua4cf"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
_ONE = re.compile(f"([{_SINGLE}])")
_TERM = re.compile(r'"([^"]*)("|$)|([^\s"]+)')
_TOKEN = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]+")
_MARKS = re.compile("[\u0300-\u036f]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MARKUP = re.compile(r"\*\*|`+|^ {0,3}(?:#{1,6} +|> ?)", re.MULTILINE)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


@dataclass(frozen=True)
class Query:
    """What a person looks for."""

    match: str
    """For FTS5's MATCH; empty when there is nothing to look for."""
    hits: re.Pattern[str]
    """Finds any of its words in a text that `_folded()` made."""


def search_words(text: str) -> str:
    """The text as it is indexed: a space on each side of every character that is a word of its own."""
    return text if text.isascii() else _ONE.sub(r" \1 ", unicodedata.normalize("NFC", text))


def read_query(text: str) -> Query | None:
    """What was typed: words that must all be there, "phrases", the last word as a beginning; None without a word."""
    text = _MARKS.sub("", unicodedata.normalize("NFC", _UNSEEN.sub("", text[:MAX_QUERY])))
    terms, patterns = [], []
    for found in list(_TERM.finditer(text))[:MAX_TERMS]:
        term = found[3] or found[1] or ""
        tokens = _TOKEN.findall(term)
        if not tokens:
            continue
        beginning = found.end() == len(text) and found[2] != '"' and _is_beginning(term, tokens[-1])
        terms.append(f'"{" ".join(tokens)}"{"*" if beginning else ""}')
        patterns.append(_pattern(tokens, beginning))
    return Query(" ".join(dict.fromkeys(terms)), re.compile("|".join(patterns))) if terms else None


def snippet(text: str, query: Query) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line of *text* around its first hit, at most `SNIPPET` characters, and where the hits are in it.

    Signs of Markdown that only shape words are left out: nobody searches for them, and here they shape nothing.
    """
    for begin in range(0, max(1, min(len(text), _LOOKED_THROUGH)), _WINDOW):
        # A window reaches into the next one, so that a hit on the border is whole in one of them.
        line = one_line(_MARKUP.sub("", text[max(0, begin - SNIPPET) : begin + _WINDOW + SNIPPET]))
        if hit := query.hits.search(_folded(line)):
            return _around(line, hit.start(), query, begin > SNIPPET)
    return _around(one_line(_MARKUP.sub("", text[: 4 * SNIPPET])), 0, query, False)


def one_line(text: str) -> str:
    """The text on one line, without characters that have no picture or turn the direction of writing."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _UNSEEN.sub("", text)).strip())


def _is_beginning(term: str, last: str) -> bool:
    # One letter is the beginning of half of all words: it counts as a word until there is a second one.
    return len(last) > 1 and term.endswith(last)


def _pattern(tokens: list[str], beginning: bool) -> str:
    words = r"[\W_]*".join(re.escape(_folded(token)) for token in tokens)
    before = "" if _ONE.match(tokens[0]) else rf"(?<![^\W_{_SINGLE}])"
    after = "" if beginning or _ONE.match(tokens[-1]) else rf"(?![^\W_{_SINGLE}])"
    return f"{before}{words}{after}"


def _around(line: str, hit: int, query: Query, cut: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    begin = max(0, hit - _BEFORE)
    if begin:
        space = line.find(" ", begin, hit)
        begin = space + 1 if space >= 0 else begin
    before = "…" if begin or cut else ""
    room = SNIPPET - len(before)
    shown = line[begin : begin + room] if len(line) - begin <= room else line[begin : begin + room - 1] + "…"
    words = before + shown
    return words, tuple(found.span() for found in query.hits.finditer(_folded(words)))


def _folded(text: str) -> str:
    """Lower case without accents, character for character, so that places in it are places in *text*."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


class _Folding(dict[int, int]):
    """What each character is without accent and capital; worked out when it is first met."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        plain = letter if _ONE.match(letter) else unicodedata.normalize("NFD", letter)[0].lower()
        self[code] = ord(plain) if len(plain) == 1 else code
        return self[code]


_FOLDING = _Folding()
