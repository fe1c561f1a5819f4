"""Every chart that Monitor may have, still without its curves: titles, units, and what a newcomer is told.

`monitor_charts` puts in the curves of this machine and its engines.
"""

from desktop_app.domain.curves import Chart, Form, Section, Unit

PROCESSOR = Chart(
    "cpu",
    "Processor",
    Unit.SHARE,
    Section.MACHINE,
    (),
    top=1.0,
    explanation="How busy the processor is with all programs together, all its cores taken as one (CPU).",
)
CORES = Chart(
    "cores",
    "Cores",
    Unit.SHARE,
    Section.MACHINE,
    (),
    Form.HEAT,
    1.0,
    "A row for each core of the processor: the stronger the colour, the busier the core. A model that runs on the "
    "processor keeps some of them fully busy while it writes.",
)
MEMORY = Chart(
    "memory",
    "Memory",
    Unit.BYTES,
    Section.MACHINE,
    (),
    Form.STACK,
    explanation="Who uses the computer's memory (RAM); the upper edge is all there is. Engines are the running models: "
    "most of theirs is the model itself and its KV cache.",
)
PROGRAM = Chart(
    "program",
    "This program itself",
    Unit.SHARE,
    Section.MACHINE,
    (),
    explanation="What this window and its helpers cost, without the models: 100 % is one core of the processor.",
)
TRANSFERS = Chart(
    "transfer",
    "Downloads and disk",
    Unit.BYTES_PER_SECOND,
    Section.MACHINE,
    (),
    explanation="How fast downloads come in, and how fast this program and its engines write to and read from disk. A "
    "model is read from disk when it is started.",
)
POWER = Chart(
    "power",
    "Power",
    Unit.WATT,
    Section.MACHINE,
    (),
    explanation="The electrical power that the processor takes, by its own counter (RAPL), and all graphics cards "
    "together where they tell it. Screen, disks and losses of the power supply are not in it.",
)

CARD_USE = Chart(
    "card.busy",
    "Card use",
    Unit.SHARE,
    Section.CARDS,
    (),
    top=1.0,
    explanation="The share of time in which the graphics card was calculating anything at all (GPU utilization). 100 % "
    "does not mean that it could not do more.",
)
CARD_MEMORY = Chart(
    "card.memory",
    "Card memory",
    Unit.BYTES,
    Section.CARDS,
    (),
    explanation="Memory of the graphics card in use by all programs (VRAM). An engine takes its share when it starts "
    "and keeps it until it is stopped, busy or not.",
)
CARD_TEMPERATURE = Chart(
    "card.temperature",
    "Card temperature",
    Unit.CELSIUS,
    Section.CARDS,
    (),
    explanation="How warm the chip of the graphics card is. When it gets too hot it slows itself down (throttling).",
)
CARD_POWER = Chart(
    "card.power",
    "Card power",
    Unit.WATT,
    Section.CARDS,
    (),
    explanation="The electrical power that the graphics card takes. At its power limit it slows itself a little, which "
    "is usual under full load.",
)
CARD_CLOCK = Chart(
    "card.clock",
    "Card clock",
    Unit.MEGAHERTZ,
    Section.CARDS,
    (),
    explanation="How fast the cores of the graphics card run (SM clock). It falls when there is nothing to do, and "
    "when the card is held back by heat or its power limit.",
)

TOKENS = Chart(
    "engine.tokens",
    "Tokens per second",
    Unit.TOKENS_PER_SECOND,
    Section.ENGINE,
    (),
    explanation="How many pieces of words the model writes in answers (decode) and reads in questions (prefill), all "
    "answers together. What it finds in its prefix cache counts as read.",
)
ANSWERS = Chart(
    "engine.answers",
    "Answers",
    Unit.COUNT,
    Section.ENGINE,
    (),
    explanation="How many answers are being written at this moment (running), how many questions wait for their turn "
    "(waiting), and how many answers had to make room in the KV cache and wait again (preempted).",
)
KV_CACHE = Chart(
    "engine.kv",
    "KV cache",
    Unit.SHARE,
    Section.ENGINE,
    (),
    top=1.0,
    explanation="How much of the memory for running conversations is in use (KV cache), and which share of the text of "
    "questions was still in it from earlier ones and need not be read again (prefix cache hit rate).",
)
FIRST_WORD = Chart(
    "engine.first",
    "First word after",
    Unit.SECONDS,
    Section.ENGINE,
    (),
    explanation="The time from a question to the first word of its answer (TTFT), over the last half minute. p50 is "
    "the middle one; nine of ten answers are faster than p90, and 99 of 100 faster than p99.",
)
BETWEEN = Chart(
    "engine.between",
    "Between two tokens",
    Unit.SECONDS,
    Section.ENGINE,
    (),
    explanation="The time between two pieces of words while an answer is written (inter-token latency, ITL), over the "
    "last half minute. p50 is the middle one; nine of ten are shorter than p90, and 99 of 100 shorter than p99.",
)
