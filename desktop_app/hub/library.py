"""The one way to huggingface_hub: imported late, told before that to keep to itself. For `asking`, `removal`."""

import importlib
import os
import sys
from types import ModuleType

_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
}
"""Read once, when the library is imported (`huggingface_hub/constants.py`)."""


def library(module: str) -> ModuleType:
    """A module of huggingface_hub, e.g. `utils`; the first import takes 0.1 seconds."""
    if "huggingface_hub" not in sys.modules:
        os.environ.update(_QUIET)
    return importlib.import_module(f"huggingface_hub.{module}")
