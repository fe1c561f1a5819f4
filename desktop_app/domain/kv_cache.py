"""What a conversation takes of memory: the arithmetic of vLLM's KV cache.

After vLLM's own (`v1/kv_cache_interface.py`, `v1/core/kv_cache_utils.py`, `platforms/interface.py` of 0.32 and 0.33).
Called through `domain/geometry`. Sizes in bytes, lengths in tokens.
"""

import math
from dataclasses import dataclass

CPU_BLOCK = 128
"""Tokens of a block of KV cache on a processor (`platforms/cpu.py`)."""
CARD_BLOCK = 16
"""The same on a graphics card."""
IN_FLIGHT = 2048
"""Tokens under way beside a sliding window on a processor: those of one step (`--max-num-batched-tokens`)."""

_DTYPE_BYTES = {
    "float32": 4.0, "float": 4.0, "bfloat16": 2.0, "float16": 2.0, "half": 2.0,
    "fp8": 1.0, "fp8_e4m3": 1.0, "fp8_e5m2": 1.0, "fp8_inc": 1.0, "fp8_ds_mla": 1.14,
    "int8_per_token_head": 1.0, "int4_per_token_head": 0.5, "nvfp4": 0.5,
}  # fmt: skip
"""`fp8_ds_mla` keeps 656 bytes for 576 numbers."""


def dtype_bytes(name: str) -> float:
    """Bytes of one number in a format by vLLM's or torch's name; 2 for `auto` and for those that are not known."""
    return _DTYPE_BYTES.get(name.lower().removeprefix("torch."), 2.0)


@dataclass(frozen=True)
class Geometry:
    """The shape of a model, as far as memory follows from it."""

    full_layers: int
    """Layers that keep the whole conversation."""
    windowed_layers: int
    """Layers that keep the last `window` tokens of it."""
    window: int
    numbers_per_token: int
    """Numbers that one layer keeps of one token, on one card of one."""
    heads: int
    """Attention heads; several cards must divide them."""
    kv_heads: int
    """Heads that are kept, shared out among cards; 0 for a latent (MLA), which every card keeps whole."""
    context: int
    """The longest conversation that the model was made for; 0 when it does not say."""
    vocabulary: int
    hidden: int
    windowed_numbers: int = 0
    """Numbers that a layer with a window keeps of one token; 0 when they are as many as in the others."""
    windowed_kv_heads: int = 0
    """Heads that a layer with a window keeps; 0 when they are as many as in the others."""
    state_layers: int = 0
    """Layers that keep a state of constant size instead (Mamba and its kin)."""
    state_bytes: int = 0
    """Bytes of the state that one such layer keeps of one conversation, on one card of one."""
    state_copies: int = 2
    """How many of them: that of now, and that of the last whole block, from which the next question may go on."""

    @property
    def latent(self) -> bool:
        """Whether the layers keep a latent (MLA)."""
        return not self.kv_heads

    def token_bytes(self, element: float, cards: int = 1) -> int:
        """Bytes that one token takes in one layer, on each of *cards* cards; *element* is the bytes of a number."""
        return _shared(self.numbers_per_token * element, self.kv_heads, cards)

    def request_bytes(self, tokens: int, element: float, block: int, cards: int = 1, in_flight: int = IN_FLIGHT) -> int:
        """Bytes of KV cache that one conversation of *tokens* tokens takes on each card."""
        return self._pages(element, block, cards).request_bytes(self, tokens, in_flight)

    def pool_tokens(self, size: int, element: float, block: int, cards: int = 1) -> int:
        """Tokens that *size* bytes hold in all, as vLLM reports them for a model whose layers are all alike."""
        layers = self.full_layers + self.windowed_layers
        page = block * self.token_bytes(element, cards) * layers
        return size // page * block if page else 0

    def longest(self, size: int, element: float, block: int, cards: int = 1, in_flight: int = IN_FLIGHT) -> int:
        """The longest conversation that *size* bytes have room for, at most the model's own; 0 for none.

        One block is vLLM's own (the null block).
        """
        pages = self._pages(element, block, cards)
        low, high, reserved = 0, max(1, _ceil(self.context or 1 << 24, block)), pages.group * pages.size
        while low < high:
            middle = (low + high + 1) // 2
            fits = pages.request_bytes(self, middle * block, in_flight) + reserved <= size
            low, high = (middle, high) if fits else (low, middle - 1)
        return min(low * block, self.context or low * block)

    def block_bytes(self, element: float, block: int, cards: int = 1) -> int:
        """Bytes of the one block that vLLM keeps for itself (the null block)."""
        pages = self._pages(element, block, cards)
        return pages.group * pages.size

    def _pages(self, element: float, block: int, cards: int) -> "_Pages":
        full = self.token_bytes(element, cards)
        windowed = _shared((self.windowed_numbers or self.numbers_per_token) * element, self._window_heads(), cards)
        if self.state_layers:
            # The block grows until a page holds a state.
            state = math.ceil(self.state_bytes / cards)
            block *= max(1, _ceil(state, block * max(1, full)))
        pages = [
            block * size for size, layers in ((full, self.full_layers), (windowed, self.windowed_layers)) if layers
        ]
        page = max(pages, default=math.ceil(self.state_bytes / cards))
        return _Pages(page, _stretched(block, full, page), _stretched(block, windowed, page), self._group())

    def _window_heads(self) -> int:
        return self.windowed_kv_heads or self.kv_heads

    def _group(self) -> int:
        """Layers that share a block (`_get_kv_cache_groups_uniform_page_size`)."""
        counts = [count for count in (self.full_layers, self.windowed_layers, self.state_layers) if count]
        least, most = min(counts, default=0), max(counts, default=0)
        return most if most < least * 1.5 else least


@dataclass(frozen=True)
class _Pages:
    """How the pool is cut up: a block is `group` pages of `size` bytes."""

    size: int
    block: int
    """Tokens of a page of a full layer."""
    window_block: int
    """Tokens of a page of a layer with a window."""
    group: int

    def request_bytes(self, shape: Geometry, tokens: int, in_flight: int) -> int:
        blocks = 0
        if shape.full_layers:
            blocks += _ceil(shape.full_layers, self.group) * _ceil(tokens, self.block)
        if shape.windowed_layers:
            # The window may begin within a block, so there is one more.
            kept = _ceil(min(shape.window - 1 + in_flight, tokens), self.window_block) + 1
            blocks += _ceil(shape.windowed_layers, self.group) * kept
        if shape.state_layers:
            blocks += _ceil(shape.state_layers, self.group) * shape.state_copies
        return blocks * self.group * self.size


def _shared(size: float, heads: int, cards: int) -> int:
    """What of *size* bytes of *heads* heads one of *cards* cards keeps; without heads (a latent) all of it."""
    return math.ceil(size * (max(1, heads // cards) / heads if heads else 1))


def _stretched(block: int, token: int, page: int) -> int:
    """Tokens of a page of *page* bytes: more where that comes out even; else the page is padded."""
    own = block * token
    return block * (page // own) if own and page % own == 0 else block


def _ceil(amount: int, unit: int) -> int:
    return -(-amount // unit)
