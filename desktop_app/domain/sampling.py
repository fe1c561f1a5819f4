"""How a model chooses its words: the parameters of a request, each with a sentence, and what a conversation sets.

`ChatSettings` is what a person chose for one conversation, or keeps under a name as a `Preset`. Nothing that is not
chosen is sent: the engine then takes the model's own defaults (generation_config.json).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any

MAX_STOPS = 16
MAX_STOP_LENGTH = 200
MAX_SYSTEM = 100_000
"""Characters of a system prompt."""
MAX_PATTERN = 100_000
"""Characters of a JSON schema, an expression or a list of choices."""


@dataclass(frozen=True)
class Sampling:
    """What was chosen; None is the model's own default. Names are those of the protocol."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    max_tokens: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    skip_special_tokens: bool | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter in words, and what values it takes (both ends included)."""

    name: str
    """Of the field of `Sampling` and of the protocol."""
    title: str
    sentence: str
    least: float = 0.0
    most: float = 0.0
    step: float = 0.0
    """0 for what is no number."""
    usual: float | None = None
    """What engines take when neither person nor model says anything; None for no limit or none."""
    whole: bool = False


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "temperature",
        "Temperature",
        "How daring the choice of words is: 0 always takes the likeliest, above 1 it gets wild.",
        0,
        2,
        0.05,
        1.0,
    ),
    Parameter(
        "max_tokens",
        "Longest answer",
        "After so many tokens an answer is cut; a token is about three quarters of a word.",
        1,
        1_000_000,
        64,
        None,
        whole=True,
    ),
    Parameter(
        "top_p",
        "Top P",
        "Only the likeliest words that together reach this share are considered; 1 considers all.",
        0.01,
        1,
        0.01,
        1.0,
    ),
    Parameter(
        "top_k",
        "Top K",
        "Only so many of the likeliest words are considered; 0 considers all.",
        0,
        1000,
        1,
        0,
        whole=True,
    ),
    Parameter(
        "min_p", "Min P", "Words less likely than this share of the likeliest one are left out.", 0, 1, 0.01, 0.0
    ),
    Parameter(
        "frequency_penalty",
        "Frequency penalty",
        "The more often a word was used in the answer, the less likely it comes again.",
        -2,
        2,
        0.1,
        0.0,
    ),
    Parameter(
        "presence_penalty",
        "Presence penalty",
        "A word that was used once in the answer becomes less likely, which invites new subjects.",
        -2,
        2,
        0.1,
        0.0,
    ),
    Parameter(
        "repetition_penalty",
        "Repetition penalty",
        "Above 1, words of the question and the answer become less likely; helps small models out of loops.",
        0.5,
        2,
        0.05,
        1.0,
    ),
    Parameter(
        "seed",
        "Seed",
        "The same seed, words and settings give the same answer again, as far as the engine allows.",
        0,
        2**31 - 1,
        1,
        None,
        whole=True,
    ),
    Parameter("stop", "Stop at", "The answer ends where one of these texts would come."),
    Parameter(
        "skip_special_tokens",
        "Hide special tokens",
        "Signs that models use among themselves, such as <|im_end|>, are left out of the answer.",
        usual=1.0,
    ),
)


class StructureKind(Enum):
    """What form an answer is held to. The value is what people read."""

    NONE = "Free"
    JSON = "JSON"
    REGEX = "Pattern"
    CHOICE = "One of a list"


@dataclass(frozen=True)
class Structure:
    """The form that an answer must have."""

    kind: StructureKind = StructureKind.NONE
    text: str = ""
    """A JSON schema (empty: any object), a regular expression, or choices one to a line."""

    def problem(self) -> str:
        """What is wrong with it, as a sentence; empty when nothing is."""
        if self.kind is StructureKind.JSON and self.text.strip():
            try:
                schema = json.loads(self.text)
            except (ValueError, RecursionError) as error:
                return f"The schema is no JSON: {error}."
            return "" if isinstance(schema, dict) else "The schema must be a JSON object."
        if self.kind is StructureKind.REGEX and not self.text.strip():
            return "Write a regular expression."
        if self.kind is StructureKind.CHOICE and not self.choices():
            return "Write the choices, one to a line."
        return ""

    def choices(self) -> list[str]:
        """The choices that are not blank."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


class Mode(Enum):
    """How a conversation talks to the model. The value is what people read."""

    CHAT = "Chat"
    """Questions and answers, through the model's chat template."""
    COMPLETION = "Continue a text"
    """`/v1/completions`: the model goes on with the text as it stands; for base models."""


class WhenFull(Enum):
    """What happens when a conversation no longer fits into the context. The value is what people read."""

    ASK = "Ask me"
    DROP_OLDEST = "Leave out the oldest"


@dataclass(frozen=True)
class ChatSettings:
    """What was chosen for one conversation."""

    system: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    structure: Structure = field(default_factory=Structure)
    mode: Mode = Mode.CHAT
    thinking: bool | None = None
    """Whether a model that can think first shall (`enable_thinking` of its template); None leaves it to the model."""
    logprobs: bool = False
    """Whether the probabilities of tokens are asked for and stored."""
    when_full: WhenFull = WhenFull.ASK

    def request(self) -> dict[str, object]:
        """The fields of a request to vLLM besides model, messages and streaming: what was chosen, and nothing else."""
        body: dict[str, object] = {}
        for one in fields(Sampling):
            value = getattr(self.sampling, one.name)
            if value is not None and value != ():
                body[one.name] = list(value) if isinstance(value, tuple) else value
        if self.structure.kind is StructureKind.JSON:
            body["structured_outputs"] = {"json": json.loads(self.structure.text.strip() or '{"type": "object"}')}
        elif self.structure.kind is StructureKind.REGEX:
            body["structured_outputs"] = {"regex": self.structure.text}
        elif self.structure.kind is StructureKind.CHOICE:
            body["structured_outputs"] = {"choice": self.structure.choices()}
        if self.mode is Mode.CHAT and self.thinking is not None:
            body["chat_template_kwargs"] = {"enable_thinking": self.thinking}
        if self.logprobs:
            body |= {"logprobs": True, "top_logprobs": 5} if self.mode is Mode.CHAT else {"logprobs": 5}
        return body

    def as_json(self) -> dict[str, object]:
        """Only what differs from nothing chosen."""
        sampling = {
            one.name: list(value) if isinstance(value := getattr(self.sampling, one.name), tuple) else value
            for one in fields(Sampling)
            if getattr(self.sampling, one.name) not in (None, ())
        }
        values: dict[str, object] = {}
        if self.system:
            values["system"] = self.system
        if sampling:
            values["sampling"] = sampling
        if self.structure.kind is not StructureKind.NONE:
            values["structure"] = {"kind": self.structure.kind.name.lower(), "text": self.structure.text}
        if self.mode is not Mode.CHAT:
            values["mode"] = self.mode.name.lower()
        if self.thinking is not None:
            values["thinking"] = self.thinking
        if self.logprobs:
            values["logprobs"] = True
        if self.when_full is not WhenFull.ASK:
            values["when_full"] = self.when_full.name.lower()
        return values

    @classmethod
    def from_json(cls, values: object) -> "ChatSettings":
        """What `as_json()` wrote. Nothing is trusted: what is of another kind or out of range counts as not chosen."""
        if not isinstance(values, Mapping):
            return cls()
        structure = values.get("structure")
        kind, text = (structure.get("kind"), structure.get("text")) if isinstance(structure, Mapping) else ("", "")
        system, thinking = values.get("system"), values.get("thinking")
        return cls(
            system=system[:MAX_SYSTEM] if isinstance(system, str) else "",
            sampling=read_sampling(values.get("sampling")),
            structure=Structure(
                next((one for one in StructureKind if one.name.lower() == kind), StructureKind.NONE),
                text[:MAX_PATTERN] if isinstance(text, str) else "",
            ),
            mode=next((one for one in Mode if one.name.lower() == values.get("mode")), Mode.CHAT),
            thinking=thinking if isinstance(thinking, bool) else None,
            logprobs=values.get("logprobs") is True,
            when_full=next((one for one in WhenFull if one.name.lower() == values.get("when_full")), WhenFull.ASK),
        )


def read_sampling(values: object) -> Sampling:
    """Sampling from JSON, e.g. of a preset or of a model's generation_config.json; only what is valid is taken."""
    sampling = Sampling()
    if not isinstance(values, Mapping):
        return sampling
    for parameter in PARAMETERS:
        value = values.get(parameter.name)
        if parameter.name == "stop":
            texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
            stops = [one for one in texts if isinstance(one, str) and 0 < len(one) <= MAX_STOP_LENGTH][:MAX_STOPS]
            sampling = replace(sampling, stop=tuple(stops))
        elif parameter.name == "skip_special_tokens":
            sampling = replace(sampling, skip_special_tokens=value if isinstance(value, bool) else None)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            continue
        elif parameter.least <= value <= parameter.most:
            # Compared first: what is infinite, no number at all or huge cannot be converted.
            number: Any = int(value) if parameter.whole else float(value)
            sampling = replace(sampling, **{parameter.name: number})
    return sampling


@dataclass(frozen=True)
class Preset:
    """Settings under a name."""

    id: int
    name: str
    settings: ChatSettings
