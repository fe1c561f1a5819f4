"""What is streamed: an answer as models write them, of prose, lists, a table and code."""

MIXED = """The **KV cache** keeps the keys and values of every token that came before, so that a new one costs *one*
step instead of all of them again. It grows with the conversation, and it is what most of the memory is needed for.

## How large it gets

For each token and each layer, two vectors are kept: `2 · layers · heads · width · bytes`. In figures:

| Context | KV cache | Fits beside the weights |
|--------:|---------:|---|
| 8,192 | 1.1 GiB | yes |
| 32,768 | 4.5 GiB | yes |
| 131,072 | 18.0 GiB | no: use `fp8` |

```python
def kv_bytes(layers: int, heads: int, width: int, tokens: int, size: int = 2) -> int:
    \"\"\"Bytes that the cache needs for *tokens* positions.\"\"\"
    total = 0
    for layer in range(layers):
        total += 2 * heads * width * tokens * size  # keys and values
    return total


print(f"{kv_bytes(32, 8, 128, 8192) / 2**30:.1f} GiB")
```

Three ways to make it smaller:

1. Lower the longest conversation: `--max-model-len 8192` is enough for most.
2. Keep it in eight bits: `--kv-cache-dtype fp8` halves it, and hardly anybody sees a difference.
3. Share what is the same, as the [documentation](https://docs.vllm.ai/) explains:
   - questions that begin with the same words,
   - several answers to one question.

> A cache that is too small is not an error. Requests wait until there is room, which shows as a pause before the first
> word.

So start small, look at the gauge, and give it more when the gauge is full. Numbers from one machine say little about
another one; what counts is the share of the memory that is left once the weights are loaded, and that is quickly tried.

"""
QUESTION = "How large does the KV cache get?"
