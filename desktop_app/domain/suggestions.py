"""Which settings a model suggests by its name, kind and chat template. Pure; called by `services/model_settings`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.domain.flags import FlagTable

_THINKS = re.compile(r"<think>|enable_thinking|<\|channel\|>|reasoning_content", re.IGNORECASE)
_CALLS = re.compile(r"tool_call|tools", re.IGNORECASE)

# From the parsers that vLLM 0.32 has and the models that its documentation names for each. The first that fits counts.
_REASONING = (
    (r"gpt[-_]?oss", "openai_gptoss"),
    (r"deepseek[-_]?r1|r1[-_]distill|qwq", "deepseek_r1"),
    (r"deepseek[-_]?v3\.[1-9]", "deepseek_v3"),
    (r"qwen[-_]?3", "qwen3"),
    (r"glm[-_]?4\.7|glm[-_]?5", "glm47"),
    (r"glm[-_]?4\.[5-6]", "glm45"),
    (r"magistral", "mistral"),
    (r"granite", "granite"),
    (r"kimi[-_]?k2", "kimi_k2"),
    (r"minimax[-_]?m2", "minimax_m2"),
    (r"gemma[-_]?4", "gemma4"),
    (r"nemotron", "nemotron_v3"),
    (r"olmo[-_]?3", "olmo3"),
    (r"seed[-_]?oss", "seed_oss"),
    (r"step[-_]?3", "step3"),
    (r"hunyuan.*a13b", "hunyuan_a13b"),
    (r"ernie[-_]?4\.5", "ernie45"),
    (r"mimo", "mimo"),
)
_TOOLS = (
    (r"gpt[-_]?oss", "openai"),
    (r"qwen[-_]?3[-_.]?(?:\d[-_])?coder|qwen[-_]?3\.[5-9]", "qwen3_coder"),
    (r"qwen[-_]?(?:2|3)|qwq|hermes", "hermes"),
    (r"deepseek[-_]?v3\.1", "deepseek_v31"),
    (r"deepseek[-_]?v3\.2", "deepseek_v32"),
    (r"deepseek[-_]?(?:v3|r1)", "deepseek_v3"),
    (r"llama[-_]?4", "llama4_pythonic"),
    (r"llama[-_]?3", "llama3_json"),
    (r"mistral|mixtral|ministral|magistral|devstral", "mistral"),
    (r"glm[-_]?4\.7|glm[-_]?5", "glm47"),
    (r"glm[-_]?4\.[5-6]", "glm45"),
    (r"granite[-_]?4", "granite4"),
    (r"granite", "granite"),
    (r"kimi[-_]?k2", "kimi_k2"),
    (r"minimax[-_]?m2", "minimax_m2"),
    (r"functiongemma", "functiongemma"),
    (r"gemma[-_]?4", "gemma4"),
    (r"phi[-_]?4[-_]?mini", "phi4_mini_json"),
    (r"internlm", "internlm"),
    (r"jamba", "jamba"),
    (r"lfm[-_]?2", "lfm2"),
    (r"olmo[-_]?3", "olmo3"),
    (r"seed[-_]?oss", "seed_oss"),
    (r"step[-_]?3", "step3"),
    (r"xlam", "xlam"),
    (r"ernie[-_]?4\.5", "ernie45"),
    (r"hunyuan.*a13b", "hunyuan_a13b"),
)


@dataclass(frozen=True)
class Suggestion:
    """Settings that would suit a model."""

    words: str
    flags: tuple[tuple[str, str | bool], ...]


def suggest(names: Iterable[str], template: str, table: FlagTable) -> tuple[Suggestion, ...]:
    """What suits a model; only what the engine has.

    Args:
        names: what the model is called, and its kinds (`architectures`, `model_type`).
        template: its chat template; it says whether the model thinks and calls tools.
        table: what the engine knows.
    """
    called = " ".join(names).lower()
    found = []
    parser = _first(_REASONING, called, table.reasoning_parsers)
    if parser and _THINKS.search(template):
        words = f"This model thinks before it answers. With Thinking set to {parser}, its thoughts are shown apart."
        found.append(Suggestion(words, (("--reasoning-parser", parser),)))
    parser = _first(_TOOLS, called, table.tool_parsers)
    if parser and _CALLS.search(template):
        words = f"This model can call tools. That needs Tools on, and How tools are called set to {parser}."
        found.append(Suggestion(words, (("--enable-auto-tool-choice", True), ("--tool-call-parser", parser))))
    return tuple(found)


def _first(rules: tuple[tuple[str, str], ...], called: str, known: tuple[str, ...]) -> str:
    for pattern, parser in rules:
        if re.search(pattern, called):
            return parser if parser in known else ""
    return ""
