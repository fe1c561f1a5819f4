"""Votes on two answers whose names nobody sees. `compare.py` calls it; `compare_pairs.py` says which two come next."""

import secrets
from dataclasses import replace
from random import Random

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import CellState, Verdict, Vote
from desktop_app.domain.experiment_words import column_title, contestant_title
from desktop_app.domain.ratings import ratings
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_mask import LEFT_PLACE, RIGHT_PLACE, at_side
from desktop_app.services.compare_pairs import Pair, Pairs, Question
from desktop_app.services.compare_stage import Stage
from desktop_app.services.compare_view import PairState

REASON_CHARACTERS = 2_000
"""The longest reason for a vote."""


class Voting:
    """Shows pairs of the open experiment and keeps what is said of them.

    Args:
        stage: has the experiment.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._desk: Desk | None = None
        """What is voted on."""
        self._pairs: Pairs | None = None
        self._pair: Pair | None = None
        self._passed_over: set[tuple[int, int, frozenset[int]]] = set()

    async def begin(self) -> None:
        """Show the first pair; when there is none, that is published."""
        desk = self._stage.open
        if desk is None:
            return
        self._passed_over.clear()
        async with self._stage.editing():
            self._gather(desk)
            await self._next(desk)
            if desk.pair is None:
                raise _nothing_to_compare(desk)
        self._stage.published(desk)

    async def vote(self, verdict: Verdict, reason: str) -> None:
        """Keep what is said of the pair, and show the next one."""
        shown = self._pair
        async with self._stage.editing():
            desk, pair = self._shown(shown)
            if desk is None or pair is None:
                return
            added = await self._stage.store.add_vote(_vote(desk, pair, verdict, reason))
            desk.votes = (*desk.votes, added)
            self.rate(desk)
            if self._pairs is not None:
                self._pairs.voted(pair)
            await self._next(desk)
            self._stage.published(desk)

    async def skip(self) -> None:
        """Show another pair; this one comes again when votes are begun anew."""
        shown = self._pair
        async with self._stage.editing():
            desk, pair = self._shown(shown)
            if desk is None or pair is None:
                return
            self._passed_over.add(pair.key)
            await self._next(desk)
            self._stage.published(desk)

    async def undo(self) -> None:
        """Take back the last vote of the open experiment, and show its pair again."""
        desk = self._stage.open
        if desk is None:
            return
        async with self._stage.editing():
            if not desk.votes:
                return
            last = desk.votes[-1]
            await self._stage.store.remove_vote(last.id)
            desk.votes = desk.votes[:-1]
            self.rate(desk)
            if desk.pair is not None or self._desk is desk:
                pair = Pair(last.prompt, last.repeat, last.left, last.right)
                self._gather(desk).take(pair)
                await self._show(desk, pair)
        self._stage.published(desk)

    def end(self) -> None:
        """Show no pair any more."""
        desk, self._desk, self._pairs, self._pair = self._desk, None, None, None
        if desk is not None and desk.pair is not None:
            desk.pair = None
            self._stage.published(desk)

    def opened(self, desk: Desk) -> None:
        """Another experiment is open."""
        if self._desk is not desk:
            self.end()
        self.rate(desk)

    @staticmethod
    def rate(desk: Desk) -> None:
        """Rate the columns of *desk* anew, also those that were taken away; each is called as it is called now."""
        columns = desk.experiment.columns
        names = {column.identity: column_title(column, columns) for column in columns}
        desk.ratings = tuple(replace(one, name=names.get(one.identity, one.name)) for one in ratings(desk.votes))

    def _shown(self, seen: Pair | None) -> tuple[Desk | None, Pair | None]:
        """What is voted on: only in the experiment that is open, and only on the pair that somebody has *seen*.

        A key that is pressed twice must not vote on the pair that comes next.
        """
        return (self._desk, self._pair) if self._desk is self._stage.open and self._pair is seen else (None, None)

    def _gather(self, desk: Desk) -> Pairs:
        finished: dict[Question, list[int]] = {}
        for head in desk.cells.ended_in(desk.shown_ids, [CellState.DONE]):
            finished.setdefault((head.prompt, head.repeat), []).append(head.column)
        # Not drawn from the experiment's seed: what comes next must not be known from what came before.
        self._pairs = Pairs(finished, desk.votes, self._passed_over, Random(secrets.randbits(64)))  # noqa: S311
        self._desk = desk
        return self._pairs

    async def _next(self, desk: Desk) -> None:
        pair = self._pairs.draw() if self._pairs else None
        if pair is None:
            # Meanwhile more may have been answered.
            pair = self._gather(desk).draw()
        await self._show(desk, pair)

    async def _show(self, desk: Desk, pair: Pair | None) -> None:
        self._pair, desk.pair = pair, None
        if pair is None:
            return
        keys = [(pair.prompt, column, pair.repeat) for column in (pair.left, pair.right)]
        ids = [desk.cells.heads[key].id for key in keys if key in desk.cells.heads]
        found = {cell.column: cell for cell in await self._stage.store.cells(desk.id, ids)}
        prompt = desk.experiment.prompt(pair.prompt)
        if prompt is not None and {pair.left, pair.right} <= found.keys():
            left, right = at_side(found[pair.left], LEFT_PLACE), at_side(found[pair.right], RIGHT_PLACE)
            left_over = len(self._pairs or ()) + 1
            desk.pair = PairState(pair.prompt, pair.repeat, prompt.text, left, right, len(desk.votes), left_over)


def _vote(desk: Desk, pair: Pair, verdict: Verdict, reason: str) -> Vote:
    left, right = desk.experiment.column(pair.left), desk.experiment.column(pair.right)
    return Vote(
        0,
        desk.id,
        pair.prompt,
        pair.repeat,
        pair.left,
        pair.right,
        verdict,
        reason.strip()[:REASON_CHARACTERS],
        blind=desk.hidden,
        left_identity=left.identity if left else "",
        right_identity=right.identity if right else "",
        left_name=contestant_title(left) if left else "",
        right_name=contestant_title(right) if right else "",
    )


def _nothing_to_compare(desk: Desk) -> UserError:
    if desk.votes:
        return UserError("Every two answers have been compared.", "Ask something more, then there is more to vote on.")
    words = "A vote needs a question that two columns have answered. Ask one first."
    return UserError("There are no two answers to compare yet.", words)
