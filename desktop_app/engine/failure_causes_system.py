"""Causes outside the model: the engine's installation, drivers, the operating system, the network, signals."""

from desktop_app.domain.errors import Remedy
from desktop_app.engine.failure_causes import cause, with_flags, without

_EAGER = with_flags("Start without compiling", ("--enforce-eager", True))
_SMALLER = "Close other programs or choose a smaller model."

INSTALLATION = (
    cause(
        r"No module named '?vllm'?(?![.\w])|named 'vllm\.entrypoints|can't open file .*vllm|vllm: command not found",
        "The engine is not installed.",
        "The Python that was chosen for it has no vLLM that can be started.",
        Remedy.INSTALL,
    ),
    cause(
        r"lscpu",
        "The program lscpu is missing on this computer.",
        "vLLM needs it to look at the processor; it belongs to the package util-linux.",
        Remedy.RETRY,
    ),
    cause(
        r"NVIDIA driver on your system is too old(?: \(found version (?P<number>\d+)\))?"
        r"|CUDA driver version is insufficient|unsupported display driver / cuda driver combination"
        r"|forward compatibility was attempted|CUDA_ERROR_(?:SYSTEM_DRIVER_MISMATCH|COMPAT_NOT_SUPPORTED)"
        r"|the provided PTX was compiled with an unsupported toolchain",
        "The driver of the graphics card is too old for this engine.",
        "Install a newer NVIDIA driver, or an engine that was built for an older one.",
        Remedy.ENGINES,
    ),
    cause(
        r"[Dd]river/library version mismatch|NVML_ERROR_LIB_RM_VERSION_MISMATCH",
        "The driver of the graphics card was updated while the computer ran.",
        "Restart the computer.",
        Remedy.RETRY,
    ),
    cause(
        r"only supports Ampere|OutOfResources|no kernel image is available for execution"
        r"|sm_\d+ is not compatible with the current PyTorch",
        "The graphics card is too old or too new for this engine.",
        "{engine} has no program for its generation. Another version may have one.",
        Remedy.ENGINES,
    ),
    cause(
        r"Bfloat16 is only supported on GPUs with compute capability",
        "The graphics card cannot calculate with bfloat16.",
        "Cards of its generation use float16 instead.",
        Remedy.SETTINGS,
        with_flags("Start with float16", ("--dtype", "half")),
    ),
    cause(
        r"CUDA_VISIBLE_DEVICES|invalid device ordinal|--device-ids|device_id \S+ is out of range|\bMIG\b"
        r"|UUID[^\n]*not found",
        "The graphics card that was chosen is not there.",
        "Check which cards the engine may use.",
        Remedy.SETTINGS,
        without("--device-ids"),
    ),
    cause(
        r"all CUDA-capable devices are busy or unavailable|exclusive[- ]process|CUDA_ERROR_DEVICE_UNAVAILABLE",
        "Another program has the graphics card for itself.",
        "End that program, or let the card be shared.",
        Remedy.RETRY,
        transient=True,
    ),
    cause(
        r"Found no NVIDIA driver|No CUDA GPUs are available|no CUDA-capable device|CUDA unknown error"
        r"|NVML Shared Library"
        r"|NVMLError|Failed to initialize NVML|Failed to infer device type|libcuda\.so|Torch not compiled with CUDA"
        r"|CUDA is not available|cudaErrorNoDevice|No HIP GPUs|0 active drivers|no accelerator",
        "The engine finds no graphics card.",
        "Its build does not fit this computer, or the card's driver is not installed or not running.",
        Remedy.ENGINES,
    ),
    cause(
        r"system not yet initialized|fabric manager|CUDA_ERROR_SYSTEM_NOT_READY",
        "The graphics cards are not ready.",
        "Their connection (NVSwitch) needs the service nvidia-fabricmanager; start it.",
        Remedy.RETRY,
    ),
    cause(
        r"GLIBC(?:XX)?_[\d.]+' not found|kernel too old",
        "This system is too old for the engine.",
        "The engine was built for a newer Linux.",
        Remedy.ENGINES,
    ),
    cause(
        r"(?P<library>lib(?:cudart|cublas|cudnn|nccl|nvrtc|cusparse|cufft|amdhip|hip|roc|ze_loader|sycl)[\w.+-]*):? "
        r"cannot open shared object",
        "The engine's installation does not fit this computer.",
        "It was built for another kind of graphics card: {library} is missing.",
        Remedy.INSTALL,
    ),
    cause(
        r"(?P<library>lib[\w.+-]+): cannot open shared object",
        "The engine needs a part of the system that is missing.",
        "Install the package that has {library}.",
        Remedy.RETRY,
    ),
    cause(
        r"Python\.h|Failed to find C compiler|No working C\+\+ compiler found|InvalidCxxCompiler|nvcc|CUDA_HOME"
        r"|[Nn]inja (?:is required|build|not found)|CppCompileError|C\+\+ compile error|ptxas|Triton.*(?:compil"
        r"|install)"
        r"|triton installation|gcc'? (?:failed|returned)|BackendCompilerFailed|InductorError|torch\._dynamo\.exc"
        r"|torch\._inductor|TritonMissing|CompilationError",
        "The engine cannot compile the model for speed.",
        "That needs a working C++ compiler (g++) and its headers, and on a graphics card those of CUDA. Without "
        "compiling, answers come a little slower and the start is quicker.",
        Remedy.SHOW_LOG,
        _EAGER,
    ),
    cause(
        r"requires the (?P<package>[^\n]{1,60}?) library,? but it was not found"
        r"|packages that were not found in your environment: (?P<packages>[^\n]{1,200}?)\. Run"
        r"|[Pp]lease install (?P<asked>[\w.\[\]-]+)|pip install (?P<pip>[\w.\[\]-]+)"
        r"|No module named '(?P<module>(?:tiktoken|sentencepiece|timm|einops|mamba_ssm|causal_conv1d|flash_attn|librosa"
        r"|soundfile|cv2|av|decord|open_clip|mistral_common|torchvision|torchaudio|protobuf|google|bitsandbytes|gguf"
        r"|fla|natten|peft|xformers|addict|matplotlib|blobfile|jieba|runai_model_streamer|tensorizer|fastsafetensors"
        r"|ray|deep_gemm|deep_ep|flashinfer)\b)",
        "The model needs a Python package that the engine does not have.",
        "It is called {package}{packages}{asked}{pip}{module}.",
        Remedy.ENGINES,
    ),
    cause(
        r"ModuleNotFoundError: No module named '[^'\n]+'|ImportError: [^\n]{12}"
        r"|No package metadata was found|operator \S+ does not exist"
        r"|undefined symbol|compiled using NumPy 1|numpy\.dtype size changed|'_OpNamespace' .* has no attribute"
        r"|partially initialized module|bad magic number|zipimport|marshal data too short|invalid ELF header"
        r"|null bytes|SyntaxError",
        "The engine's installation is damaged.",
        "Parts of it are missing or do not fit together. Install it again.",
        Remedy.INSTALL,
    ),
)

NETWORK = (
    cause(
        r"GatedRepoError|gated repo|Access to model .* is restricted|awaiting a review",
        "The model may only be used by those who agreed to its licence.",
        "Agree on its page, and download it with your Hugging Face token first.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"RepositoryNotFoundError|RevisionNotFoundError|is not a valid model identifier|40[134] Client Error",
        "The model is not to be found.",
        "Its name is wrong, or it may only be seen with a Hugging Face token.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError|certificate verify",
        "A secure connection could not be made.",
        "The other side's certificate is not trusted here; often a company's proxy is in between. An engine of vLLM "
        "Desktop needs no connection: download the whole model first.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"LocalEntryNotFoundError|HfHubHTTPError|OfflineModeIsEnabled|We couldn't connect to"
        r"|Name or service not known|offline mode"
        r"|Temporary failure in name resolution|Max retries exceeded|ConnectError|ConnectTimeout|ReadTimeout|ProxyError"
        r"|NewConnectionError|Network is unreachable|No route to host|outgoing traffic has been disabled",
        "The model is incomplete.",
        "It wants files from the internet, and the engine is kept off it. Download the whole model first.",
        Remedy.CHOOSE_MODEL,
    ),
)

SYSTEM = (
    cause(
        r"could not select device driver|nvidia-container-cli|nvidia-container-toolkit|unresolvable CDI devices",
        "The container cannot use the graphics card.",
        "Install the NVIDIA Container Toolkit.",
        Remedy.ENGINES,
    ),
    cause(
        r"Cannot connect to the Docker daemon|permission denied while trying to connect to the Docker|docker\.sock",
        "The container could not be started.",
        "Docker is not running, or you may not use it.",
        Remedy.ENGINES,
    ),
    cause(
        r"Error response from daemon|OCI runtime|(?:docker|podman): |manifest unknown|pull access denied|No such image",
        "The container could not be started.",
        "Its program says why in the details.",
        Remedy.ENGINES,
    ),
    cause(
        r"AF_UNIX path too long|ipc path .* is longer|File name too long",
        "The name of a folder is too long.",
        "The engine's socket lies in it. Keep the program's data in a folder with a shorter name (--data-dir).",
        Remedy.SHOW_LOG,
    ),
    cause(
        r"Errno 99|Cannot assign requested address",
        "The engine cannot listen at that address.",
        "This computer does not have it.",
        Remedy.SETTINGS,
        without("--host"),
    ),
    cause(
        r"[Aa]ddress already in use|Errno 98|Errno 48",
        "Another engine is still there.",
        "The socket or port of this one is in use.",
        Remedy.RETRY,
        without("--port"),
        transient=True,
    ),
    cause(
        r"Errno 28|No space left on device|Errno 122|[Dd]isk quota exceeded|database or disk is full",
        "The disk is full.",
        "The engine needs some room for its temporary files and caches.",
        Remedy.RETRY,
    ),
    cause(
        r"Errno 24|Errno 23|[Tt]oo many open files",
        "The engine has too many files open.",
        "The system allows too few: raise the limit (ulimit -n 65536).",
        Remedy.RETRY,
    ),
    cause(
        r"can't start new thread|pthread_create|Resource temporarily unavailable|Errno 11\b|libgomp: Thread creation",
        "The system allows the engine no more processes.",
        "Close other programs, or raise the limit (ulimit -u).",
        Remedy.RETRY,
    ),
    cause(
        r"Errno 5\b|Input/output error|Errno 116|Stale file handle|Errno 107|Errno 117|Structure needs cleaning",
        "A disk does not answer as it should.",
        "Reading from it failed. Look at the disk, or at the connection to it.",
        Remedy.RETRY,
    ),
    cause(
        r"getpwuid\(\)|uid not found",
        "The system does not know who you are.",
        "Your user number has no name in this system or container.",
        Remedy.SHOW_LOG,
    ),
    cause(
        r"OMP: Error #15|libiomp5.* already initialized",
        "The engine's installation is damaged.",
        "Two libraries of the same kind are in it. Install it again.",
        Remedy.INSTALL,
    ),
    cause(
        r"set_mempolicy|mbind|numa_\w+|sched_setaffinity|Invalid argument.*affinity",
        "The engine may not choose the processor's cores.",
        "A container or the system forbids it.",
        Remedy.SHOW_LOG,
        without("--tensor-parallel-size"),
    ),
    cause(
        r"\[Errno (?:1|2|13|20|21|30)\] (?P<why>[^:\n]+): b?['\"](?P<path>[^'\"\n]*)['\"]",
        "The engine cannot use a file or folder.",
        "{path}: {why}.",
        Remedy.SHOW_LOG,
    ),
)

_KILLED = cause(
    "",
    "The engine was ended from outside.",
    f"The system does that when memory runs out. {_SMALLER}",
    Remedy.CHOOSE_MODEL,
)
_TOLD = cause("", "The engine was ended from outside.", "Another program told it to stop.", Remedy.RETRY)
_CRASHED = cause(
    "",
    "The engine crashed.",
    "A part of it that is not Python failed. Try again; if it happens again, another version of the engine may help.",
    Remedy.ENGINES,
)
SIGNALS = {
    1: _TOLD,
    2: _TOLD,
    3: _TOLD,
    15: _TOLD,
    9: _KILLED,
    4: cause(
        "",
        "This processor is too old for the engine.",
        "It lacks instructions that vLLM was built with.",
        Remedy.ENGINES,
    ),
    6: _CRASHED,
    8: _CRASHED,
    11: _CRASHED,
    7: cause(
        "",
        "Not enough shared memory.",
        "The engine's processes talk through /dev/shm, and it is full or too small. In a container, give it more "
        "(--ipc=host or --shm-size=8g).",
        Remedy.RETRY,
    ),
    24: cause("", "The engine was ended by the system.", "It used more processor time than is allowed.", Remedy.RETRY),
    25: cause("", "The engine was ended by the system.", "A file became longer than is allowed.", Remedy.RETRY),
}
"""What an end by a signal means when the engine said nothing."""
CRASHES = (
    cause(
        r"^Segmentation fault|Fatal Python error: Segmentation|^Aborted|free\(\): |malloc\(\): |double free|corrupted "
        r"|stack smashing|terminate called|Fatal Python error",
        _CRASHED.title,
        _CRASHED.reason,
        Remedy.ENGINES,
    ),
    cause(
        r"^Illegal instruction|Fatal Python error: Illegal|Intel MKL FATAL|requires AVX",
        SIGNALS[4].title,
        SIGNALS[4].reason,
        Remedy.ENGINES,
    ),
    cause(r"^Killed$", _KILLED.title, _KILLED.reason, Remedy.CHOOSE_MODEL),
)
"""The same in words of the shell, of C libraries and of Python."""
