"""Causes that lie in the settings: flags that vLLM does not have, and values that do not fit model or machine."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from desktop_app.domain.errors import Fix, Remedy
from desktop_app.domain.flags import canonical
from desktop_app.domain.old_flags import explain_old
from desktop_app.engine.failure_causes import Found, cause, first_of, taken_away, without

_FLAG = re.compile(r"--[A-Za-z][\w.-]*")


def near_flag(name: str, offered: Iterable[str]) -> str:
    """The one of *offered* that *name* was probably meant to be; empty when none is alike."""
    return next(iter(get_close_matches(canonical(name.split("=", maxsplit=1)[0]), list(offered), 1, 0.8)), "")


def _meant(found: Found) -> Fix | None:
    """The flag that was meant, with the value of the misspelt one."""
    name = next(iter(_FLAG.findall(found.groups.get("flags", ""))), "").split("=")[0]
    near = near_flag(name, found.offered)
    value = found.value(name)
    if not near or explain_old(name) or value is None or not found.plan:
        return None
    return Fix(f"Use {near} instead", ((found.spelled(name) or name, None), (near, value)))


def _named(found: Found) -> Fix | None:
    """Take away the flags that the line names, as far as they are set."""
    names = _FLAG.findall(found.groups.get("flags", "")) or _FLAG.findall(found.groups.get("flag", ""))
    spelled = [name for flag in dict.fromkeys(names) if (name := found.spelled(flag.split("=")[0]))]
    return taken_away(*spelled) if spelled else None


def _limit(found: Found) -> Fix:
    tokens = int(found.number("limit"))
    return Fix(f"Start with a context of {tokens}", (("--max-model-len", str(tokens)),))


def _divisor(found: Found) -> Fix | None:
    """The largest number of cards below the chosen one that divides the heads."""
    heads, cards = int(found.number("heads")), int(found.number("cards"))
    if found.plan and not found.on_card:
        return _one_part(found)
    fitting = next((number for number in range(cards - 1, 0, -1) if heads % number == 0), 0)
    if fitting <= 1:
        return _one_part(found)
    return Fix(f"Divide the model into {fitting} parts", (("--tensor-parallel-size", str(fitting)),))


def _one_part(_found: Found) -> Fix:
    return Fix("Keep the model in one part", (("--tensor-parallel-size", None), ("--pipeline-parallel-size", None)))


def _as_many(found: Found) -> Fix | None:
    """Read at least as many tokens in one step as questions are answered at once."""
    batched, at_once = int(found.number("batched")), int(found.number("at_once"))
    if found.plan and found.value("--max-num-batched-tokens") is None:
        return Fix(f"Answer at most {batched} at once", (("--max-num-seqs", str(batched)),))
    words = f"Start without --max-num-batched-tokens {batched}"
    return Fix(words, (("--max-num-batched-tokens", None),)) if at_once else None


def _field(found: Found) -> Fix | None:
    """Take away the flag that belongs to a field of vLLM's configuration."""
    flag = "--" + found.groups.get("field", "").replace("_", "-")
    spelled = found.spelled(flag)
    return taken_away(spelled) if spelled else None


def _rank(found: Found) -> Fix:
    rank = int(found.number("rank"))
    size = next((one for one in (8, 16, 32, 64, 128, 256, 320, 512) if one >= rank), rank)
    return Fix(f"Allow LoRA adapters of rank {size}", (("--max-lora-rank", str(size)),))


def _without_json(found: Found) -> Fix | None:
    flag = found.spelled("--speculative-config") or found.spelled("-sc")
    return taken_away(flag) if flag else None


def mentioned(found: Found) -> Fix | None:
    """Take away what was set and is named in the line, as a flag or as a field of vLLM's configuration."""
    if found.plan is None:
        return None
    text = found.text.replace("_", "-").lower()
    names = [
        name
        for name, _ in found.plan.flags
        if re.search(rf"(?:(?<=--)|(?<![\w-])){re.escape(_bare(name))}(?![\w-])", text)
    ]
    return taken_away(*names) if names else None


def _bare(flag: str) -> str:
    return flag.lstrip("-").replace("_", "-").split(".")[0].lower()


USAGE = (
    cause(
        r": error: ambiguous option: (?P<flag>--[\w.-]+)[^\n]*could match (?P<others>[^\n]*)",
        "{engine} has no setting {flag}.",
        "{old:flag|It has several that begin like that: {others}.}",
        Remedy.SETTINGS,
        _named,
    ),
    cause(
        r": error: unrecognized arguments: (?P<flags>--[A-Za-z][^\n]*)",
        "{engine} has no setting {first:flags}.",
        "{old:flags|Did you mean {near:flags}?|It may belong to another version of vLLM, or be misspelt.}",
        Remedy.SETTINGS,
        first_of(_meant, _named),
    ),
    cause(
        r": error: unrecognized arguments: (?P<what>[^\n]*)",
        "{engine} does not understand a setting.",
        "It does not know what to do with: {what}.",
        Remedy.SETTINGS,
    ),
    cause(
        r": error: argument (?P<flags>[^:\n]*?(?P<flag>--[\w.-]+)[^:\n]*): invalid choice: (?P<value>'[^'\n]*'|\S+) "
        r"\(choose from (?P<choices>[^\n]*)\)",
        "{engine} does not know this value of {flag}.",
        "It cannot be {value}. Possible are {choices}.",
        Remedy.SETTINGS,
        _named,
    ),
    cause(
        r": error: argument (?P<flags>[^:\n]*?(?P<flag>--[\w.-]+)[^:\n]*): (?P<why>[^\n]*)",
        "{engine} does not understand the value of {flag}.",
        "It says: {why}.",
        Remedy.SETTINGS,
        _named,
    ),
    cause(
        r": error: (?P<what>[^\n]*)",
        "{engine} does not understand a setting.",
        "It says: {what}.",
        Remedy.SETTINGS,
    ),
    cause(
        r"Unknown vLLM environment variable detected: (?P<name>\w+)",
        "{engine} does not know a variable that was set.",
        "It is called {name}.",
        Remedy.SETTINGS,
    ),
)

VALUES = (
    cause(
        r"User-specified max_model_len \((?P<asked>\d+)\) is greater than .*?\(\w+=(?P<limit>\d+)(?:\.\d+)? or",
        "The context is longer than this model can keep in mind.",
        "{asked} tokens were asked for, and it can take {limit}.",
        Remedy.SETTINGS,
        _limit,
    ),
    cause(
        r"max_num_batched_tokens \((?P<batched>\d+)\) must be greater than or equal to max_num_seqs"
        r" \((?P<at_once>\d+)\)",
        "Two settings do not fit together.",
        "In one step it may read {batched} tokens, and is to answer {at_once} questions at the same time.",
        Remedy.SETTINGS,
        _as_many,
    ),
    cause(
        r"max_num_batched_tokens \((?P<batched>\d+)\) is smaller than max_model_len \((?P<length>\d+)\)",
        "Two settings do not fit together.",
        "In one step it may read {batched} tokens, and the context has {length}.",
        Remedy.SETTINGS,
        without("--max-num-batched-tokens", "--no-enable-chunked-prefill", "--enable-chunked-prefill"),
    ),
    cause(
        r"attention heads \((?P<heads>\d+)\) must be divisible by tensor parallel size \((?P<cards>\d+)\)",
        "The model cannot be divided into {cards} parts.",
        "It has {heads} attention heads, and every part must get as many of them.",
        Remedy.SETTINGS,
        _divisor,
    ),
    cause(
        r"World size \((?P<asked>\d+)\) is larger than the number of available GPUs \((?P<cards>\d+)\)",
        "There are not enough graphics cards.",
        "{asked} were asked for, and {cards} are there.",
        Remedy.SETTINGS,
        lambda found: (
            _one_part(found)
            if found.number("cards") <= 1
            else Fix(
                f"Use {int(found.number('cards'))} cards",
                (("--tensor-parallel-size", str(int(found.number("cards")))), ("--pipeline-parallel-size", None)),
            )
        ),
    ),
    cause(
        r"Not enough allowed NUMA nodes to bind threads of (?P<asked>\d+)",
        "This computer cannot run the model in {asked} parts.",
        "Its processor has one memory only; more parts would not be faster.",
        Remedy.SETTINGS,
        _one_part,
    ),
    cause(
        r"is not divisible by|must be divisible by (?:tensor|tp)|divide (?:the )?(?:total )?world size",
        "The model cannot be divided into so many parts.",
        "Its sizes do not allow that number.",
        Remedy.SETTINGS,
        without("--tensor-parallel-size", "--pipeline-parallel-size", "--decode-context-parallel-size"),
    ),
    cause(
        r"Pipeline parallelism is not supported|pipeline_parallel",
        "This model cannot be divided by layers.",
        "It has to be kept in one part, or divided across (--tensor-parallel-size).",
        Remedy.SETTINGS,
        without("--pipeline-parallel-size"),
    ),
    cause(
        r"No common block size for (?P<size>\d+)|block.?size (?P<size2>\d+) is not supported"
        r"|share no supported KV cache"
        r"|Block_size\(\d+\) should",
        "Memory for conversations cannot be given in such pieces.",
        "A piece of {size}{size2} tokens does not fit this computer.",
        Remedy.SETTINGS,
        without("--block-size"),
    ),
    cause(
        r"invalid tool call parser: (?P<name>[^\s'(]+)|tool_parser:'(?P<name2>[^'\n]*)' which has not been registered",
        "{engine} has no tool parser “{name}{name2}”.",
        "Choose one that fits the model.",
        Remedy.SETTINGS,
        without("--tool-call-parser", "--enable-auto-tool-choice"),
    ),
    cause(
        r"--enable-auto-tool-choice requires --",
        "It is not said how this model calls tools.",
        "Letting it choose tools needs a tool parser that fits the model.",
        Remedy.SETTINGS,
        without("--enable-auto-tool-choice"),
    ),
    cause(
        r"[Rr]easoning parser '(?P<name>[^'\n]*)' not found|invalid reasoning parser: (?P<name2>[^\s'(]+)"
        r"|reasoning_parser_name=(?P<name3>\S+) has not been registered",
        "{engine} has no reasoning parser “{name}{name2}{name3}”.",
        "Choose one that fits the model.",
        Remedy.SETTINGS,
        without("--reasoning-parser"),
    ),
    cause(
        r"(?P<name>\w+?)(?:ReasoningParser)? (?:reasoning parser )?could not locate think"
        r"|failed to tokenize reasoning strings"
        r"|ReasoningConfig",
        "The reasoning parser does not fit this model.",
        "The model has no signs for the beginning and the end of its thoughts.",
        Remedy.SETTINGS,
        without("--reasoning-parser", "--reasoning-config"),
    ),
    cause(
        r"could not locate the? ?tool call|could not locate tool call|response_template"
        r"|cannot be used with the tokenizer of",
        "The tool parser does not fit this model.",
        "The model has no signs for calling tools the way this parser expects.",
        Remedy.SETTINGS,
        without("--tool-call-parser", "--enable-auto-tool-choice", "--reasoning-parser"),
    ),
    cause(
        r"[Cc]hat template (?:string |path )?.*(?:doesn't exist|appears path-like|not a valid)",
        "The chat template is not there.",
        "The file that was chosen for it does not exist.",
        Remedy.SETTINGS,
        without("--chat-template"),
    ),
    cause(
        r"LoRA rank (?P<rank>\d+) is greater than max_lora_rank",
        "The LoRA adapter is larger than allowed.",
        "Its rank is {rank}.",
        Remedy.SETTINGS,
        _rank,
    ),
    cause(
        r"max_cpu_loras|max_loras|LoRA slots|lora slots",
        "Too many LoRA adapters for these settings.",
        "More were asked for than there is room for.",
        Remedy.SETTINGS,
        without("--max-cpu-loras", "--max-loras"),
    ),
    cause(
        r"is not supported for LoRA|does not support LoRA|No supported LoRA modules|unsupported LoRA weight"
        r"|expected target modules in|embedding LoRA size|\bLoRA (?:adapter|weight|module|config)",
        "The LoRA adapter does not fit this model.",
        "It was made for another one, or in a way that vLLM cannot use.",
        Remedy.SETTINGS,
        without("--lora-modules", "--enable-lora"),
    ),
    cause(
        r"Sleep mode is not supported|cumem allocator is not supported",
        "This computer cannot let an engine sleep.",
        "Sleep mode needs a graphics card.",
        Remedy.SETTINGS,
        without("--enable-sleep-mode", "--enable-cumem-allocator"),
    ),
    cause(
        r"[Ss]peculative|num_speculative_tokens|prompt_lookup|draft (?:model|config|vocab)|\bn_predict|drafter|EAGLE",
        "Guessing ahead does not work with this model.",
        "The settings of speculative decoding do not fit.",
        Remedy.SETTINGS,
        first_of(_without_json, without("--speculative-model")),
    ),
    cause(
        r"invalid literal for int\(\) with base 10: '(?P<value>[\d.]+)'",
        "A size must be a whole number.",
        "“{value}” was given, most likely in the variable VLLM_CPU_KVCACHE_SPACE. Take it away, and say with "
        "--kv-cache-memory-bytes how much memory conversations get.",
        Remedy.SETTINGS,
    ),
    cause(
        r"^(?P<field>[a-z][a-z0-9_]*)\n\s*(?:Value error, )?(?P<why>Input should [^\n]*)",
        "A setting has a value that is not possible.",
        "{field}: {why}.",
        Remedy.SETTINGS,
        _field,
    ),
    cause(
        r"(?P<first>\S+) and (?P<second>\S+) (?:are|is) mutually exclusive|(?P<third>[\w.-]+) cannot be (?:used"
        r"|combined) with"
        r"|(?P<fourth>--[\w-]+) requires (?=[\w-]{4})",
        "Two settings do not fit together.",
        "They exclude or need one another; the details say which.",
        Remedy.SETTINGS,
        mentioned,
    ),
)
