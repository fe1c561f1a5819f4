"""The flags that decide about speed and about several cards, in words. Part of `flag_words`; pure data."""

from desktop_app.domain.flags import FieldGroup, FieldKind, Words

_SPEED, _GPUS = FieldGroup.SPEED, FieldGroup.GPUS
_SWITCH, _CHOICE, _NUMBER = FieldKind.SWITCH, FieldKind.CHOICE, FieldKind.NUMBER
_TEXT, _FILE, _JSON = FieldKind.TEXT, FieldKind.FILE, FieldKind.JSON

SPEED = (
    Words(
        "--max-num-batched-tokens",
        "Tokens in one step",
        "More reads long questions faster, and takes more memory. At least as many as answers at the same time.",
        _SPEED,
        _NUMBER,
        minimum=32,
        maximum=1_048_576,
    ),
    Words(
        "--enforce-eager",
        "Do not compile",
        "Starts at once; each word takes longer. Off needs a C++ compiler on a processor.",
        _SPEED,
        _SWITCH,
    ),
    Words(
        "--optimization-level",
        "Effort of compiling",
        "0 starts soonest, 2 answers fastest. The first start with a new level takes longest.",
        _SPEED,
        _CHOICE,
        choices=("0", "1", "2", "3"),
    ),
    Words(
        "--performance-mode",
        "Tuned for",
        "interactivity: the least wait for few people. throughput: the most words for many.",
        _SPEED,
        _CHOICE,
    ),
    Words(
        "--cudagraph-capture-sizes",
        "Captured sizes",
        "For how many answers at once the card is prepared, e.g. 1 2 4 8. Fewer start faster.",
        _SPEED,
        _TEXT,
    ),
    Words(
        "--enable-chunked-prefill",
        "Read in pieces",
        "Reads long questions in pieces, so that other answers go on meanwhile.",
        _SPEED,
        _SWITCH,
        on=True,
    ),
    Words(
        "--spec-method",
        "Guess ahead",
        "Guesses the next words and checks them in one step. ngram repeats from the text itself; draft_model "
        "asks a smaller model.",
        _SPEED,
        _CHOICE,
    ),
    Words("--spec-model", "Model that guesses", "The folder of the small model for guessing ahead.", _SPEED, _FILE),
    Words(
        "--spec-tokens",
        "Words to guess",
        "How many tokens are guessed at a time.",
        _SPEED,
        _NUMBER,
        minimum=1,
        maximum=32,
    ),
    Words(
        "--speculative-config",
        "Guessing ahead, in full",
        'Everything about guessing ahead as JSON, e.g. {"method": "ngram", "num_speculative_tokens": 4, '
        '"prompt_lookup_max": 4}.',
        _SPEED,
        _JSON,
    ),
    Words(
        "--async-scheduling",
        "Plan ahead",
        "Plans the next step while this one runs. Not on processors.",
        _SPEED,
        _SWITCH,
        on=True,
    ),
    Words(
        "--enable-flashinfer-autotune",
        "Try kernels first",
        "Tries which kernels are fastest at each start. Off starts sooner.",
        _SPEED,
        _SWITCH,
        on=True,
    ),
    Words(
        "--attention-backend", "Attention kernel", "Which kernel computes attention. vLLM chooses well.", _SPEED, _TEXT
    ),
    Words(
        "--stream-interval",
        "Tokens in a piece",
        "How many tokens are sent at a time while an answer comes.",
        _SPEED,
        _NUMBER,
        minimum=1,
        maximum=1_000,
    ),
    Words(
        "--load-format",
        "How weights are read",
        "safetensors, or a faster reader of the same files. Formats that can run programs are refused.",
        _SPEED,
        _CHOICE,
        choices=("safetensors", "fastsafetensors", "runai_streamer", "instanttensor", "dummy"),
    ),
    Words(
        "--tensor-parallel-size",
        "Cards for one model",
        "Cuts every layer into as many parts as there are cards. It must divide the model's attention heads.",
        _GPUS,
        _NUMBER,
        minimum=1,
        maximum=64,
    ),
    Words(
        "--pipeline-parallel-size",
        "Stages",
        "Puts the layers on several cards one after the other.",
        _GPUS,
        _NUMBER,
        minimum=1,
        maximum=64,
    ),
    Words(
        "--data-parallel-size",
        "Copies",
        "Runs so many copies of the model, for many questions at once.",
        _GPUS,
        _NUMBER,
        minimum=1,
        maximum=64,
    ),
    Words(
        "--enable-expert-parallel",
        "Share out experts",
        "Puts the experts of a mixture model on different cards.",
        _GPUS,
        _SWITCH,
    ),
    Words("--device-ids", "Which cards", "Numbers of the cards to use, e.g. 0,1.", _GPUS, _TEXT),
    Words(
        "--disable-custom-all-reduce",
        "Plain exchange",
        "Exchanges between cards in the slower, safer way. For cards that hang.",
        _GPUS,
        _SWITCH,
    ),
)
"""In the order in which they are shown."""
