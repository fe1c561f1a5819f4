"""Checks of answers: by rules at once, by a judge when all columns are done. Called by the runner's other files.

What a judge is to say stands in a result from the beginning, undecided, so that nothing counts as passed before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from desktop_app.domain.experiment import (
    Cell,
    CellHead,
    CellState,
    Check,
    CheckKind,
    CheckResult,
    Experiment,
    Options,
    Prompt,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.endpoint.client import Endpoint
from desktop_app.services.judge import NOT_YET, judge
from desktop_app.store.experiments import ChangeChecks, ExperimentStore

NOT_CHECKED = "Not checked yet."
"""The reason of a result that is still to come."""
_AT_ONCE = 200
"""Whole cells that are read at a time; an answer can have a megabyte."""


class Checks(Protocol):
    """Checks answers by rules; `checks.client.Checker` is one."""

    async def check(self, checks: Sequence[Check], text: str, reference: str) -> tuple[CheckResult, ...]:
        """What each of *checks*, without those of kind JUDGE, says of *text*, in their order."""


class Checking:
    """Checks answers.

    Args:
        store: keeps what was said.
        checks: checks by rules.
        ended: told of each cell whose checks changed.
    """

    def __init__(self, store: ExperimentStore, checks: Checks, ended: Callable[[Cell], None]) -> None:
        self._store = store
        self._checks = checks
        self._ended = ended

    async def check(self, prompt: Prompt, options: Options, text: str) -> tuple[CheckResult, ...]:
        """What the checks of a prompt say of an answer; a judge's verdicts are still to come."""
        checks = checks_of(prompt, options)
        rules = [check for check in checks if check.kind is not CheckKind.JUDGE]
        said = iter(await self._checks.check(rules, text, prompt.reference) if rules else ())
        return tuple(_to_come(check) if check.kind is CheckKind.JUDGE else next(said) for check in checks)

    async def check_all(
        self, experiment: Experiment, heads: Iterable[CellHead], ended: asyncio.Event, *, anew: bool
    ) -> None:
        """Check answers that were not checked to the end, or all of them *anew*, until *ended*; none is judged here.

        Unless it is *anew*, what a judge has said stays.
        """
        checked = {prompt.id: prompt for prompt in experiment.prompts if anew or checks_of(prompt, experiment.options)}
        ids = [head.id for head in heads if head.state is CellState.DONE and head.prompt in checked]
        async for cell in self._read(experiment, ids):
            if ended.is_set():
                return
            prompt = checked[cell.prompt]
            whole = len(cell.checks) == len(checks_of(prompt, experiment.options))
            if anew or not whole or any(one.why == NOT_CHECKED for one in cell.checks):
                results = await self.check(prompt, experiment.options, cell.answer.text)
                if whole and not anew:
                    pairs = zip(cell.checks, results, strict=True)
                    results = tuple(old if old.kind is CheckKind.JUDGE else new for old, new in pairs)
                await self._keep(cell, results)

    async def unjudged(self, experiment: Experiment, heads: Iterable[CellHead]) -> list[int]:
        """The cells that a judge has not looked at."""
        judged = {
            prompt.id
            for prompt in experiment.prompts
            if any(check.kind is CheckKind.JUDGE for check in checks_of(prompt, experiment.options))
        }
        ids = [head.id for head in heads if head.state is CellState.DONE and head.prompt in judged]
        return [cell.id async for cell in self._read(experiment, ids) if any(map(_waits, cell.checks))]

    async def judge(self, experiment: Experiment, cell_id: int, endpoint: Endpoint) -> None:
        """Have one answer judged, and keep what was said. Raises NoVerdictError when the judge cannot be asked."""
        async for cell in self._read(experiment, [cell_id]):
            prompt = experiment.prompt(cell.prompt)
            if prompt is None:
                return
            results = list(cell.checks)
            for place, check in enumerate(checks_of(prompt, experiment.options)):
                if place < len(results) and _waits(results[place]):
                    question, answer = prompt.text, cell.answer.text
                    results[place] = await judge(endpoint, check, question, prompt.reference, answer)
            await self._keep(cell, results)

    async def undecided(self, experiment: Experiment, ids: Sequence[int], why: str) -> None:
        """Say of answers that were not judged why that is so."""
        async for cell in self._read(experiment, ids):
            await self._keep(cell, [replace(one, why=why) if _waits(one) else one for one in cell.checks])

    async def _keep(self, cell: Cell, results: Sequence[CheckResult]) -> None:
        await self._store.set_checks(cell.id, results)
        self._ended(replace(cell, checks=tuple(results)))

    async def _read(self, experiment: Experiment, ids: Sequence[int]) -> AsyncIterator[Cell]:
        for begin in range(0, len(ids), _AT_ONCE):
            for cell in await self._store.cells(experiment.id, ids[begin : begin + _AT_ONCE]):
                yield cell


def checks_of(prompt: Prompt, options: Options) -> tuple[Check, ...]:
    """The checks of a prompt's answers: those of all, then its own."""
    return (*options.checks, *prompt.checks)


def carried_over(before: Experiment, after: Experiment) -> ChangeChecks | None:
    """What is left of results when checks, reference answers or the judge are others than *before*; None for all.

    What was not asked like this has no result yet: nobody is to read what a check said that there is no more.
    """
    old, new = _asked_of_answers(before), _asked_of_answers(after)
    changed = {prompt for prompt, asked in new.items() if old.get(prompt, asked) != asked}
    if not changed:
        return None

    def change(prompt: int, results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
        if prompt not in changed:
            return results
        said = dict(zip(old[prompt], results, strict=True)) if len(old[prompt]) == len(results) else {}
        return tuple(said.get(asked) or _to_come(asked[0]) for asked in new[prompt])

    return change


def _asked_of_answers(experiment: Experiment) -> dict[int, tuple[tuple[Check, str, ModelRef | None], ...]]:
    """Everything that decides results, by prompt: check, reference answer, and who judges."""
    judge = experiment.options.judge
    return {
        prompt.id: tuple(
            (check, prompt.reference, judge if check.kind is CheckKind.JUDGE else None)
            for check in checks_of(prompt, experiment.options)
        )
        for prompt in experiment.prompts
    }


def _to_come(check: Check) -> CheckResult:
    return CheckResult(check.kind, None, NOT_YET if check.kind is CheckKind.JUDGE else NOT_CHECKED)


def _waits(result: CheckResult) -> bool:
    return result.kind is CheckKind.JUDGE and result.passed is None and result.why.startswith(NOT_YET)
