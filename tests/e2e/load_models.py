"""Run by the engine's own Python: loads one model after the other and says after each `LOADED <folder>`.

`load_models.py KV_BYTES CONTEXT FOLDER…`; vLLM's log is what the test reads.
"""

# mypy: ignore-errors
import gc
import sys

from vllm import LLM
from vllm.distributed import cleanup_dist_env_and_memory

_kv_bytes, _context, *_folders = sys.argv[1:]
for _folder in _folders:
    _model = LLM(
        _folder,
        enforce_eager=True,
        kv_cache_memory_bytes=int(_kv_bytes),
        max_model_len=int(_context),
        disable_log_stats=True,
    )
    print("LOADED", _folder, flush=True)
    del _model
    gc.collect()
    cleanup_dist_env_and_memory()
