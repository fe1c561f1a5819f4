"""Causes that lie in graphics cards, or in how the engine's processes find one another."""

from desktop_app.domain.errors import Remedy
from desktop_app.engine.failure_causes import cause, with_flags, without

_EAGER = with_flags("Start without compiling", ("--enforce-eager", True))
_RESTART = "If it happens again, restart the computer and update the card's driver."

CARDS = (
    cause(
        r"uncorrectable ECC|ECC error",
        "The graphics card's memory is faulty.",
        "It reported an error that it could not correct. Restart the computer; if it comes again, the card is broken.",
        Remedy.RETRY,
    ),
    cause(
        r"GPU is lost|fallen off the bus|CUDA_ERROR_DEVICE_LOST|GPU requires reset|NVML_ERROR_GPU_IS_LOST",
        "The graphics card does not answer any more.",
        "Restart the computer, and look at the card's power and cooling.",
        Remedy.RETRY,
    ),
    cause(
        r"illegal memory access|device-side assert|unspecified launch failure|misaligned address|illegal instruction"
        r"|CUDA error: an illegal|launch timed out|hardware stack error|cudaErrorLaunch|CUBLAS_STATUS_EXECUTION_FAILED",
        "The engine's work on the graphics card failed.",
        f"That is a fault of vLLM, or the model's files do not fit together. {_RESTART}",
        Remedy.ENGINES,
        _EAGER,
    ),
    cause(
        r"peer access is not supported|peer mapping|custom_all_?reduce|P2P (?:access|is not)|cudaIpc|NVLink"
        r"|invalid resource handle",
        "The graphics cards cannot talk to one another directly.",
        "They can do so through the computer's memory.",
        Remedy.SETTINGS,
        with_flags("Connect them through memory", ("--disable-custom-all-reduce", True)),
    ),
    cause(
        r"Duplicate GPU detected",
        "Two parts of the engine use the same graphics card.",
        "Each part needs a card of its own.",
        Remedy.SETTINGS,
        without("--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size"),
    ),
    cause(
        r"NCCL (?:error|WARN|operation|comm)|nccl\w+Error|ProcessGroupNCCL|collective operation timeout"
        r"|DistBackendError|RCCL",
        "The graphics cards could not be connected.",
        "Their connection (NCCL) failed. One card alone does not need it.",
        Remedy.SETTINGS,
        without("--tensor-parallel-size", "--pipeline-parallel-size"),
    ),
    cause(
        r"EADDRINUSE|server socket has failed to listen",
        "The engine's processes could not meet.",
        "The place where they meet was taken by another program. Try again.",
        Remedy.RETRY,
        transient=True,
    ),
    cause(
        r"[Gg]loo|DistNetworkError|DistStoreError|client socket has failed|getaddrinfo|Hostname / canonname",
        "The engine's processes could not be connected.",
        "They talk over this computer's own network (lo), which did not answer. A firewall or a VPN may be in the way.",
        Remedy.RETRY,
    ),
    cause(
        r"Timed out waiting for engine core processes|RPC call to \w+ timed out|did not become ready"
        r"|Handshake.*timed? ?out",
        "The engine did not get ready in time.",
        "A very large model on a slow disk can take that long, or a process of it hangs.",
        Remedy.RETRY,
    ),
)

ANY_CARD_ERROR = (
    cause(
        r"CUDA error|HIP error|cuda runtime error|CUBLAS_|CUDNN_|cudaError\w+|CUDA_ERROR_\w+|AcceleratorError",
        "The graphics card reported an error.",
        _RESTART,
        Remedy.SHOW_LOG,
    ),
)
"""For when nothing else fits."""
