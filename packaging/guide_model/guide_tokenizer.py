"""Makes the byte-level BPE tokenizer of the Guide and the files that describe it."""

from __future__ import annotations

import json
from pathlib import Path

from guide_data import QuestionSource
from guide_text import END, SPECIAL_TOKENS, chat_template
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 2048
QUESTIONS = 60_000
ANSWER_REPEATS = 300


def train_tokenizer(seed: int) -> Tokenizer:
    """Return a tokenizer trained on drawn questions and on the answers."""
    source = QuestionSource(seed)
    questions = [" " + source.draw()[0] for _ in range(QUESTIONS)]
    answers = [intent.answer for intent in source.intents.values()] * ANSWER_REPEATS
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(questions + answers, trainer)
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json with the chat template."""
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 2048,
        "clean_up_tokenization_spaces": False,
        "eos_token": END,
        "pad_token": END,
        "chat_template": chat_template(),
    }
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
