"""Causes that lie in the model's folder, or in what this engine and this machine can do with the model."""

import re

from desktop_app.domain.errors import Fix, Remedy
from desktop_app.domain.old_flags import explain_old
from desktop_app.engine.failure_causes import Found, cause, first_of, with_flags, without

_AGAIN = "Download the model again."
_EDITION = "Choose another edition of the model."

_NOT_COMPRESSED = without("--quantization", "-q")


def _dtype_it_takes(found: Found) -> Fix | None:
    """One of the number formats that the line lists."""
    names = re.findall(r"torch\.(bfloat16|float16|float32)", found.groups.get("dtypes", ""))
    return Fix(f"Start with {names[0]}", (("--dtype", names[0]),)) if names else None


def _online_method(found: Found) -> Fix | None:
    method = found.groups.get("method", "")
    return Fix(f"Start with {method}", (("--quantization", method),)) if method else None


FILES = (
    cause(
        r"Repo id must be",
        "The model's folder is missing.",
        "{folder} does not exist.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"config file at '[^']*\.gguf'|[^\n]*\.gguf['\"]? is not|quantization method: gguf|GGUF",
        "GGUF files cannot be used.",
        explain_old("--quantization", "gguf"),
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"(?:adapter_config\.json|No adapter found|LoRAAdapterNotFoundError|Loading lora \S+ failed)",
        "A LoRA adapter is not there.",
        "Its folder is missing or has no adapter_config.json.",
        Remedy.SETTINGS,
        without("--lora-modules"),
    ),
    cause(
        r"Invalid repository ID or local directory specified|does not appear to have a file named config\.json"
        r"|Can't load the configuration of",
        "This is not a model's folder.",
        "{folder} has no config.json.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"is not a valid JSON file",
        "The model is damaged.",
        f"Its config.json cannot be read. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"Should have a `model_type` key|Unrecognized model in|Unrecognized model identifier",
        "The model is damaged.",
        f"Its config.json does not say what kind of model it is. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"Cannot find any (?:safetensors )?model weights with|Could not find checkpoint files"
        r"|no file named (?:pytorch_)?model",
        "The model has no weights.",
        "{folder} has no safetensors file. The download may be incomplete, or the model comes in another format.",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"Weight files referenced in index but missing: (?P<files>[^\n]{1,200})"
        r"|No such file or directory: \"?'?[^'\"\n]*?(?P<file>[^/'\"\n]+\.(?:safetensors|bin|pt))",
        "The model is incomplete.",
        f"A weight file is missing: {{files}}{{file}}. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"incomplete metadata, file not fully covered|MetadataIncompleteBuffer|InvalidHeaderLength|HeaderTooSmall"
        r"|header too small|failed finding central directory|Ran out of input|unexpected EOF|MmapError"
        r"|cannot mmap an empty",
        "A weight file is incomplete.",
        f"Its end is missing. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        # vLLM reads the head of weight files by itself first, and trusts the length that it begins with.
        r"^(?:MemoryError|OverflowError)|codec can't decode",
        "A weight file holds something else.",
        f"A web page or a Git LFS placeholder was saved in its place. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
        within="parse_safetensors_file_metadata",
    ),
    cause(
        r"struct\.error|unpack requires",
        "A weight file is incomplete.",
        f"Its end is missing. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
        within="parse_safetensors_file_metadata",
    ),
    cause(
        r"JSONDecodeError",
        "A weight file is damaged.",
        _AGAIN,
        Remedy.CHOOSE_MODEL,
        within="parse_safetensors_file_metadata",
    ),
    cause(
        r"SafetensorError.*header too large|HeaderTooLarge|invalid load key, '[v<]'",
        "A weight file holds something else.",
        f"A web page or a Git LFS placeholder was saved in its place. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"SafetensorError: .*(?:invalid (?:JSON|header|offset|shape|UTF)|Invalid|I/O|error comp|not (?:found|contain))"
        r"|PytorchStreamReader|UnpicklingError|Weights only load failed|invalid load key",
        "A weight file is damaged.",
        _AGAIN,
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"^(?:Expecting (?:value|property name|',' delim|':' delim)|Extra data: line|Unterminated string|'utf-8' codec)"
        r"|^unpack requires a buffer",
        "A file of the model is damaged.",
        f"It may be a weight file, or one that ends with .json. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"Following weights were not initialized from checkpoint: \{['\"](?P<first>[^'\"]*)['\"]",
        "The model is incomplete.",
        f"Weights are missing, “{{first}}” among them. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"exceeds dimension size|Error\(s\) in loading state_dict|size mismatch for|Attempted to load weight"
        r"|The size of tensor a .* must match"
        r"|There is no module or parameter named|shape mismatch|KeyError: '(?:model|transformer|lm_head|language_model"
        r"|layers|decoder|visual)\.|shapes? .*cannot be multiplied|shape '\[.*is invalid for input"
        r"|Missing keys .* in loaded"
        r"|copy_.*size|expanded size of the tensor|embed_dim .* is not a multiple|hidden_size .*divisible",
        "The model is damaged.",
        f"Its config.json does not match its weights. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
    ),
    cause(
        r"Tokenizer class (?P<name>\S+) (?:does not exist|is not currently)"
        r"|Tokenizer class '(?P<other>[^']*)' specified",
        "{engine} does not know this model's tokenizer.",
        "It is called {name}{other}. A newer vLLM may know it.",
        Remedy.ENGINES,
    ),
    cause(
        r"Couldn't instantiate the backend tokenizer|Can't load tokenizer|Unable to load vocabulary|not a string$"
        r"|untagged enum|tokenizer\.json|tekken|vocab_file|spiece\.model|tokenizer\.model|No tokenizer file"
        r"|build an AutoTokenizer|sentencepiece_processor",
        "The model has no tokenizer.",
        f"Without a tokenizer.json that can be read it cannot understand text. {_AGAIN}",
        Remedy.CHOOSE_MODEL,
        without("--tokenizer", "--tokenizer-mode"),
    ),
    cause(
        r"preprocessor_config|Can't load (?:image|feature|video) ?(?:processor|extractor)|processor_config"
        r"|Can't load feature extractor|Unrecognized (?:image|feature|video)? ?process",
        "The model is incomplete.",
        f"What it needs to see pictures is missing (preprocessor_config.json). {_AGAIN}",
        Remedy.CHOOSE_MODEL,
        with_flags("Start without pictures", ("--language-model-only", True)),
    ),
    cause(
        r"TemplateSyntaxError|UndefinedError|TemplateError|TemplateAssertionError",
        "The chat template is damaged.",
        "It cannot be understood; it says how a conversation is written for the model.",
        Remedy.SETTINGS,
        without("--chat-template"),
    ),
    cause(
        r"rope_scaling|rope_parameters|rope_type|RoPE scaling|rope scaling",
        "{engine} does not understand this model's config.json.",
        "What it says about long contexts (RoPE) is unknown. A newer vLLM may know it.",
        Remedy.ENGINES,
        without("--hf-overrides", "--rope-scaling"),
    ),
    cause(
        r"'\w*Config' object has no attribute|Multiple valid text configs|`?layer_types`? entries"
        r"|num_hidden_layers.*must be",
        "{engine} does not understand this model's config.json.",
        "Something in it is missing or new. A newer vLLM may know it.",
        Remedy.ENGINES,
        without("--hf-overrides"),
    ),
)

KINDS = (
    cause(
        r"contains custom code which must be executed|[Tt]rust_remote_code|trust-remote-code|execute custom code",
        "The model wants to run a program of its own.",
        "It comes with Python code that would run on this computer with all your rights. Its settings say what that "
        "means, and allow it.",
        Remedy.SETTINGS,
    ),
    cause(
        r"Model architectures \['?(?P<names>[^\]\n]*?)'?\] (?:are not supported|failed to be inspected)"
        r"|(?P<names2>\w+) has no vLLM implementation",
        "{engine} does not know this kind of model.",
        "Its architecture is {names}{names2}. A newer vLLM may know it.",
        Remedy.ENGINES,
    ),
    cause(
        r"has model type `(?P<type>[^`\n]*)` but Transformers does not recognize",
        "{engine} does not know this kind of model.",
        "Its type is {type}. A newer vLLM may know it.",
        Remedy.ENGINES,
    ),
    cause(
        r"does not support `--runner generate`|Embedding models do not support"
        r"|does not support (?:the )?Chat Completions"
        r"|Unsupported task",
        "This model does not write answers.",
        "It turns texts into numbers, for searching and sorting.",
        Remedy.CHOOSE_MODEL,
        without("--runner", "--convert", "--task"),
    ),
    cause(
        r"does not support `--runner pooling`",
        "This model cannot be used for embeddings.",
        "It writes answers.",
        Remedy.SETTINGS,
        without("--runner", "--convert"),
    ),
    cause(
        r"Quantization method specified in the model config \((?P<name>[\w-]+)\) does not match",
        "The model is quantized in another way.",
        "It says so itself: {name}.",
        Remedy.SETTINGS,
        _NOT_COMPRESSED,
    ),
    cause(
        r"Cannot find the config file for (?P<name>\w+)",
        "The model is not quantized like that.",
        "Its weights are not {name}.",
        Remedy.SETTINGS,
        _NOT_COMPRESSED,
    ),
    cause(
        r"Unknown quantization method: (?P<name>bitsandbytes)",
        "The model is compressed in a way that {engine} cannot read.",
        explain_old("--quantization", "bitsandbytes"),
        Remedy.CHOOSE_MODEL,
        _NOT_COMPRESSED,
    ),
    cause(
        r"Unknown quantization method: (?P<name>[\w-]+)|ModelOpt currently only supports"
        r"|Unsupported quantization config"
        r"|unsupported ModelOpt|Unsupported ModelOpt",
        "The model is compressed in a way that {engine} cannot read.",
        f"The way is called {{name|not known to it}}. {_EDITION}",
        Remedy.CHOOSE_MODEL,
        _NOT_COMPRESSED,
    ),
    cause(
        r"quantization method \S+ is deprecated",
        "{engine} is about to give up the way this model is compressed.",
        "It can still be used.",
        Remedy.SETTINGS,
        with_flags("Start it all the same", ("--allow-deprecated-quantization", True)),
    ),
    cause(
        r"no longer supports online quantization\. Please use `--quantization (?P<method>\w+)`",
        "This way of compressing a model has a new name.",
        "It is called {method} now.",
        Remedy.SETTINGS,
        _online_method,
    ),
    cause(
        r"is not supported for quantization method (?P<name>\S+)\. Supported dtypes: \[(?P<dtypes>[^\]\n]*)\]",
        "The model cannot be calculated in this number format.",
        "It is compressed with {name}.",
        Remedy.SETTINGS,
        _dtype_it_takes,
    ),
    cause(
        r"quantization method \S+ is not supported for the current GPU|Failed to find a kernel that can implement"
        r"|[Mm]in(?:imum)? capability: ?\d+",
        "The graphics card cannot run a model that is compressed like this one.",
        _EDITION,
        Remedy.CHOOSE_MODEL,
        _NOT_COMPRESSED,
    ),
    cause(
        r"(?P<name>\w+) quantization is currently not supported in (?P<device>\w+)",
        "This computer cannot run a model that is compressed like this one.",
        f"The way is called {{name}}. {_EDITION}",
        Remedy.CHOOSE_MODEL,
        _NOT_COMPRESSED,
    ),
    cause(
        r"static_scaled_fp8_quant|dynamic_scaled_fp8_quant|requires AMX|fp8[^\n]*(?:not supported"
        r"|not implemented)[^\n]*CPU"
        r"|Float8_e4m3fn|float8_e4m3",
        "This processor cannot run FP8 models.",
        _EDITION,
        Remedy.CHOOSE_MODEL,
        first_of(_NOT_COMPRESSED, without("--kv-cache-dtype")),
    ),
    cause(
        r"not aligned with the quantized weight shape|Weight input_size_per_partition|group_size=\d+\. This happens",
        "The model cannot be divided among so many graphics cards.",
        "It is compressed in groups that would be torn apart.",
        Remedy.SETTINGS,
        without("--tensor-parallel-size"),
    ),
    cause(
        r"does not support float16",
        "This model cannot be calculated with float16.",
        "Its numbers become too large for it.",
        Remedy.SETTINGS,
        with_flags("Start with bfloat16", ("--dtype", "bfloat16")),
    ),
    cause(
        r"No valid (?:attention|MLA|CPU MLA)[\w ]* backend|Selected backend \S+ is not valid|head.?size .*not supported"
        r"|[Ss]parse [Aa]ttention is not supported|Attention backend '\w+' has been removed|(?:Unknown"
        r"|Invalid) attention backend"
        r"|Unsupported attention backend",
        "This computer cannot run this model's kind of attention.",
        "No program of {engine} fits it.",
        Remedy.ENGINES,
        without("--attention-backend", "--kv-cache-dtype", "--attention-config"),
    ),
    cause(
        r"not implemented for '(?P<type>\w+)'|got unsupported ScalarType|does not support [^\n]{0,40}dtype",
        "This computer cannot calculate the model in its number format.",
        "Another format may do.",
        Remedy.SETTINGS,
        with_flags("Start with bfloat16", ("--dtype", "bfloat16")),
    ),
)
"""The first one that fits is the one that is told."""
