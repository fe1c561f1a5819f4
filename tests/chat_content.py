"""A conversation with everything that a chat can have, for pictures and measurements."""

from dataclasses import replace

from desktop_app.domain.chat import AnswerRecord, Attachment, AttachmentKind, Message, MessageState, Role, Timing
from desktop_app.domain.tree import Tree

RICH = """A **KV cache** keeps the keys and values of every earlier token, so that a new one costs *one* step instead \
of reading everything again. Its size is

$$2 \\cdot n_{layers} \\cdot n_{kv} \\cdot d_{head} \\cdot L \\cdot \\text{bytes}$$

so with $n_{kv} = 8$ heads and $d_{head} = 128$ each token takes about 144 KiB:

| Context | KV cache | Fits beside the weights |
|--------:|---------:|---|
| 8,192 | 1.1 GiB | yes |
| 32,768 | 4.5 GiB | yes |
| 131,072 | 18.0 GiB | no: use `fp8` |

```python
def kv_bytes(layers: int, kv_heads: int, head_dim: int, tokens: int, width: int = 2) -> int:
    \"\"\"Bytes that the cache needs for *tokens* positions.\"\"\"
    return 2 * layers * kv_heads * head_dim * tokens * width  # K and V
```

Three ways to shrink it:

1. Lower `--max-model-len`; vLLM reserves whole blocks up front.
2. Use `--kv-cache-dtype fp8`, which halves it with little loss:

   ```bash
   vllm serve Qwen/Qwen3-8B --kv-cache-dtype fp8
   ```

3. Share prefixes, as the [documentation](https://docs.vllm.ai/) says.

- [x] measured on one card
- [ ] measured on two

> A remote picture stays a line of text: ![a cat](https://example.org/cat.png)
"""

REASONING = """The person asks how large the KV cache gets. For each token every layer keeps one key and one value for \
every KV head.

So the bytes are two times layers times heads times the size of a head times the width of a number. With 36 layers, 8 \
heads of 128 and two bytes this is 147,456 bytes for a token."""

MODEL = "Qwen3-8B"
_TIMING = Timing(0.31, 12.4, 164, 512)
_RECORD = AnswerRecord(
    finish="stop",
    cached_tokens=128,
    queue_seconds=0.002,
    reasoning_tokens=118,
    reasoning_seconds=2.9,
    context_tokens=32_768,
    revision="b968826d9c46dd6066d109eabc6255188de91218",
    engine="vLLM 0.32.0",
    request='{"temperature": 0.7, "top_p": 0.8}',
    sent_messages=1,
)


def rich_tree() -> Tree:
    """A question with a file, three answers to it of which the last is shown, and a cut answer to a second question."""
    report = Attachment(
        0, "kv-cache-report.pdf", AttachmentKind.TEXT, "text/plain", "Figures. " * 400, size=812_000, tokens=3_410,
        note="12 pages, 2 without text",
    )  # fmt: skip
    question = Message(1, Role.USER, "How big does the KV cache get for Qwen3-8B, and how do I make it smaller?")
    first = Message(
        2, Role.ASSISTANT, "About 144 KiB for a token.", parent=1, model=MODEL, timing=Timing(0.2, 1, 90, 12)
    )
    answer = Message(
        4, Role.ASSISTANT, RICH, parent=1, model=MODEL, timing=_TIMING, reasoning=REASONING, record=_RECORD
    )
    cut = Message(
        6, Role.ASSISTANT, "With half as many KV heads the cache is half as large, because every", parent=5,
        model=MODEL, state=MessageState.CUT, timing=Timing(0.28, 0.4, 760, 16),
        record=AnswerRecord(finish="length", request='{"max_tokens": 16}', engine="vLLM 0.32.0"),
    )  # fmt: skip
    tree = Tree(
        [
            replace(question, attachments=(report,), created=1_795_000_000),
            first,
            replace(first, id=3, text="It depends on the context."),
            answer,
            Message(5, Role.USER, "And with grouped heads?", parent=4),
            cut,
        ]
    )
    tree.choose(4)
    return tree


def long_path(count: int, words: int = 60) -> list[Message]:
    """*count* messages, questions and answers by turns, about *words* words each."""
    text = ("Every token that was read is kept as a key and a value, so that it need not be read again. " * 20).split()
    return [
        Message(
            number + 1,
            Role.ASSISTANT if number % 2 else Role.USER,
            f"{number + 1}. " + " ".join(text[: words if number % 2 else 12]),
            parent=number or None,
            model=MODEL if number % 2 else "",
        )
        for number in range(count)
    ]
