"""What a model's own small files say of talking to it: its sampling, and whether it takes pictures. `services/` ask.

The same as vLLM takes from it (`ModelConfig.get_diff_sampling_param` in vllm/config/model.py, 0.32): eight values and
nothing else. `do_sample` is not among them: vLLM samples even where it is false, at the temperature that stands there,
or at 1. A model without the file has them in `config.json`.
"""

from pathlib import Path

from desktop_app.domain.errors import UserError
from desktop_app.domain.sampling import Sampling, read_sampling
from desktop_app.hub.small_files import read_json

_BYTES = 1_000_000
"""The largest known (Whisper's) have 10,000."""
_NAMES = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "frequency_penalty", "presence_penalty")
_LIMIT = "max_new_tokens"
"""What transformers calls `max_tokens`."""
_SIGHT = ("vision_config", "vision_tower", "mm_vision_tower", "image_token_id", "image_token_index", "visual")
"""Keys of which every model that sees has one: transformers' own, LLaVA's, Qwen-VL's."""


def generation_defaults(folder: Path) -> Sampling:
    """What vLLM takes for the model in *folder* where nothing is chosen; reads a small file or two, never raises.

    What is missing, of another kind than it should be, or out of range counts as not said.
    """
    for name in ("generation_config.json", "config.json"):
        try:
            values = read_json(folder / name, _BYTES)
        except FileNotFoundError:
            continue
        except (OSError, UserError):
            return Sampling()
        if not isinstance(values, dict):
            return Sampling()
        wanted = {name: values[name] for name in _NAMES if name in values}
        return read_sampling(wanted | ({"max_tokens": values[_LIMIT]} if _LIMIT in values else {}))
    return Sampling()


def takes_pictures(folder: Path) -> bool | None:
    """Whether the model in *folder* is made for pictures, too, by its `config.json`; None when that says nothing."""
    try:
        values = read_json(folder / "config.json", _BYTES)
    except (OSError, UserError):
        return None
    return any(name in values for name in _SIGHT) if isinstance(values, dict) and values else None
