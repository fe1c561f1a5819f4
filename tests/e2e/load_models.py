"""Run by the engine's own Python: loads one model after the other and says after each `LOADED <folder>`.

`load_models.py KV_BYTES CONTEXT STEP FOLDER…`; vLLM's log is what the test reads. STEP is the tokens of one step: a
server's is 2,048, that of vLLM's Python class is larger.
"""

# mypy: ignore-errors
import gc
import sys

from vllm import LLM
from vllm.distributed import cleanup_dist_env_and_memory

_kv_bytes, _context, _step, *_folders = sys.argv[1:]
for _folder in _folders:
    _model = LLM(
        _folder,
        enforce_eager=True,
        kv_cache_memory_bytes=int(_kv_bytes),
        max_model_len=int(_context),
        max_num_batched_tokens=int(_step),
        disable_log_stats=True,
    )
    print("LOADED", _folder, flush=True)
    del _model
    gc.collect()
    cleanup_dist_env_and_memory()
