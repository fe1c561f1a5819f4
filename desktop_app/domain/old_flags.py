"""Flags and variables of older vLLM that tutorials still name, and what to do instead.

Pure data, tried against vLLM 0.32. Used where somebody writes a command by hand, and before a start.
"""

from desktop_app.domain.flags import canonical

_OLD = {
    "--device": "vLLM no longer takes it: which hardware is used follows from the installed engine.",
    "--swap-space": "It is gone since swapping was removed. --kv-offloading-size keeps conversations in main memory.",
    "--calculate-kv-scales": "It was removed in vLLM 0.28; fp8 for conversations works without it.",
    "--override-attention-dtype": "It was removed in vLLM 0.28. There is nothing to put in its place.",
    "--max-seq-len-to-capture": "Its successor is --max-cudagraph-capture-size.",
    "--max-context-len-to-capture": "Its successor is --max-cudagraph-capture-size.",
    "--num-scheduler-steps": "It is gone: the present engine plans its steps by itself.",
    "--num-lookahead-slots": "It is gone: --spec-tokens says how many words are guessed ahead.",
    "--use-v2-block-manager": "It is gone: there is only one block manager now.",
    "--disable-log-requests": "Not needed: requests are not logged unless --enable-log-requests is given.",
    "--guided-decoding-backend": "It is now --structured-outputs-config.backend.",
    "--task": "Its successors are --runner and --convert.",
    "--rope-scaling": 'It is now part of --hf-overrides, e.g. {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}.',
    "--rope-theta": 'It is now part of --hf-overrides, e.g. {"rope_theta": 1000000}.',
    "--enable-reasoning": "Not needed: choosing a --reasoning-parser is enough.",
    "--speculative-model": "It is now --spec-model, with --spec-method and --spec-tokens.",
    "--num-speculative-tokens": "It is now --spec-tokens.",
    "--ngram-prompt-lookup-max": "It is now prompt_lookup_max in --speculative-config.",
    "--worker-use-ray": "It is now --distributed-executor-backend ray.",
    "--engine-use-ray": "It is gone. --distributed-executor-backend ray is the nearest.",
    "--preemption-mode": "It is gone: there is only one way now.",
    "--cpu-only": "vLLM never had it: which hardware is used follows from the installed engine.",
    "--n-gpu-layers": "That is a flag of llama.cpp. With vLLM, --cpu-offload-gb leaves weights in main memory.",
    "--ctx-size": "That is a flag of llama.cpp. With vLLM it is --max-model-len.",
    "--gpu-layers": "That is a flag of llama.cpp. With vLLM, --cpu-offload-gb leaves weights in main memory.",
    "--context-length": "That is another program's flag. With vLLM it is --max-model-len.",
    "--max-total-tokens": "That is another program's flag. With vLLM it is --max-model-len.",
    "--num-gpus": "That is another program's flag. With vLLM it is --tensor-parallel-size.",
    "VLLM_USE_V1": "It is gone: there is only the new engine now.",
    "VLLM_ATTENTION_BACKEND": "It is now the flag --attention-backend.",
    "VLLM_CPU_SGL_KERNEL": "It is gone: the kernels are chosen by themselves.",
    "VLLM_CPU_MOE_PREPACK": "It is gone: this is done by itself.",
    "VLLM_CPU_KVCACHE_SPACE": "It only takes whole GB. Use the flag --kv-cache-memory-bytes.",
}  # fmt: skip

_BITSANDBYTES = (
    "vLLM no longer has bitsandbytes in itself (since 0.28). Choose a model quantised with AWQ, GPTQ or FP8; "
    "on a graphics card --quantization fp8 makes any model smaller."
)
_GGUF = "vLLM no longer reads GGUF by itself (since 0.24). Look for the same model with files that end in .safetensors."


def explain_old(flag: str, value: str = "") -> str:
    """What to do instead of an old *flag* (or variable), or of an old *value* of it; empty when it is not known."""
    if value.lower() == "bitsandbytes":
        return _BITSANDBYTES
    if value.lower() == "gguf" or value.lower().endswith(".gguf"):
        return _GGUF
    return _OLD.get(canonical(flag) if flag.startswith("-") else flag, "")
