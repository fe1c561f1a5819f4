"""What is compared, and how: experiments made, opened and changed. `compare.py` calls it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from desktop_app.domain.errors import UserError
from desktop_app.domain.experiment import MAX_PROMPTS, Column, Experiment, ExperimentKind, Options, Prompt
from desktop_app.services.compare_carrying import refusal as refusal_to_carry
from desktop_app.services.compare_columns import TITLE_CHARACTERS, changed_columns, is_unnamed, title_of, too_many
from desktop_app.services.compare_desk import Desk
from desktop_app.services.compare_figures import Figuring
from desktop_app.services.compare_looking import Looking
from desktop_app.services.compare_stage import Stage
from desktop_app.services.compare_voting import Voting
from desktop_app.services.experiment_checking import carried_over

_SEEDS = 1 << 31


class Editing:
    """Makes and changes experiments.

    Args:
        stage: has the open one.
        looking: is told when a run would go another way.
        figuring: is told when other answers count.
        voting: is told when another one is open, or its columns are others.
    """

    def __init__(self, stage: Stage, looking: Looking, figuring: Figuring, voting: Voting) -> None:
        self._stage = stage
        self._looking = looking
        self._figuring = figuring
        self._voting = voting

    async def open(self, experiment: int) -> None:
        """Show an experiment of the list."""
        try:
            await self._stage.show_stored(experiment)
        except UserError as error:
            self._stage.told(error)
            return
        if desk := self._stage.open:
            self._voting.opened(desk)
            await self._figuring.everything(desk)
            self._stage.published(desk)
        self._looking.soon()

    async def new(self, kind: ExperimentKind, columns: Sequence[Column], title: str, blind: bool) -> int | None:
        """Make an experiment and show it; its id, None when that failed."""
        if refusal := too_many(columns):
            self._stage.told(refusal)
            return None
        fresh = tuple(replace(column, id=0, removed=False) for column in columns)
        name = _one_line(title) or title_of(kind, fresh, blind=blind)
        seed = secrets.randbelow(_SEEDS)
        wanted = Experiment(0, name, kind, fresh, order_seed=seed, blind=blind)
        try:
            made = await self._stage.store.create(wanted)
        except UserError as error:
            self._stage.told(error)
            return None
        await self._stage.changed()
        await self.open(made.id)
        return made.id

    async def set_columns(self, columns: Sequence[Column]) -> None:
        """Compare these from now on, from left to right; refused while it runs."""
        desk = self._resting("columns")
        if desk is None:
            return
        if refusal := too_many(columns):
            self._stage.told(refusal, desk)
            return
        async with self._stage.editing():
            experiment = desk.experiment
            meant = desk.mask.real_columns(columns, experiment) if desk.mask else tuple(columns)
            changed = changed_columns(experiment, meant, desk.cells.answered())
            await self._update(desk, _renamed(experiment, replace(experiment, columns=changed)))
            await self._stage.reread(desk)
        await self._edited(desk)

    async def set_options(self, options: Options) -> None:
        """Run it in this way from now on; refused while it runs."""
        desk = self._resting("options")
        if desk is None:
            return
        if desk.experiment.kind is ExperimentKind.CONVERSATION:
            # A conversation goes on from one answer, not from several.
            options = replace(options, repeats=1)
        async with self._stage.editing():
            before = desk.experiment
            await self._update(desk, replace(before, options=options))
            await self._carry_over(before, desk)
            await self._stage.reread(desk)
        await self._edited(desk)

    async def set_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Ask these; those that have answers must be among them. Refused while it runs."""
        desk = self._resting("questions")
        if desk is None:
            return
        if len(prompts) > MAX_PROMPTS:
            words = f"There are {len(prompts):,}. Take some away, or make a second experiment of them."
            self._stage.told(UserError(f"An experiment has at most {MAX_PROMPTS:,} questions.", words), desk)
            return
        async with self._stage.editing():
            meant = desk.mask.real_prompts(prompts, desk.experiment) if desk.mask else prompts
            before, stored = desk.experiment, await self._stage.store.set_prompts(desk.id, meant)
            desk.put_experiment(replace(before, prompts=stored))
            await self._carry_over(before, desk)
            await self._stage.reread(desk)
        await self._edited(desk)

    async def carry_on(self, cell: int, carried: bool) -> None:
        """Have all columns go on from an answer, or each from its own again; refused while it runs."""
        desk = self._stage.open
        head = desk.real_head(cell) if desk else None
        if head is None or (desk := self._resting("course")) is None:
            return
        if refusal := refusal_to_carry(desk.experiment, desk.cells, head, carried):
            self._stage.told(refusal, desk)
            return
        async with self._stage.editing():
            await self._stage.carry(desk, head.prompt, head.column if carried else None)
        self._stage.published(desk)
        await self._stage.changed()

    async def rename(self, title: str) -> None:
        """Give the open experiment a title; an empty one changes nothing."""
        desk, title = self._stage.open, _one_line(title)
        if desk is None or not title:
            return
        async with self._stage.editing():
            await self._update(desk, replace(desk.experiment, title=title))
        self._stage.published(desk)
        await self._stage.changed()

    async def set_blind(self, blind: bool) -> None:
        """Hide names and figures from the first question on, in an order that is drawn anew; or show them."""
        desk = self._stage.open
        if desk is None or desk.experiment.blind is blind:
            return
        async with self._stage.editing():
            seed = secrets.randbelow(_SEEDS) if blind else desk.experiment.order_seed
            changed = replace(desk.experiment, blind=blind, order_seed=seed)
            await self._update(desk, _renamed(desk.experiment, changed))
        self._stage.published(desk)
        await self._stage.changed()

    def renamed(self, experiment: int, title: str) -> None:
        """The list gave an experiment another title."""
        for desk in (self._stage.open, self._stage.running):
            if desk is not None and desk.id == experiment:
                desk.put_experiment(replace(desk.experiment, title=title))
                self._stage.published(desk)

    def _resting(self, what: str) -> Desk | None:
        """The open experiment while it does not run; the refusal is published."""
        desk = self._stage.open
        if desk is not None and desk is self._stage.running:
            words = f"Stop it, or wait until it is done; then change its {what}."
            self._stage.told(UserError("This comparison is running.", words), desk)
            return None
        return desk

    async def _update(self, desk: Desk, experiment: Experiment) -> None:
        desk.put_experiment(await self._stage.store.update(experiment))

    async def _carry_over(self, before: Experiment, desk: Desk) -> None:
        """Results of checks that are no longer made go; the next run makes the others."""
        if change := carried_over(before, desk.experiment):
            await self._stage.store.change_checks(desk.id, change)

    async def _edited(self, desk: Desk) -> None:
        self._voting.rate(desk)
        await self._figuring.everything(desk)
        self._stage.published(desk)
        self._looking.soon()
        await self._stage.changed()


def _renamed(before: Experiment, after: Experiment) -> Experiment:
    """*after* with a title that fits it, where nobody has chosen one."""
    return replace(after, title=title_of(after.kind, after.shown, blind=after.blind)) if is_unnamed(before) else after


def _one_line(title: str) -> str:
    return " ".join(title.split())[:TITLE_CHARACTERS]
