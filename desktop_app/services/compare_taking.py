"""Single answers of the open experiment: read whole, continued in a chat, packed for an export.

`compare.py` calls it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from desktop_app.domain.chat import Message, MessageState, Role, title_from
from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import Cell, CellHead, CellState, Column, ExperimentKind, Prompt, Provenance
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.services.compare_carrying import said_before
from desktop_app.services.compare_columns import in_order
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_stage import Stage
from desktop_app.services.experiment_reading import Texts, read_light

T = TypeVar("T")

MakeChat = Callable[[str, Sequence[Message], Column], Awaitable[int]]
"""Stores a conversation with a title, messages and a column's settings, has its model go on, and returns its id; raises
UserError."""


class Taking:
    """Takes answers out of the open experiment.

    Args:
        stage: has it.
        make_chat: stores a conversation.
    """

    def __init__(self, stage: Stage, make_chat: MakeChat) -> None:
        self._stage = stage
        self._make_chat = make_chat

    async def cell(self, cell: int) -> Cell | None:
        """An answer as far as it is; None when there is none."""
        desk = self._stage.open
        head = desk.real_head(cell) if desk else None
        if desk is None or head is None:
            return None
        found = await self._unless_failed(desk, self._stage.store.cells(desk.id, [head.id]))
        if not found:
            return None
        written = desk.cells.writing(head.id)
        whole = replace(found[0], answer=written) if written else found[0]
        return desk.mask.cell(whole) if desk.mask else whole

    async def provenance_of(self, cell: int) -> Provenance | None:
        """What an answer came from; None when that is not known, or hidden."""
        desk = self._stage.open
        head = desk.real_head(cell) if desk and not desk.hidden else None
        if desk is None or head is None:
            return None
        return await self._unless_failed(desk, self._provenance(desk, head.id))

    async def continue_in_chat(self, cell: int) -> int | None:
        """Make a conversation of what led to an answer, with its column's settings; its id, None when that failed."""
        desk = self._stage.open
        head = desk.real_head(cell) if desk else None
        if desk is None or head is None:
            return None
        if desk.hidden:
            words = "Reveal the names first, then continue in a chat."
            self._stage.told(UserError("A chat would tell which model gave this answer.", words), desk)
            return None
        if head.state is CellState.RUNNING:
            words = "Wait until it is done, or stop it; then continue in a chat."
            self._stage.told(UserError("This answer is still being written.", words), desk)
            return None
        return await self._unless_failed(desk, self._continue(desk, head))

    async def parcel(self) -> ExperimentParcel:
        """Everything of the open experiment, for an export in another thread; raises UserError."""
        desk = self._stage.open
        if desk is None:
            raise UserError("No experiment is open.", "Open one, then export it.")
        return await self._pack(desk)

    async def _provenance(self, desk: Desk, cell: int) -> Provenance | None:
        (found,) = await self._stage.store.cells(desk.id, [cell])
        known = {} if found.provenance is None else await self._stage.store.provenance([found.provenance])
        return next(iter(known.values()), None)

    async def _pack(self, desk: Desk) -> ExperimentParcel:
        cells = await read_light(self._stage.store, desk.id)
        used = {cell.provenance for cell in cells if cell.provenance is not None}
        return ExperimentParcel(
            desk.experiment,
            cells,
            await self._stage.store.provenance(used),
            desk.votes,
            desk.ratings,
            desk.figures,
            tuple(column.id for column in in_order(desk.experiment, desk.hidden)),
            Texts(self._stage.store, desk.id, cells).of,
        )

    async def _unless_failed(self, desk: Desk, work: Awaitable[T]) -> T | None:
        """What *work* gives; a UserError is published."""
        try:
            return await work
        except UserError as error:
            self._stage.told(error, desk)
            return None

    async def _continue(self, desk: Desk, head: CellHead) -> int | None:
        column = desk.experiment.column(head.column)
        prompts = _led_to(desk, head)
        heads = [said_before(desk.cells, prompt, head.column, head.repeat) for prompt in prompts[:-1]] + [head]
        cells = await self._stage.store.cells(desk.id, [one.id for one in heads if one is not None])
        messages = _messages(prompts, {cell.prompt: cell for cell in cells})
        if column is None or not messages:
            return None
        return await self._make_chat(title_from(prompts[0].text), messages, column)


def _led_to(desk: Desk, head: CellHead) -> list[Prompt]:
    """The questions of a chat that ends with an answer."""
    prompts = desk.experiment.prompts
    if desk.experiment.kind is ExperimentKind.PROMPTS:
        return [prompt for prompt in prompts if prompt.id == head.prompt]
    asked = [prompt for prompt in prompts if prompt.column in (None, head.column)]
    ids = [prompt.id for prompt in asked]
    return asked[: ids.index(head.prompt) + 1] if head.prompt in ids else []


def _messages(prompts: Sequence[Prompt], cells: dict[int, Cell]) -> list[Message]:
    """Questions and answers, each below the one before it."""
    messages: list[Message] = []

    def hang(message: Message) -> None:
        messages.append(replace(message, id=len(messages) + 1, parent=len(messages) or None))

    for prompt in prompts:
        cell = cells.get(prompt.id)
        if cell is None or cell.state is CellState.WAITING:
            continue
        hang(Message(0, Role.USER, prompt.text, MessageState.COMPLETE, created=cell.answer.created))
        hang(replace(cell.answer, logprobs=False))
    return messages
