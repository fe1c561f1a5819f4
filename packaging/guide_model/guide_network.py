"""The Llama architecture in plain PyTorch; its parameter names are those of the checkpoint format."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from guide_text import SPECIAL_TOKENS
from torch import Tensor, nn
from torch.nn import functional as fn

HEAD_SIZE = 64
"""vLLM's attention on a CPU needs this head size."""


@dataclass(frozen=True)
class Shape:
    """The sizes of the network."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    inner: int = 640
    positions: int = 2048
    rope_theta: float = 10000.0
    epsilon: float = 1e-5


class Norm(nn.Module):
    """Root mean square normalisation."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Return x scaled to unit mean square."""
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Return x (batch, heads, length, head) with rotary positions."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def drop(x: Tensor, share: float, training: bool) -> Tensor:
    """Return x (rows, length, width) without a random share of its features, the same along a row.

    One mask per row is cheaper to draw than one per place, and it takes the feature away for good.
    """
    if not training or share == 0:
        return x
    kept = (torch.rand(x.shape[0], 1, x.shape[2]) >= share) / (1 - share)
    return x * kept.to(x.dtype)


class Attention(nn.Module):
    """Causal self-attention with grouped keys and values."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.heads * HEAD_SIZE, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * HEAD_SIZE, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * HEAD_SIZE, bias=False)
        self.o_proj = nn.Linear(shape.heads * HEAD_SIZE, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Return what each place gathers from those before it."""
        batch, length, _ = x.shape
        q = self.q_proj(x).view(batch, length, -1, HEAD_SIZE).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, -1, HEAD_SIZE).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, -1, HEAD_SIZE).transpose(1, 2)
        repeats = self.shape.heads // self.shape.kv_heads
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        # Written out: for rows this short it trains several times faster on a CPU than the fused function.
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(-2, -1)).float() / HEAD_SIZE**0.5
        out = scores.masked_fill(future, float("-inf")).softmax(-1).to(v.dtype) @ v
        gathered: Tensor = self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))
        return gathered


class FeedForward(nn.Module):
    """The gated feed-forward part of a layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the transformed places."""
        out: Tensor = self.down_proj(fn.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    """One layer: attention, then feed-forward, each around a residual."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)
        self.mlp = FeedForward(shape)
        self.dropout = dropout

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Return the places after this layer."""
        x = x + drop(self.self_attn(self.input_layernorm(x), cos, sin), self.dropout, self.training)
        return x + drop(self.mlp(self.post_attention_layernorm(x)), self.dropout, self.training)


class Body(nn.Module):
    """Embedding, layers and the last normalisation."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)


class Llama(nn.Module):
    """A causal language model with tied embeddings; `dropout` and `word_loss` act in training only."""

    def __init__(self, shape: Shape, dropout: float = 0.0, word_loss: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = dropout
        self.word_loss = word_loss
        self.model = Body(shape, dropout)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def states(self, tokens: Tensor) -> Tensor:
        """Return the last hidden state of every place."""
        x = self.model.embed_tokens(tokens)
        if self.training and self.word_loss:
            # Whole tokens vanish now and then, so that no answer hangs on a single word.
            lost = (torch.rand(tokens.shape) < self.word_loss) & (tokens >= len(SPECIAL_TOKENS))
            x = x.masked_fill(lost.unsqueeze(-1), 0.0)
        x = drop(x, self.dropout, self.training)
        half = torch.arange(0, HEAD_SIZE, 2).float() / HEAD_SIZE
        angles = torch.arange(tokens.shape[1]).float()[:, None] / self.shape.rope_theta**half
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = angles.cos(), angles.sin()
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        last: Tensor = self.model.norm(x)
        return last

    def forward(self, tokens: Tensor, places: Tensor | None = None) -> Tensor:
        """Return the scores of the next token at every place, or at the places of a mask only."""
        states = self.states(tokens)
        return fn.linear(states if places is None else states[places], self.model.embed_tokens.weight)
