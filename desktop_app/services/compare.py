"""The story of the open experiment: several models, or one under several settings, are asked the same.

Publishes one `CompareState`, at most 30 times a second, and one `GridChange`, at most ten times. Pages draw them and
call the verbs. No verb raises UserError where nothing else is said: what failed stands in the state. The verbs are
spread over the files `compare_*`; `experiments.py` has the list. What runs goes on when another experiment is opened.
"""

from collections.abc import Sequence

from desktop_app.domain.experiment import Cell, Column, ExperimentKind, Options, Prompt, Provenance, Verdict
from desktop_app.domain.observable import Observable
from desktop_app.interchange.experiment_parcel import ExperimentParcel
from desktop_app.services.compare_editing import Editing
from desktop_app.services.compare_figures import Figuring
from desktop_app.services.compare_looking import LOOK_SECONDS, Looking
from desktop_app.services.compare_running import Running
from desktop_app.services.compare_stage import Changed, Stage
from desktop_app.services.compare_taking import MakeChat, Taking
from desktop_app.services.compare_view import CompareState, GridChange
from desktop_app.services.compare_voting import Voting
from desktop_app.services.experiment_runner import ExperimentRunner
from desktop_app.services.tasks import Tasks
from desktop_app.store.experiments import ExperimentStore


class Compare:
    """Holds experiments.

    Args:
        store: keeps them.
        runner: asks.
        make_chat: stores a conversation that goes on from an answer, and chooses the model that goes on with it.
        tasks: runs what goes on by itself.
        changed: the list of experiments is to be read again.
        pause: seconds of quiet before the machine is looked at by itself.
    """

    def __init__(
        self,
        store: ExperimentStore,
        runner: ExperimentRunner,
        make_chat: MakeChat,
        tasks: Tasks,
        changed: Changed,
        pause: float = LOOK_SECONDS,
    ) -> None:
        self._stage = stage = Stage(store, tasks, changed)
        self._looking = Looking(stage, runner, pause)
        figuring = Figuring(stage)
        self._voting = Voting(stage)
        self._editing = Editing(stage, self._looking, figuring, self._voting)
        self._running = Running(stage, runner, self._looking, figuring)
        self._taking = Taking(stage, make_chat)

    @property
    def state(self) -> Observable[CompareState]:
        """The open experiment."""
        return self._stage.state

    @property
    def grid(self) -> Observable[GridChange]:
        """Its cells. Whoever begins to watch, or missed a version, takes all of them."""
        return self._stage.grid

    @property
    def running(self) -> int | None:
        """The experiment that runs; None while none does."""
        return self._stage.running.id if self._stage.running else None

    # Which experiment is open, and what it is.

    async def open(self, experiment: int) -> None:
        """Show an experiment of the list. What a crash interrupted waits: `run()` goes on, nothing does by itself."""
        await self._editing.open(experiment)

    def close(self) -> None:
        """Show none; what runs goes on."""
        self._looking.leave()
        self._voting.end()
        self._stage.show(None)

    async def new(
        self, kind: ExperimentKind, columns: Sequence[Column], title: str = "", *, blind: bool = False
    ) -> int | None:
        """Make an experiment and show it; its id, None when that failed.

        Without a title it is named by its models, and a conversation by its first question.
        """
        return await self._editing.new(kind, columns, title, blind)

    async def set_columns(self, columns: Sequence[Column]) -> None:
        """Compare these from now on, from left to right; new ones have id 0. Refused while it runs.

        One that has answers and is to be asked in another way becomes a new one; the old one keeps its answers, and
        comes back when it is handed in again. What new ones miss waits.
        """
        await self._editing.set_columns(columns)

    async def set_options(self, options: Options) -> None:
        """Run it in this way from now on; refused while it runs."""
        await self._editing.set_options(options)

    async def set_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Ask these; refused while it runs, and when one that has answers is not among them."""
        await self._editing.set_prompts(prompts)

    async def rename(self, title: str) -> None:
        """Give the open experiment a title; an empty one changes nothing."""
        await self._editing.rename(title)

    async def set_blind(self, blind: bool) -> None:
        """Hide names, settings and figures from the first question on, in an order that is drawn anew; or show them."""
        await self._editing.set_blind(blind)

    async def reveal(self) -> None:
        """Show names and figures. Votes that were cast until now stay blind ones, later ones are not."""
        await self._editing.set_blind(False)

    # Asking.

    async def ask(self, text: str, column: int | None = None) -> bool:
        """Put a question to all columns, or to one; returns when it is answered. True when the question is kept.

        It is on the disk before it is asked. While the experiment runs the question waits for its turn; while another
        one does, or there is nothing to compare, it is kept and a sentence says what is to be done.
        """
        return await self._running.ask(text, column)

    async def run(self) -> None:
        """Ask everything that waits, also what a crash interrupted, and return when that is done."""
        await self._running.run(self._stage.open)

    async def stop(self) -> None:
        """End the run of the open experiment: what was being written stays as it is, the rest waits."""
        await self._running.stop()

    async def rerun_failed(self) -> None:
        """Ask again what failed or was stopped, unless all columns go on from it, and what waits."""
        await self._running.rerun_failed()

    async def ask_again(self, cell: int) -> None:
        """Ask for another answer in the place of one; refused when others build on it, or votes were cast on it.

        One that all columns were to go on from is it no longer.
        """
        await self._running.ask_again(cell)

    async def carry_on(self, cell: int, carried: bool = True) -> None:
        """Have all columns go on from an answer; when it is not *carried*, each from its own to that question again.

        Of the answers to a question one can be marked. Refused while it runs, while there is nothing to go on from, and
        when later answers were given with something else in mind.
        """
        await self._editing.carry_on(cell, carried)

    async def check_again(self) -> None:
        """Check every answer anew, by the judge too; nothing is asked again."""
        await self._running.check_again(self._stage.open)

    async def look_ahead(self) -> None:
        """Publish what a run would do; it is also said by itself soon after every change."""
        await self._looking.now()

    # Votes.

    async def begin_votes(self) -> None:
        """Show two answers whose names are hidden, or say why there are none."""
        await self._voting.begin()

    async def vote(self, verdict: Verdict, reason: str = "") -> None:
        """Keep what is said of the two, and show the next ones."""
        await self._voting.vote(verdict, reason)

    async def skip_pair(self) -> None:
        """Show two others; these come again when votes are begun anew."""
        await self._voting.skip()

    async def undo_vote(self) -> None:
        """Take back the last vote, and show its two answers again."""
        await self._voting.undo()

    def end_votes(self) -> None:
        """Show no two answers any more."""
        self._voting.end()

    # Single answers.

    async def cell(self, cell: int) -> Cell | None:
        """A whole answer, as far as it is; None when there is none."""
        return await self._taking.cell(cell)

    async def provenance_of(self, cell: int) -> Provenance | None:
        """What an answer came from; None when that is not known, or hidden."""
        return await self._taking.provenance_of(cell)

    async def continue_in_chat(self, cell: int) -> int | None:
        """Make a chat of what led to an answer, with its column's settings, and talk to its column's model from now on.

        Returns:
            The chat's id; None when that failed.
        """
        return await self._taking.continue_in_chat(cell)

    async def parcel(self) -> ExperimentParcel:
        """Everything of the open experiment, for an export.

        Raises:
            UserError: none is open, or it cannot be read; whoever writes the file tells it.
        """
        return await self._taking.parcel()

    def dismiss_error(self) -> None:
        """The person has read what failed."""
        self._stage.told(None)

    # What the list says.

    async def leave(self, experiment: int) -> bool:
        """An experiment is deleted: its run ends, and it is not open any more; whether it was."""
        return await self._running.leave(experiment)

    def renamed(self, experiment: int, title: str) -> None:
        """The list gave an experiment another title."""
        self._editing.renamed(experiment, title)

    async def shutdown(self) -> None:
        """End the run, so that it can be taken up again; a second call does nothing."""
        self._looking.leave()
        self._stage.shutdown()
        await self._running.shutdown()
