"""The flags that matter, in words: what each is called and what changes with it.

Pure data for `domain/flags.fields`; checked against vLLM 0.32's parser. A flag that the installed engine does not have
is not shown; one that is missing here is shown in vLLM's own words.
"""

from desktop_app.domain.flag_words_speed import SPEED
from desktop_app.domain.flags import FieldGroup, FieldKind, Words

_SIMPLE, _MEMORY, _FEATURES = FieldGroup.SIMPLE, FieldGroup.MEMORY, FieldGroup.FEATURES
_SWITCH, _CHOICE, _NUMBER, _SIZE = FieldKind.SWITCH, FieldKind.CHOICE, FieldKind.NUMBER, FieldKind.SIZE
_TEXT, _FILE, _JSON = FieldKind.TEXT, FieldKind.FILE, FieldKind.JSON

_CONTEXTS = ("auto", "2048", "4096", "8192", "16384", "32768", "65536", "131072")
_KV_SIZES = ("256M", "512M", "1G", "2G", "4G", "8G")

_OTHERS = (
    Words(
        "--max-model-len",
        "Context",
        "How much it can keep in mind, in tokens. auto: as much as fits the memory.",
        _SIMPLE,
        _NUMBER,
        minimum=-1,
        maximum=10_000_000,
        choices=_CONTEXTS,
    ),
    Words(
        "--max-num-seqs",
        "Answers at the same time",
        "How many questions are answered at once; others wait. Less takes less memory and starts faster.",
        _SIMPLE,
        _NUMBER,
        minimum=1,
        maximum=4_096,
    ),
    Words(
        "--kv-cache-memory-bytes",
        "Memory for conversations",
        "Room for what all conversations keep in mind (KV cache). More: longer or more of them at the same "
        "time; a start takes up to 3 s more for each GB.",
        _SIMPLE,
        _SIZE,
        minimum=16 << 20,
        choices=_KV_SIZES,
    ),
    Words(
        "--reasoning-parser",
        "Thinking",
        "Shows what a model thinks apart from its answer, for models that think.",
        _SIMPLE,
        _CHOICE,
    ),
    Words(
        "--enable-auto-tool-choice",
        "Tools",
        "Lets the model decide to call a tool. Needs a way to read its calls.",
        _SIMPLE,
        _SWITCH,
    ),
    Words(
        "--tool-call-parser",
        "How tools are called",
        "The way in which this model writes its calls of tools.",
        _SIMPLE,
        _CHOICE,
    ),
    Words(
        "--chat-template",
        "Chat template",
        "A file that says how a conversation is written for the model.",
        _SIMPLE,
        _FILE,
    ),
    Words(
        "--generation-config",
        "The model's own sampling",
        "auto: the model's own temperature and the like are used where a chat sets none. vllm: neutral values.",
        _SIMPLE,
        _TEXT,
        choices=("auto", "vllm"),
    ),
    Words(
        "--gpu-memory-utilization",
        "Share of the card",
        "The part of the card's memory that the engine may take. Does nothing where the memory for "
        "conversations is set.",
        _MEMORY,
        _NUMBER,
        minimum=0.05,
        maximum=1.0,
    ),
    Words(
        "--kv-cache-dtype",
        "Precision of what is kept",
        "fp8 halves the memory for conversations, at a small loss. Needs a card of the RTX 40 generation or "
        "later to be fast.",
        _MEMORY,
        _CHOICE,
    ),
    Words(
        "--quantization",
        "Quantisation",
        "How the weights were made smaller. Leave it empty: it is read from the model. fp8 makes unquantised "
        "weights smaller while they are loaded.",
        _MEMORY,
        _CHOICE,
    ),
    Words(
        "--enable-prefix-caching",
        "Keep earlier words",
        "What was read once, such as the conversation so far, is not read again. Off only for measuring.",
        _MEMORY,
        _SWITCH,
        on=True,
    ),
    Words(
        "--block-size",
        "Block size",
        "Tokens that are kept together. vLLM chooses well; on a processor it is a multiple of 32.",
        _MEMORY,
        _NUMBER,
        minimum=1,
        maximum=1_024,
    ),
    Words(
        "--cpu-offload-gb",
        "Weights in main memory",
        "GB of the weights that stay in main memory, for a model that is larger than the card. Slows down every word.",
        _MEMORY,
        _NUMBER,
        minimum=0,
        maximum=4_096,
    ),
    Words(
        "--kv-offloading-size",
        "Conversations in main memory",
        "GB of main memory for conversations that no longer fit the card, so that they need not be read again.",
        _MEMORY,
        _NUMBER,
        minimum=0,
        maximum=4_096,
    ),
    Words(
        "--limit-mm-per-prompt",
        "Pictures in a question",
        'How many of each kind a question may have, e.g. {"image": 1, "video": 0}. Less leaves more room for '
        "conversations.",
        _MEMORY,
        _JSON,
    ),
    Words("--language-model-only", "Text only", "Leaves out what sees pictures, which saves memory.", _MEMORY, _SWITCH),
    Words(
        "--skip-mm-profiling",
        "Do not measure pictures",
        "Starts faster; memory for pictures is not set aside.",
        _MEMORY,
        _SWITCH,
    ),
    Words(
        "--num-gpu-blocks-override",
        "Number of blocks",
        "Sets the number of blocks for conversations by hand. For testing.",
        _MEMORY,
        _NUMBER,
        minimum=1,
    ),
    Words(
        "--max-loras", "Adapters at once", "How many are used in one step.", _FEATURES, _NUMBER, minimum=1, maximum=64
    ),
    Words(
        "--enable-lora",
        "Adapters (LoRA)",
        "Allows small add-ons that change the model's manner. On a processor it turns compiling off.",
        _FEATURES,
        _SWITCH,
    ),
    Words(
        "--lora-modules",
        "Which adapters",
        "One name=folder for each adapter; each is offered as a model of its own.",
        _FEATURES,
        _TEXT,
    ),
    Words(
        "--max-lora-rank",
        "Rank of adapters",
        "The largest rank among the adapters; it stands in their adapter_config.json.",
        _FEATURES,
        _CHOICE,
    ),
    Words(
        "--default-chat-template-kwargs",
        "For the chat template",
        'Values that the chat template is given, e.g. {"enable_thinking": false}.',
        _FEATURES,
        _JSON,
    ),
    Words(
        "--override-generation-config",
        "Sampling instead of the model's",
        'Sampling values of your own, e.g. {"temperature": 0.7}.',
        _FEATURES,
        _JSON,
    ),
    Words(
        "--trust-remote-code",
        "Run the model's own code",
        "Runs Python files that came with the model, with your rights. Allow it only for a model whose maker "
        "you trust; when the files change you are asked again.",
        _FEATURES,
        _SWITCH,
    ),
    Words(
        "--enable-sleep-mode",
        "Sleep",
        "Lets a resting model give back the card's memory. Needs a graphics card.",
        _FEATURES,
        _SWITCH,
    ),
    Words("--tokenizer", "Tokenizer", "The folder of another tokenizer than the model's own.", _FEATURES, _FILE),
    Words(
        "--max-logprobs",
        "Probabilities",
        "For how many candidates of each word the probability can be shown.",
        _FEATURES,
        _NUMBER,
        minimum=0,
        maximum=1_000,
    ),
    Words(
        "--max-num-queued-reqs",
        "Questions that may wait",
        "Further ones are turned away.",
        _FEATURES,
        _NUMBER,
        minimum=1,
        maximum=100_000,
    ),
    Words(
        "--hf-overrides",
        "Changes to config.json",
        "Values that replace those of the model's config.json, as JSON.",
        _FEATURES,
        _JSON,
    ),
    Words(
        "--dtype",
        "Number format",
        "The format of the numbers. auto takes the model's; bfloat16 is the fast one on processors, half on "
        "cards older than RTX 30.",
        _FEATURES,
        _CHOICE,
    ),
    Words("--seed", "Seed", "The same seed gives the same draw.", _FEATURES, _NUMBER, minimum=0, maximum=2**63 - 1),
)

_ORDER = {group: place for place, group in enumerate(FieldGroup)}
WORDS = {words.flag: words for words in sorted((*_OTHERS, *SPEED), key=lambda words: _ORDER[words.group])}
"""By flag, in the order in which they are shown: group after group."""
