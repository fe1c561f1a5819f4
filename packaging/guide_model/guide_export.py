"""Writes the trained network as a folder that vLLM and Hugging Face Transformers can load."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from guide_data import ELSE, Intent
from guide_network import HEAD_SIZE, Llama, Shape
from guide_text import SPECIAL_TOKENS
from safetensors.torch import load_file, save_file

SUGGESTED = (
    ("What can you do?", "who_are_you"),
    ("How do I open my own model?", "choose_model"),
    ("How do I stop a model?", "stop_model"),
    ("Is my text sent anywhere?", "privacy"),
    ("Why is it slow?", "why_slow"),
    ("Do I need a graphics card?", "gpu_needed"),
)
"""The questions that the window offers, with the intent of each."""


def write_json(path: Path, content: object) -> None:
    """Write readable JSON with a line break at its end."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _config(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": HEAD_SIZE,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.positions,
        "rope_theta": shape.rope_theta,
        "rms_norm_eps": shape.epsilon,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": 0,
        "pad_token_id": 0,
        "torch_dtype": "bfloat16",
    }


def write_model(network: Llama, folder: Path) -> None:
    """Write the weights in bfloat16 and the two configuration files."""
    state = network.state_dict().items()
    weights = {name: value.detach().to(torch.bfloat16).contiguous() for name, value in state}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    write_json(folder / "config.json", _config(network.shape))
    # The longest answer has about 40 tokens; what goes on for longer has lost its way.
    generation = {"do_sample": False, "temperature": 0.0, "max_new_tokens": 120, "eos_token_id": 0, "pad_token_id": 0}
    write_json(folder / "generation_config.json", generation)


def write_questions(intents: dict[str, Intent], folder: Path) -> None:
    """Write questions.json: the suggested questions and the answer of every intent."""
    suggested = [{"question": text, "answer": intents[name].answer} for text, name in SUGGESTED]
    answers = {name: intent.answer for name, intent in intents.items() if name != ELSE}
    answers[ELSE] = intents[ELSE].answer
    write_json(folder / "questions.json", {"suggested": suggested, "answers": answers})


def read_model(folder: Path) -> Llama:
    """Return the network of a folder, its weights exactly those of the file (bfloat16 values)."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape = Shape(
        vocabulary=config["vocab_size"],
        width=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        inner=config["intermediate_size"],
    )
    network = Llama(shape)
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    network.load_state_dict(weights)
    return network.eval()


def describe(shape: Shape, network: Llama) -> str:
    """Return one line about the network for the log."""
    count = sum(parameter.numel() for parameter in network.parameters())
    sizes = ", ".join(f"{name} {value}" for name, value in asdict(shape).items())
    return f"{count:,} parameters; {sizes}; {len(SPECIAL_TOKENS)} special tokens"
