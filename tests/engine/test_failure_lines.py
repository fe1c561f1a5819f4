"""Decisive lines of causes that cannot be produced here, as vLLM, PyTorch, Transformers and the system print them."""

import json

import pytest

from desktop_app.domain.engine import StartPhase
from desktop_app.domain.errors import Remedy
from desktop_app.domain.installation import EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine.failures import CAUSES, explain
from tests.engine.recorded import recorded_plan

GIB = 1 << 30
CARD_FULL = "Not enough memory on the graphics card."
NO_MEMORY = "Not enough memory."
INCOMPLETE = "The model is incomplete."
DAMAGED = "The model is damaged."
BROKEN = "The engine's installation is damaged."
NO_CARD = "The engine finds no graphics card."
COMPILE = "The engine cannot compile the model for speed."
UNFIT = "This computer cannot run a model that is compressed like this one."
TEMPLATE = "The chat template is not there."
PLAN = recorded_plan(kind=EngineKind.CUDA)
Button = Remedy | tuple[tuple[str, FlagValue | None], ...]

LINES: list[tuple[str, str, str, Button]] = [
    # The engine's installation and the system's parts.
    ("/opt/engine/bin/python: No module named vllm", "The engine is not installed.", "no vLLM", Remedy.INSTALL),
    ("ModuleNotFoundError: No module named 'vllm._C'", BROKEN, "", Remedy.INSTALL),
    ("RuntimeError: operator torchvision::nms does not exist", BROKEN, "", Remedy.INSTALL),
    ("importlib.metadata.PackageNotFoundError: No package metadata was found for vllm", BROKEN, "", Remedy.INSTALL),
    ("ImportError: /opt/x/_C.abi3.so: undefined symbol: _ZN3c104cuda9SetDeviceEi", BROKEN, "", Remedy.INSTALL),
    ("ImportError: cannot import name 'ModelCard' from 'huggingface_hub'", BROKEN, "", Remedy.INSTALL),
    ("ValueError: numpy.dtype size changed, may indicate binary incompatibility", BROKEN, "", Remedy.INSTALL),
    (
        "ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
        "The engine's installation does not fit this computer.",
        "libcudart.so.13",
        Remedy.INSTALL,
    ),
    (
        "ImportError: libnuma.so.1: cannot open shared object file: No such file or directory",
        "The engine needs a part of the system that is missing.",
        "libnuma.so.1",
        Remedy.RETRY,
    ),
    (
        "ImportError: /lib/libc.so.6: version `GLIBC_2.34' not found (required by x.so)",
        "This system is too old for the engine.",
        "newer Linux",
        Remedy.ENGINES,
    ),
    (
        "subprocess.CalledProcessError: Command 'lscpu --json --extended=CPU' returned non-zero exit status 127.",
        "The program lscpu is missing on this computer.",
        "util-linux",
        Remedy.RETRY,
    ),
    (
        (
            "ImportError: This modeling file requires the following packages that were not found in your environment: "
            "einops, timm. Run `pip install einops timm`"
        ),
        "The model needs a Python package that the engine does not have.",
        "einops, timm",
        Remedy.ENGINES,
    ),
    (
        "ModuleNotFoundError: No module named 'tiktoken'",
        "The model needs a Python package that the engine does not have.",
        "tiktoken",
        Remedy.ENGINES,
    ),
    (
        "ImportError: \nQwen2VLImageProcessorFast requires the Torchvision library but it was not found in your",
        "The model needs a Python package that the engine does not have.",
        "Torchvision",
        Remedy.ENGINES,
    ),
    # Drivers and cards.
    (
        "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`",
        NO_CARD,
        "driver",
        Remedy.ENGINES,
    ),
    ("RuntimeError: Found no NVIDIA driver on your system.", NO_CARD, "", Remedy.ENGINES),
    ("RuntimeError: No CUDA GPUs are available", NO_CARD, "", Remedy.ENGINES),
    ("pynvml.NVMLError_LibraryNotFound: NVML Shared Library Not Found", NO_CARD, "", Remedy.ENGINES),
    (
        "RuntimeError: The NVIDIA driver on your system is too old (found version 12040).",
        "The driver of the graphics card is too old for this engine.",
        "newer NVIDIA driver",
        Remedy.ENGINES,
    ),
    (
        "RuntimeError: CUDA driver version is insufficient for CUDA runtime version",
        "The driver of the graphics card is too old for this engine.",
        "",
        Remedy.ENGINES,
    ),
    (
        "RuntimeError: Failed to initialize NVML: Driver/library version mismatch",
        "The driver of the graphics card was updated while the computer ran.",
        "Restart",
        Remedy.RETRY,
    ),
    (
        "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the device",
        "The graphics card is too old or too new for this engine.",
        "vLLM 0.32.0",
        Remedy.ENGINES,
    ),
    (
        (
            "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla "
            "T4 GPU has "
            "compute capability 7.5."
        ),
        "The graphics card cannot calculate with bfloat16.",
        "float16",
        (("--dtype", "half"),),
    ),
    (
        "RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable",
        "Another program has the graphics card for itself.",
        "",
        Remedy.RETRY,
    ),
    (
        "RuntimeError: CUDA error: invalid device ordinal",
        "The graphics card that was chosen is not there.",
        "",
        Remedy.SETTINGS,
    ),
    (
        "RuntimeError: CUDA error: uncorrectable ECC error encountered",
        "The graphics card's memory is faulty.",
        "",
        Remedy.RETRY,
    ),
    ("RuntimeError: CUDA error: GPU is lost", "The graphics card does not answer any more.", "power", Remedy.RETRY),
    (
        "torch.AcceleratorError: CUDA error: an illegal memory access was encountered",
        "The engine's work on the graphics card failed.",
        "fault of vLLM",
        (("--enforce-eager", True),),
    ),
    ("RuntimeError: CUDA error: something quite new", "The graphics card reported an error.", "", Remedy.SHOW_LOG),
    (
        "RuntimeError: CUDA error: system not yet initialized",
        "The graphics cards are not ready.",
        "fabric",
        Remedy.RETRY,
    ),
    (
        "RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)",
        "The graphics cards could not be connected.",
        "NCCL",
        Remedy.SETTINGS,
    ),
    (
        "torch.distributed.DistBackendError: NCCL error in: x.cpp:1, unhandled system error",
        "The graphics cards could not be connected.",
        "NCCL",
        Remedy.SETTINGS,
    ),
    (
        "RuntimeError: CUDA error: peer access is not supported between these two devices",
        "The graphics cards cannot talk to one another directly.",
        "",
        (("--disable-custom-all-reduce", True),),
    ),
    (
        (
            "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. "
            "port: 29500, useIpv6: false, code: -98, name: EADDRINUSE, message: address already in use"
        ),
        "The engine's processes could not meet.",
        "",
        Remedy.RETRY,
    ),
    (
        (
            "TimeoutError: Timed out waiting for engine core processes to start. Waited 600s (configured by "
            "VLLM_ENGINE_READY_TIMEOUT_S)."
        ),
        "The engine did not get ready in time.",
        "",
        Remedy.RETRY,
    ),
    (
        "RuntimeError: Failed to find C compiler. Please specify via CC environment variable.",
        COMPILE,
        "",
        (("--enforce-eager", True),),
    ),
    (
        "RuntimeError: Could not find nvcc and default cuda_home='/usr/local/cuda' doesn't exist",
        COMPILE,
        "",
        (("--enforce-eager", True),),
    ),
    # Memory.
    (
        (
            "ValueError: Free memory on device cuda:0 (5.1/8.0 GiB) on startup is less than desired GPU memory "
            "utilization "
            "(0.92, 7.36 GiB). Decrease GPU memory utilization."
        ),
        "Not enough free memory on the graphics card.",
        "It needs 7.4 GB, and 5.1 GB of 8.0 GB are free",
        (("--gpu-memory-utilization", "0.60"),),
    ),
    (
        (
            "ValueError: Free memory on device cuda:0 (0.4/8.0 GiB) on startup is less than desired GPU memory "
            "utilization "
            "(0.92, 7.36 GiB). Decrease GPU memory utilization."
        ),
        "Not enough free memory on the graphics card.",
        "0.4 GB",
        Remedy.CHOOSE_MODEL,
    ),
    (
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity "
            "of 7.79 GiB "
            "of which 512.00 MiB is free. Process 7 has 6 GiB memory in use."
        ),
        CARD_FULL,
        "2.0 GB more were needed, and 0.5 GB of 7.8 GB are free",
        (("--max-num-seqs", "8"),),
    ),
    (
        (
            "RuntimeError: Failed to load model - not enough GPU memory. Try lowering --gpu-memory-utilization to free "
            "memory for weights (original error: CUDA out of memory. Tried to allocate 20.00 MiB.)"
        ),
        CARD_FULL,
        "quantized",
        (("--max-num-seqs", "8"),),
    ),
    (
        (
            "RuntimeError: CUDA out of memory occurred when warming up sampler with 256 dummy requests. Please "
            "try lowering "
            "`max_num_seqs` or `gpu_memory_utilization` when initializing the engine."
        ),
        CARD_FULL,
        "256 questions",
        (("--max-num-seqs", "8"),),
    ),
    (
        "AssertionError: Error in memory profiling. Initial free memory 5.0 GiB, current free memory 6.0 GiB. This",
        "Another program used the graphics card at the same time.",
        "Try again",
        Remedy.RETRY,
    ),
    (
        "ValueError: max_num_seqs (256) exceeds available Mamba cache blocks (31). Each decode sequence requires one",
        "Not enough memory for so many questions at once.",
        "room for 31",
        (("--max-num-seqs", "31"),),
    ),
    (
        (
            "ValueError: To serve at least one request with the model's max seq len (32768), (4.0 GiB KV cache "
            "is needed, "
            "which is larger than the available KV cache memory (1.5 GiB). Based on the available memory, the "
            "estimated "
            "maximum model length is 12288. Try increasing `gpu_memory_utilization`"
        ),
        "Not enough memory for a context of this length.",
        "The largest context that fits: 12288 tokens.",
        (("--max-model-len", "12288"),),
    ),
    (
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initial",
        "Not enough memory for a conversation.",
        "no room",
        Remedy.CHOOSE_MODEL,
    ),
    (
        (
            "RuntimeError: Worker failed with error '[enforce fail at alloc_cpu.cpp:127] err == 0. "
            "DefaultCPUAllocator: "
            "can't allocate memory: you tried to allocate 1073741824 bytes. Error code 12 (Cannot allocate memory)', "
            "please check the stack trace above for the root cause"
        ),
        NO_MEMORY,
        "1.0 GB more",
        Remedy.CHOOSE_MODEL,
    ),
    ("MemoryError", NO_MEMORY, "", Remedy.CHOOSE_MODEL),
    ("OSError: [Errno 12] Cannot allocate memory", NO_MEMORY, "", Remedy.CHOOSE_MODEL),
    ("OSError: [Errno 28] No space left on device: '/psm_1234'", "Not enough shared memory.", "/dev/shm", Remedy.RETRY),
    (
        "Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).",
        "Not enough shared memory.",
        "/dev/shm",
        Remedy.RETRY,
    ),
    # The model.
    (
        (
            "safetensors._safetensors_rust.SafetensorError: Error while deserializing header: incomplete "
            "metadata, file "
            "not fully covered"
        ),
        "A weight file is incomplete.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    ("_pickle.UnpicklingError: invalid load key, 'v'.", "A weight file holds something else.", "", Remedy.CHOOSE_MODEL),
    (
        "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory",
        "A weight file is incomplete.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "FileNotFoundError: Weight files referenced in index but missing: ['model-00002-of-00003.safetensors']",
        INCOMPLETE,
        "model-00002-of-00003.safetensors",
        Remedy.CHOOSE_MODEL,
    ),
    (
        'FileNotFoundError: No such file or directory: "/models/tiny/model-00002-of-00003.safetensors"',
        INCOMPLETE,
        "model-00002-of-00003.safetensors",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "ValueError: Following weights were not initialized from checkpoint: {'model.layers.2.weight', 'b'}",
        INCOMPLETE,
        "model.layers.2.weight",
        Remedy.CHOOSE_MODEL,
    ),
    ("ValueError: There is no module or parameter named 'lm_head.weight' in X", DAMAGED, "", Remedy.CHOOSE_MODEL),
    ("KeyError: 'model.layers.0.self_attn.qkv_proj.weight'", DAMAGED, "", Remedy.CHOOSE_MODEL),
    (
        "OSError: /models/tiny does not appear to have a file named config.json. Checkout 'https://x' for files.",
        "This is not a model's folder.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "OSError: Can't load tokenizer for '/models/tiny'. If you were trying to load it from",
        "The model has no tokenizer.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "ValueError: Tokenizer class FooTokenizer does not exist or is not currently imported.",
        "vLLM 0.32.0 does not know this model's tokenizer.",
        "FooTokenizer",
        Remedy.ENGINES,
    ),
    (
        "Exception: data did not match any variant of untagged enum ModelWrapper at line 250373 column 3",
        "The model has no tokenizer.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "OSError: Can't load image processor for '/models/tiny'. preprocessor_config.json",
        INCOMPLETE,
        "pictures",
        (("--language-model-only", True),),
    ),
    (
        "jinja2.exceptions.TemplateSyntaxError: unexpected end of template",
        "The chat template is damaged.",
        "",
        Remedy.SETTINGS,
    ),
    (
        "  Value error, `rope_scaling` must be a dictionary with two fields [type=value_error, input_value=1]",
        "vLLM 0.32.0 does not understand this model's config.json.",
        "RoPE",
        Remedy.ENGINES,
    ),
    (
        "AttributeError: 'LlamaConfig' object has no attribute 'hidden_sizes'",
        "vLLM 0.32.0 does not understand this model's config.json.",
        "",
        Remedy.ENGINES,
    ),
    (
        (
            "  Value error, Model architectures ['FooVLForCausalLM'] failed to be inspected. Please check the "
            "logs for more"
        ),
        "vLLM 0.32.0 does not know this kind of model.",
        "FooVLForCausalLM",
        Remedy.ENGINES,
    ),
    (
        "ValueError: FooModel has no vLLM implementation and the Transformers implementation is not compatible",
        "vLLM 0.32.0 does not know this kind of model.",
        "FooModel",
        Remedy.ENGINES,
    ),
    (
        "  Value error, This model does not support `--runner generate`. [type=value_error, input_value=1]",
        "This model does not write answers.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "  Value error, Unknown quantization method: bitsandbytes. Must be one of ['awq', 'fp8'].",
        "The model is compressed in a way that vLLM 0.32.0 cannot read.",
        "bitsandbytes",
        Remedy.CHOOSE_MODEL,
    ),
    (
        (
            "ValueError: The quantization method fp8 is not supported for the current GPU. Minimum capability: "
            "89. Current "
            "capability: 75."
        ),
        "The graphics card cannot run a model that is compressed like this one.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "RuntimeError: Quantization scheme is not supported for the current GPU. Min capability: 80. Current: 75.",
        "The graphics card cannot run a model that is compressed like this one.",
        "",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "ValueError: awq_marlin quantization is currently not supported in cpu.",
        UNFIT,
        "awq_marlin",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "ValueError: torch.bfloat16 is not supported for quantization method awq. Supported dtypes: [torch.float16]",
        "The model cannot be calculated in this number format.",
        "awq",
        (("--dtype", "float16"),),
    ),
    (
        (
            "ValueError: The `fp8` quantization method no longer supports online quantization. Please use "
            "`--quantization "
            "fp8_per_tensor` instead."
        ),
        "This way of compressing a model has a new name.",
        "fp8_per_tensor",
        (("--quantization", "fp8_per_tensor"),),
    ),
    (
        "ValueError: The model type 'gemma3' does not support float16. Reason: Numerical instability.",
        "This model cannot be calculated with float16.",
        "",
        (("--dtype", "bfloat16"),),
    ),
    (
        (
            "ValueError: The input size is not aligned with the quantized weight shape. This can be caused by "
            "too large "
            "tensor parallel size."
        ),
        "The model cannot be divided among so many graphics cards.",
        "",
        Remedy.SETTINGS,
    ),
    # Settings.
    (
        "  Value error, World size (4) is larger than the number of available GPUs (2) in this node. If this is",
        "There are not enough graphics cards.",
        "4 were asked for, and 2 are there",
        (("--tensor-parallel-size", "2"), ("--pipeline-parallel-size", None)),
    ),
    (
        "  Value error, Total number of attention heads (28) must be divisible by tensor parallel size (3).",
        "The model cannot be divided into 3 parts.",
        "28 attention heads",
        (("--tensor-parallel-size", "2"),),
    ),
    (
        "ValueError: LoRA rank 64 is greater than max_lora_rank 16.",
        "The LoRA adapter is larger than allowed.",
        "64",
        (("--max-lora-rank", "64"),),
    ),
    (
        "ValueError: Call to add_lora method failed: Model X is not supported for LoRA.",
        "The LoRA adapter does not fit this model.",
        "",
        Remedy.SETTINGS,
    ),
    (
        "ValueError: num_speculative_tokens was provided but without speculative model.",
        "Guessing ahead does not work with this model.",
        "",
        Remedy.SETTINGS,
    ),
    (
        (
            "vllm.exceptions.VLLMValidationError: The supplied chat template string (/x.jinja) appears path-like, but "
            "doesn't exist! Tried: /x.jinja"
        ),
        TEMPLATE,
        "",
        Remedy.SETTINGS,
    ),
    (
        "TypeError: tool_parser:'x' which has not been registered",
        "vLLM 0.32.0 has no tool parser “x”.",
        "",
        Remedy.SETTINGS,
    ),
    # Network and files.
    (
        "huggingface_hub.errors.GatedRepoError: 401 Client Error. Access to model x is restricted.",
        "The model may only be used by those who agreed to its licence.",
        "token",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error.",
        "The model is not to be found.",
        "token",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "requests.exceptions.SSLError: HTTPSConnectionPool: Max retries exceeded (CERTIFICATE_VERIFY_FAILED)",
        "A secure connection could not be made.",
        "proxy",
        Remedy.CHOOSE_MODEL,
    ),
    (
        "OSError: We couldn't connect to 'https://huggingface.co' to load the files",
        INCOMPLETE,
        "internet",
        Remedy.CHOOSE_MODEL,
    ),
    ("OSError: [Errno 98] Address already in use", "Another engine is still there.", "", Remedy.RETRY),
    (
        "[Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
        "Another engine is still there.",
        "",
        Remedy.RETRY,
    ),
    (
        "OSError: [Errno 99] Cannot assign requested address",
        "The engine cannot listen at that address.",
        "",
        Remedy.SETTINGS,
    ),
    ("OSError: AF_UNIX path too long", "The name of a folder is too long.", "--data-dir", Remedy.SHOW_LOG),
    ("OSError: [Errno 28] No space left on device", "The disk is full.", "", Remedy.RETRY),
    ("OSError: [Errno 24] Too many open files", "The engine has too many files open.", "ulimit", Remedy.RETRY),
    ("RuntimeError: can't start new thread", "The system allows the engine no more processes.", "", Remedy.RETRY),
    ("OSError: [Errno 5] Input/output error", "A disk does not answer as it should.", "", Remedy.RETRY),
    ("KeyError: 'getpwuid(): uid not found: 1000'", "The system does not know who you are.", "", Remedy.SHOW_LOG),
    (
        "PermissionError: [Errno 13] Permission denied: '/data/cache/vllm'",
        "The engine cannot use a file or folder.",
        "/data/cache/vllm: Permission denied",
        Remedy.SHOW_LOG,
    ),
    # Containers.
    (
        'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
        "The container cannot use the graphics card.",
        "Toolkit",
        Remedy.ENGINES,
    ),
    (
        "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "The container could not be started.",
        "not running",
        Remedy.ENGINES,
    ),
    (
        "Error: unable to find image locally: manifest unknown",
        "The container could not be started.",
        "",
        Remedy.ENGINES,
    ),
    # Last words that are no exceptions.
    ("Segmentation fault (core dumped)", "The engine crashed.", "", Remedy.ENGINES),
    ("Fatal Python error: Segmentation fault", "The engine crashed.", "", Remedy.ENGINES),
    ("Illegal instruction (core dumped)", "This processor is too old for the engine.", "", Remedy.ENGINES),
    ("Bus error (core dumped)", "Not enough shared memory.", "", Remedy.RETRY),
    ("terminate called after throwing an instance of 'c10::Error'", "The engine crashed.", "", Remedy.ENGINES),
    ("Killed", "The engine was ended from outside.", "memory", Remedy.CHOOSE_MODEL),
]


@pytest.mark.parametrize(("line", "title", "reason", "button"), LINES, ids=[row[0][:40] for row in LINES])
def test_a_single_line(line: str, title: str, reason: str, button: Button) -> None:
    record = {"asctime": "", "levelname": "ERROR", "message": f"It failed.\nTraceback:\n{line}"}
    below = {"asctime": "", "levelname": "ERROR", "message": "It failed.", "exc_info": f"Traceback:\n  File x\n{line}"}
    text = "\r\n".join(f"(EngineCore pid=7) ERROR 11-20 19:32:57 [core.py:1] {part}" for part in line.split("\n"))
    for logged in (line, json.dumps(record), json.dumps(below), text):
        error = explain(1, logged.split("\n"), PLAN, StartPhase.READING_MODEL)

        assert error.title == title
        assert reason in error.reason
        assert (error.fix.flags if error.fix else error.remedy) == button
        assert error.button


def test_a_record_of_the_server_itself() -> None:
    line = "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use"

    assert explain(1, [line], PLAN, StartPhase.OPENING).title == "Another engine is still there."


TRANSIENT = ("Free memory on device", "memory profiling", "Address already", "EADDRINUSE", "busy or unavailable")


@pytest.mark.parametrize("line", [row[0] for row in LINES])
def test_few_causes_can_pass_by_themselves(line: str) -> None:
    expected = any(words.lower() in line.lower() for words in TRANSIENT)

    assert explain(1, line.split("\n"), PLAN, StartPhase.READING_MODEL).transient is expected


def card(free: float, total: float = 8.0) -> Machine:
    gpu = Gpu("Card", int(total * GIB), int(free * GIB), "580", (8, 9))
    return Machine("cpu", 4, 16 * GIB, frozenset(), (gpu,))


def cuda(*flags: tuple[str, FlagValue]) -> LaunchPlan:
    return recorded_plan(*flags, kind=EngineKind.CUDA)


def test_more_of_the_card_is_offered_when_it_is_free() -> None:
    line = ["ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"]
    plan = cuda(("--gpu-memory-utilization", "0.50"))

    larger = explain(1, line, plan, machine=card(7.5))
    full = explain(1, line, plan, machine=card(3.0))

    assert larger.button == "Use 0.90 of the card"
    assert full.remedy is Remedy.CHOOSE_MODEL


def test_an_automatic_context_is_offered_when_one_was_chosen() -> None:
    line = ["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."]

    error = explain(1, line, cuda(("--max-model-len", "32768")))

    assert error.button == "Use the longest context that fits"


@pytest.mark.parametrize("given", ["1M", "64M", "536870912"])
def test_more_room_for_conversations_is_offered_as_long_as_it_is_little(given: str) -> None:
    line = ["ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"]

    error = explain(1, line, recorded_plan(("--kv-cache-memory-bytes", given)), machine=card(1.0))

    assert error.fix
    assert error.fix.flags in ((("--kv-cache-memory-bytes", "512M"),), (("--kv-cache-memory-bytes", "1G"),))


def test_every_cause_has_words_and_a_button() -> None:
    for one in CAUSES:
        assert one.title.endswith((".", "}"))
        assert one.reason
        assert one.remedy is not Remedy.NONE
        assert one.remedy is not Remedy.FIX
        assert "\n" not in one.title + one.reason
