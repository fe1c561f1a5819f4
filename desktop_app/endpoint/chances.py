"""The probabilities of tokens as servers send them (`logprobs`), in the form of chats and in that of completions. Pure.

`events.py` reads them where they were asked for. What is of another kind than it should be is left out.
"""

import math
from collections.abc import Iterable

from desktop_app.domain.chat import TokenChance

_TOKENS = 4_096
"""Of one piece; engines send one or a few."""
_OTHERS = 20
"""vLLM and OpenAI allow no more."""
_LENGTH = 1_000
"""Characters of a token; the longest known have some hundred."""


def read_chances(logprobs: object) -> tuple[TokenChance, ...]:
    """The tokens of one piece with what else they could have been; empty when nothing is told."""
    if not isinstance(logprobs, dict):
        return ()
    content = logprobs.get("content")
    if isinstance(content, list):
        return tuple(chance for entry in content[:_TOKENS] if (chance := _of_chat(entry)) is not None)
    return _of_text(logprobs)


def _of_chat(entry: object) -> TokenChance | None:
    if not isinstance(entry, dict) or not (own := _pairs([entry])):
        return None
    others = entry.get("top_logprobs")
    return TokenChance(*own[0], _likeliest(_pairs(others if isinstance(others, list) else [])))


def _of_text(logprobs: dict[str, object]) -> tuple[TokenChance, ...]:
    tokens, values, tops = (logprobs.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(tokens, list) or not isinstance(values, list):
        return ()
    tops = tops if isinstance(tops, list) else []
    chances = []
    for index, (token, value) in enumerate(zip(tokens[:_TOKENS], values, strict=False)):
        own = _pairs([{"token": token, "logprob": value}])
        top = tops[index] if index < len(tops) else None
        if own:
            others = [{"token": name, "logprob": one} for name, one in top.items()] if isinstance(top, dict) else []
            chances.append(TokenChance(*own[0], _likeliest(_pairs(others))))
    return tuple(chances)


def _pairs(entries: Iterable[object]) -> list[tuple[str, float]]:
    """Texts and logarithms of probabilities of all entries that have both."""
    found = []
    for entry in entries:
        token, value = (entry.get("token"), entry.get("logprob")) if isinstance(entry, dict) else (None, None)
        if isinstance(token, str) and isinstance(value, int | float) and math.isfinite(value):
            found.append((token[:_LENGTH], min(0.0, float(value))))
    return found


def _likeliest(pairs: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(pairs, key=lambda pair: -pair[1])[:_OTHERS])
