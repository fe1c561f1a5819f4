"""Whether a model's files hold the output matrix although it is the input's: then it is downloaded, but not loaded.

With `tie_word_embeddings` vLLM makes both one (`ParallelLMHead.tie_weights`) and skips the second name when it reads
the files (`models/utils.py` of 0.32, `AutoWeightsLoader`). Qwen3-0.6B and 1.7B are stored like that. Called through
`domain/geometry`.
"""

from collections.abc import Mapping

from desktop_app.domain.config_reader import OddConfigError, Said

_CLOSE = 0.005
"""What norms and biases, which are not reckoned, may add, as a part of the matrix; those models come to 0.001."""


def tied(config: Mapping[str, object]) -> bool:
    """Whether a `config.json` says that input and output matrix are one."""
    return Said(config).values.get("tie_word_embeddings") is True


def stored_twice(config: Mapping[str, object], parameters: int) -> int:
    """Numbers of the output matrix that are among the *parameters* in the files although it is tied; 0 for none.

    Told only of plain models, whose other numbers follow from the config: what is left over is then exactly the matrix.
    """
    try:
        said = Said(config)
        plain = not said.has("vision_config", "audio_config", "num_experts", "num_local_experts", "n_routed_experts")
        return _left_over(said, parameters) if plain and tied(config) else 0
    except OddConfigError:
        return 0


def _left_over(said: Said, parameters: int) -> int:
    layers, heads = said.whole("num_hidden_layers"), said.whole("num_attention_heads")
    hidden, inner = said.whole("hidden_size"), said.whole("intermediate_size")
    matrix = said.whole("vocab_size") * hidden
    if not matrix or not layers or not heads or not inner:
        return 0
    size = said.whole("head_dim") or hidden // heads
    attention = 2 * hidden * size * (heads + (said.whole("num_key_value_heads") or heads))
    over = parameters - matrix - layers * (attention + 3 * hidden * inner)
    return matrix if abs(over - matrix) < matrix * _CLOSE else 0
