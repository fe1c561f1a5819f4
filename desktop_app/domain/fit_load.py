"""What a model takes in a place, for any context. Called by `fit_judge` and `fit_proposals`. Sizes in bytes."""

import math
from dataclasses import dataclass

from desktop_app.domain.fit_places import Place
from desktop_app.domain.fit_room import PROCESSOR_BYTES, card_bytes, in_flight
from desktop_app.domain.fit_values import USUAL_CONTEXT, Measured, Wish
from desktop_app.domain.geometry import CARD_BLOCK, CPU_BLOCK, Geometry, dtype_bytes
from desktop_app.domain.model_spec import ModelSpec, loaded_bytes

LEAST_CONTEXT = 2048
"""Tokens below which a conversation is no use: a question, an answer of a page or two, and a question more."""


@dataclass(frozen=True)
class Load:
    """What a model takes of the computer's memory, or of each card."""

    weights: int
    overhead: int
    shape: Geometry | None
    element: float
    """Bytes of a number in the KV cache."""
    block: int
    cards: int
    in_flight: int
    people: int
    state: int
    """Bytes of each conversation that do not grow with it and that the shape does not tell."""
    spare: int
    """The block that vLLM keeps for itself."""
    token: float
    """Bytes of a token in all layers, measured; 0 when it was not, or does not hold for every context."""
    measured: bool

    def kv_cache(self, context: int) -> int:
        """The KV cache for the conversations of everybody."""
        return self.people * (self._one(context) + self.state) + self.spare

    def needed(self, context: int) -> int:
        """All that it takes."""
        return self.weights + self.overhead + self.kv_cache(context)

    def longest(self, room: int) -> int:
        """The longest context for everybody with *room* bytes in all; 0 for none."""
        size = (room - self.weights - self.overhead) // self.people - self.state
        if size <= 0:
            return 0
        own = self.shape.context if self.shape else 0
        if self.token:
            size = max(0, size - self.spare)
            tokens = int(size / self.token) // self.block * self.block
            return min(tokens, own or tokens)
        if self.shape is None:
            return 0
        return self.shape.longest(size, self.element, self.block, self.cards, self.in_flight)

    def _one(self, context: int) -> int:
        if self.token:
            return math.ceil(-(-context // self.block) * self.block * self.token)
        if self.shape is None:
            return 0
        return self.shape.request_bytes(context, self.element, self.block, self.cards, self.in_flight)


def context_of(spec: ModelSpec, wish: Wish) -> int:
    """Tokens that a conversation may have: what was wished, at most what the model was made for."""
    wished = wish.context if wish.context > 0 else USUAL_CONTEXT
    return min(wished, spec.context or wished)


def load_of(spec: ModelSpec, place: Place, wish: Wish, measured: Measured | None, said_here: bool = True) -> Load:
    """What *spec* takes in *place*; *said_here* is whether *measured* was measured in a place of that kind."""
    shape, cards, on_card = spec.geometry, max(1, place.cards), place.cards > 0
    said = measured or Measured()
    weights = said.weights or loaded_bytes(spec)
    people = max(1, wish.people)
    overhead = card_bytes(shape, place.room.total, cards, people) if on_card else PROCESSOR_BYTES
    constant = shape is None or not (shape.windowed_layers or shape.state_layers)
    element, block = dtype_bytes(wish.kv_dtype), CARD_BLOCK if on_card else CPU_BLOCK
    return Load(
        weights=-(-weights // cards),
        overhead=(said_here and said.overhead) or overhead,
        shape=shape,
        element=element,
        block=block,
        cards=cards,
        in_flight=in_flight(place.room.total if on_card else 0),
        people=people,
        state=0 if shape and shape.state_layers else spec.state_bytes,
        spare=shape.block_bytes(element, block, cards) if shape else 0,
        token=said.kv_token_bytes / cards if said_here and constant and wish.kv_dtype == "auto" else 0.0,
        measured=bool(said.weights or (said_here and said.kv_token_bytes)),
    )
