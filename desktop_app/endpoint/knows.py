"""What a server understands of a request, learned from its refusals. Pure; `stream.py` and `client.py` use it.

An engine of ours knows every field. A server elsewhere may refuse what only vLLM has; it is then asked once more
without. What was left out is told with the answer. A chat template without a place for the system's words exists
everywhere; they then stand before the first question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

StreamOptions = dict[str, bool]
"""What is asked of a stream besides its words; empty for a server that knows nothing of it."""

SYSTEM = "system"
"""Stands among what was left out when the system's words were put before the first question."""

_DROPPABLE = frozenset(
    {
        *("top_k", "min_p", "repetition_penalty", "skip_special_tokens", "chat_template_kwargs"),
        *("structured_outputs", "response_format", "continue_final_message", "add_generation_prompt"),
        *("logprobs", "top_logprobs", "seed", "frequency_penalty", "presence_penalty"),
    }
)
"""Fields that servers refuse: vLLM's own first, then what some leave out of OpenAI's protocol."""
_TOGETHER = ({"continue_final_message", "add_generation_prompt"}, {"logprobs", "top_logprobs"})
"""One means nothing without the other."""
_NO_SYSTEM = re.compile(r"system role (is )?not supported|only user(,| and)[a-z, ]* roles? |roles must alternate", re.I)
"""How chat templates (Gemma 2, Mistral 7B) say that they know no system."""


@dataclass(frozen=True)
class Knows:
    """What is known of one server with one model."""

    options: StreamOptions = field(default_factory=lambda: {"include_usage": True, "continuous_usage_stats": True})
    unknown: frozenset[str] = frozenset()
    """Fields that it refused."""
    new_limit_name: bool = False
    """Whether it wants `max_completion_tokens`, as OpenAI's newer models do."""
    no_system: bool = False
    """Whether its chat template has no place for the system's words."""

    def fit(self, body: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
        """The part of *body* that it understands, and the names of what was left out."""
        fitted = {name: value for name, value in body.items() if name not in self.unknown}
        left_out = [name for name in body if name in self.unknown]
        if self.new_limit_name and "max_tokens" in fitted:
            fitted["max_completion_tokens"] = fitted.pop("max_tokens")
        messages = fitted.get("messages")
        if self.no_system and isinstance(messages, list) and messages and messages[0]["role"] == "system":
            fitted["messages"] = _folded(messages)
            left_out.append(SYSTEM)
        return fitted, tuple(left_out)

    def without(self, body: Mapping[str, object], complaint: str, elsewhere: bool) -> "Knows | None":
        """What is known after it refused *body* with *complaint*; None when there is nothing to try.

        Args:
            body: what was refused.
            complaint: the server's own words.
            elsewhere: whether it is not ours; ours is only asked again for the sake of its template.
        """
        messages = body.get("messages")
        has_system = isinstance(messages, list) and messages and messages[0]["role"] == "system"
        if has_system and not self.no_system and _NO_SYSTEM.search(complaint):
            return replace(self, no_system=True)
        if not elsewhere:
            return None
        if "max_tokens" in body and "max_completion_tokens" in complaint:
            return replace(self, new_limit_name=True)
        if named := _named(body, complaint):
            return replace(self, unknown=self.unknown | named)
        return replace(self, options=_fewer(self.options, complaint)) if self.options else None


def _named(body: Mapping[str, object], complaint: str) -> frozenset[str]:
    """Fields of *body* that can be left out and that *complaint* names, with what belongs to them."""
    if "continue_final_message is set but" in complaint:
        return frozenset()  # it is known; the chat template does not allow it
    words = set(re.findall(r"[A-Za-z_]+", complaint))
    named = {name for name in body if name in _DROPPABLE and name in words}
    for together in _TOGETHER:
        named |= together & body.keys() if named & together else set()
    return frozenset(named)


def _fewer(options: StreamOptions, complaint: str) -> StreamOptions:
    """The options that are left when a server complained: OpenAI's own where only vLLM's is named."""
    if "continuous_usage_stats" in complaint and "continuous_usage_stats" in options:
        return {"include_usage": True}
    return {}


def _folded(messages: list[dict[str, object]]) -> list[dict[str, object]]:
    """The system's words as the beginning of the first question."""
    system, *rest = messages
    if not rest:
        return [{**system, "role": "user"}]
    content = rest[0]["content"]
    if isinstance(content, list):
        joined: object = [{"type": "text", "text": system["content"]}, *content]
    else:
        joined = f"{system['content']}\n\n{content}"
    return [{**rest[0], "content": joined}, *rest[1:]]
