"""What cannot be changed about a start, and why: flags that we set, values and variables that would open it to others.

Pure; every answer is a sentence for people. Called by `launch`, `preflight` and the settings' service.
"""

import re
from collections.abc import Mapping

from desktop_app.domain.flags import canonical
from desktop_app.domain.launch import FlagValue

_SOCKET = "The program talks to the engine through a private socket, so that no other computer and no other user can."
_ONE_LOG = "The program reads the engine's log to tell you what it is doing."
_FOLDER = "It follows from the model that you chose."
_NO_KEY = "The socket is private, so there is no key; one given here would stand in the list of processes."
ALWAYS: Mapping[str, str] = {
    "--model": _FOLDER,
    "--served-model-name": "Other parts of the program know the model by this name.",
    "--uds": _SOCKET,
    "--host": _SOCKET,
    "--port": _SOCKET,
    "--grpc": _SOCKET,
    "--headless": _SOCKET,
    "--api-server-count": "There is one server, the one that this program talks to.",
    "--root-path": "The program asks at the usual addresses.",
    "--api-key": _NO_KEY,
    "--hf-token": "The engine stays offline, so it needs no key; one given here would stand in the list of processes.",
    "--ssl-keyfile": _SOCKET,
    "--ssl-certfile": _SOCKET,
    "--ssl-ca-certs": _SOCKET,
    "--ssl-cert-reqs": _SOCKET,
    "--allowed-origins": "No web page may talk to the engine.",
    "--allowed-media-domains": "The engine stays offline: pictures are sent inside the question.",
    "--allowed-local-media-path": "The engine reads no files of yours: pictures are sent inside the question.",
    "--disable-fastapi-docs": "The engine serves no web pages.",
    "--disable-uvicorn-access-log": "The program asks several times a second whether the engine is well.",
    "--enable-prompt-tokens-details": "An answer's details tell how much of the question was kept from before.",
    "--enable-per-request-metrics": "An answer's details tell how long the question waited.",
    "--uvicorn-log-level": _ONE_LOG,
    "--logging-config": _ONE_LOG,
    "--logging-config.formatter": _ONE_LOG,
    "--log-level": _ONE_LOG,
    "--log-config-file": _ONE_LOG,
    "--config": "All settings stand here, so that none is hidden in a file.",
    "--download-dir": "The engine downloads nothing.",
}
"""Flags that cannot be changed, each with the reason. `launch` passes those that are needed."""

TRUST = "--trust-remote-code"
_UNSAFE_FORMATS = frozenset({"auto", "pt", "npcache", "mistral", "bitsandbytes"})
RUNS_CODE = frozenset(
    {
        *(TRUST, "--middleware", "--tool-parser-plugin", "--reasoning-parser-plugin"),
        *("--io-processor-plugin", "--logits-processors", "--worker-cls", "--worker-extension-cls", "--scheduler-cls"),
        *("--model-class-overrides",),
    }
)
"""Flags that make the engine run Python which did not come with it: never taken over from a file of somebody else."""

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
    "OTEL_SDK_DISABLED": "true",
}
"""Nothing goes to the network: neither the Hub, nor usage statistics, nor a look for our own address."""
NO_FOREIGN_CODE = {"VLLM_PLUGINS": "", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}
"""No code that the person did not choose: without VLLM_PLUGINS every installed plugin would be loaded."""
FIXED_VARIABLES = {
    **OFFLINE,
    **NO_FOREIGN_CODE,
    # Words come at once and plain.
    "PYTHONUNBUFFERED": "1",
    "NO_COLOR": "1",
    # A large model on a slow disk takes longer than vLLM's ten minutes.
    "VLLM_ENGINE_READY_TIMEOUT_S": "3600",
    # Our engines can be told from others in a list of processes.
    "VLLM_PROCESS_NAME_PREFIX": "vllm-desktop",
    # Libraries ask who we are; a number without a name in /etc/passwd would be an error.
    "LOGNAME": "vllm-desktop",
}
BY_PLACE = (
    *("PATH", "HOME", "TMPDIR", "SAGEMAKER_MODEL_PATH", "VLLM_RPC_BASE_PATH", "VLLM_CACHE_ROOT"),
    *("TORCHINDUCTOR_CACHE_DIR", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "VLLM_TARGET_DEVICE"),
)
"""What `launch` sets by the folders and the hardware."""
_OPTION = re.compile(r"--\w")
_STEERING = re.compile(
    r"PYTHON.*|LD_.*|DYLD_.*|BASH_ENV|ENV|VLLM_SERVER_DEV_MODE|VLLM_USE_RUST_FRONTEND"
    r"|VLLM_ALLOW_(?:INSECURE|RUNTIME).*"
)
_SECRET = re.compile(r"(?:.*_)?(?:TOKEN|SECRET|PASSWORD|API_KEY|ACCESS_KEY|CREDENTIALS?)(?:_.*)?", re.IGNORECASE)
_WAY_OUT = re.compile(r".*_PROXY|HF_.*|HUGGING.*|VLLM_USE_MODELSCOPE", re.IGNORECASE)


def protected(flag: str) -> str:
    """Why *flag* cannot be changed, in a sentence; empty when it can.

    An abbreviation counts as what it may stand for: vLLM's parser takes those.
    """
    name = canonical(flag)
    positive = f"--{name.removeprefix('--no-')}" if name.startswith("--no-") else name
    for fixed, reason in ALWAYS.items():
        if positive in (fixed, f"{fixed}.") or (len(positive) > 3 and fixed.startswith(positive)):
            return reason
    return ALWAYS["--logging-config"] if positive.startswith("--logging-config.") else ""


def refused_for_one_run(flag: str, value: FlagValue) -> str:
    """Why *flag* cannot be set to *value* for a single run, in a sentence; empty when it can.

    Leave to run the code that a model brings along is never given like this, nor as an abbreviation, nor behind the
    value of another flag.
    """
    name = canonical(flag).partition("=")[0]
    if len(name) > 3 and TRUST.startswith(name):
        return "Whether a model's own code may run is decided in the settings of the model."
    if isinstance(value, str) and any(map(_OPTION.match, value.split()[1:])):
        return "There is another option in its value: give each one by itself."
    return protected(name) or refused_value(name, value)


def refused_value(flag: str, value: FlagValue) -> str:
    """Why *flag* may not have this *value*, in a sentence; empty when it may."""
    if flag == "--load-format" and value in _UNSAFE_FORMATS:
        return "It would read old weight files (.bin, .pt), which can run programs when they are opened."
    return ""


def refused_variable(name: str) -> str:
    """Why the variable *name* cannot be set for an engine, in a sentence; empty when it can."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return "A variable's name is made of letters, digits and underscores."
    if name in OFFLINE or _WAY_OUT.fullmatch(name):
        return "The engine stays offline."
    if name in NO_FOREIGN_CODE or _STEERING.fullmatch(name):
        return "It could make the engine run code that did not come with it, or open it to others."
    if _SECRET.fullmatch(name):
        return "Keys and passwords are not kept with settings, and the engine needs none."
    if name in BY_PLACE or name in FIXED_VARIABLES:
        return "The program sets it to fit its own folders."
    return ""
