"""The recorded logs in `tests/data/vllm_logs`.

Text logs of vLLM 0.32 in three processes, and JSON logs in two (`j_*`; `r_*` are of `tests/e2e/test_real_failures.py`).
Lines are cut at 1,500 characters in text logs; paths of the recording machine were replaced.
"""

from pathlib import Path

from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan, ModelRef
from desktop_app.engine.log_pump import LineSplitter

FOLDER = Path(__file__).parents[1] / "data" / "vllm_logs"
REACHED_READY = (
    *("f_dtype_fp16", "f_dup_model_pos", "f_fp8_kv", "f_kv_small_auto", "f_no_compiler_eager", "f_tp2_bind"),
    *("f_ulimit_v_6g", "f_util_half", "h_A", "k_kill_engine", "k_kill_worker", "k_term_ready", "m2_nomp", "p_compiled"),
    *("s1_cold_evicted", "s2_second", "s3_eager", "j_ready"),
)


def recorded(name: str) -> list[str]:
    """A recorded log as the lines that `process` would make of it."""
    splitter = LineSplitter()
    return splitter.feed((FOLDER / f"{name}.log").read_bytes()) + splitter.end()


def recorded_plan(
    *flags: tuple[str, FlagValue], is_guide: bool = False, kind: EngineKind = EngineKind.CPU
) -> LaunchPlan:
    """What was started."""
    environment = EngineEnvironment(Path("/opt/engine/bin/python"), "0.32.0", kind, managed=True)
    return LaunchPlan(ModelRef("tiny", Path("/models/tiny"), is_guide), environment, Path("/run/engine.sock"), flags)
