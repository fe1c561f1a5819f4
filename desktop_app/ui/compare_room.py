"""The page that compares, and what it asks of the rest: models, files, chats, links. Made by the main window.

Dialogs are made when they are asked for.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.domain.engine import EngineStage
from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import FlagValue, ModelRef
from desktop_app.paths import resources
from desktop_app.services.program import Program
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.chat_room import ask_for_files, file_name
from desktop_app.ui.engine_room import EngineRoom
from desktop_app.ui.theme import Theme

# ruff: noqa: PLC0415 - a page is imported when it is looked at first, so that the window opens sooner
if TYPE_CHECKING:
    from desktop_app.domain.prompt_sets import PromptFile
    from desktop_app.services.experiment_files import ExperimentForm
    from desktop_app.ui.pages.compare import ComparePage
    from desktop_app.ui.widgets.column_editor import ModelOffer

_PROMPT_FILES = "Prompts (*.csv *.tsv *.jsonl *.txt);;All files (*)"


class CompareRoom(QObject):
    """Shows experiments and does what they ask for.

    Args:
        window: what dialogs belong to.
        theme: colours and fonts.
        bridge: starts verbs of services.
        program: the services.
        engines: asks for servers, carries remedies out.
        show: puts a page in front; it is added to the window's pages the first time.
        show_chat: puts the chat in front.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        bridge: Bridge,
        program: Program,
        engines: EngineRoom,
        show: Callable[[QWidget], None],
        show_chat: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._bridge = bridge
        self._program = program
        self._engines = engines
        self._show = show
        self._show_chat = show_chat

    @cached_property
    def compare(self) -> "ComparePage":
        """The page that compares."""
        from desktop_app.interchange.prompt_sets import shipped_sets
        from desktop_app.ui.pages.compare import ComparePage

        program = self._program
        page = ComparePage(self._theme, self._bridge, program.compare, program.experiments, self._flag_problem)
        page.show_sets(shipped_sets(resources() / "prompts"))
        page.offers_wanted.connect(self._look_for_models)
        page.defaults_wanted.connect(self._tell_defaults)
        page.server_asked.connect(self._engines.ask_for_server)
        page.remedy_chosen.connect(self._engines.do)
        page.export_asked.connect(self._on_export_asked)
        page.prompts_asked.connect(self._on_prompts_asked)
        page.prompts_export_asked.connect(self._on_prompts_export_asked)
        page.chat_asked.connect(self._on_chat_asked)
        page.link_clicked.connect(self._on_link_clicked)
        self._bridge.watch(page, program.models.state, lambda _state: self._tell_offers())
        self._bridge.watch(page, program.servers.state, lambda _state: self._tell_offers())
        self._bridge.watch(page, program.setup.state, lambda state: page.show_engine(state.environment is not None))
        return page

    def is_compare(self, page: QWidget) -> bool:
        """Whether *page* is the page that compares; none is made for the answer."""
        return page is self.__dict__.get("compare")

    def show_compare(self) -> None:
        """Show experiments."""
        self._show(self.compare)

    def flush(self) -> None:
        """Keep what is written and not kept yet: the window closes."""
        if "compare" in self.__dict__:
            self.compare.flush()

    # --- models --------------------------------------------------------------------------------------------------

    def _look_for_models(self) -> None:
        self._bridge.ask(self, "look at the models", self._program.models.open(), self._on_models_looked_at)

    def _on_models_looked_at(self, _looked: None) -> None:
        self._tell_offers()
        self.compare.begin_wanted()

    def _tell_offers(self) -> None:
        if "compare" in self.__dict__:
            self.compare.show_offers(offers(self._program))

    def _tell_defaults(self, model: ModelRef) -> None:
        """What the model takes where nothing is chosen; nobody knows it of a server elsewhere."""
        from desktop_app.services.ready_model import read_defaults

        if not model.address:
            work = read_defaults(model.folder)
            self._bridge.ask(self, "look at a model", work, lambda found: self.compare.show_defaults(model, found))

    def _flag_problem(self, flag: str, value: FlagValue) -> str:
        return self._program.model_settings.problem_of(flag, value)

    # --- files ---------------------------------------------------------------------------------------------------

    def _on_export_asked(self, form: "ExperimentForm") -> None:
        state = self._program.compare.state.value
        title = state.experiment.title if state.experiment else ""
        dialog = QFileDialog(self._window, f"Export as {form.words}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form.value.removeprefix("."))
        dialog.selectFile(file_name(title) + form.value)
        dialog.fileSelected.connect(lambda file: self._export(form, Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export(self, form: "ExperimentForm", file: Path) -> None:
        self.compare.say(f"Writing {file.name}…")
        work = self._program.compare_files.export(form, file)
        self._bridge.ask(self, "export", work, lambda error: self._tell_export(file, error))

    def _tell_export(self, file: Path, error: UserError | None) -> None:
        self.compare.say("" if error else f"Exported to {file}.")
        self.compare.show_error(error)

    def _on_prompts_asked(self) -> None:
        def take(files: Sequence[Path]) -> None:
            self._bridge.ask(self, "prompts", self._program.compare_files.read_prompts(files[0]), self._take_prompts)

        ask_for_files(self._window, "Add prompts from a file", _PROMPT_FILES, take)

    def _take_prompts(self, found: "PromptFile | UserError") -> None:
        if isinstance(found, UserError):
            self.compare.show_error(found)
        else:
            self.compare.add_prompts(found.prompts, found.words)

    def _on_prompts_export_asked(self, suffix: str) -> None:
        dialog = QFileDialog(self._window, "Write the prompts to a file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.removeprefix("."))
        dialog.selectFile(f"prompts.{suffix.removeprefix('.')}")
        dialog.fileSelected.connect(lambda file: self._export_prompts(Path(file)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export_prompts(self, file: Path) -> None:
        experiment = self._program.compare.state.value.experiment
        work = self._program.compare_files.write_prompts(experiment.prompts if experiment else (), file)
        self._bridge.ask(self, "prompts", work, self.compare.show_error)

    # --- chats and links -----------------------------------------------------------------------------------------

    def _on_chat_asked(self, cell: int) -> None:
        self._bridge.ask(self, "continue in a chat", self._program.compare.continue_in_chat(cell), self._open_chat)

    def _open_chat(self, conversation: int | None) -> None:
        if conversation is not None:
            self._show_chat()
            self._bridge.start("open chat", self._program.conversations.open(conversation))

    def _on_link_clicked(self, address: str) -> None:
        from desktop_app.ui.widgets.link_dialog import ask_to_open

        ask_to_open(self._window, self._theme, address)


def offers(program: Program) -> "tuple[ModelOffer, ...]":
    """Models that a column can have: those that run, those on this computer, those of servers that are known."""
    from desktop_app.ui.widgets.column_editor import ModelOffer

    found: dict[str, ModelOffer] = {}
    for one in program.serving.engines.value:
        if one.stage is EngineStage.READY and one.model is not None:
            found[one.model.key] = ModelOffer(one.model, "runs now")
    for row in program.models.state.value.local:
        if row.local is None or row.local.ref.key in found:
            continue
        problem = row.local.problem.sentence() if row.local.problem else ""
        found[row.local.ref.key] = ModelOffer(row.local.ref, row.fit.verdict.value, problem)
    for server in program.servers.state.value.servers:
        names = dict.fromkeys((server.server.model, *(card.id for card in server.models)))
        for name in filter(None, names):
            model = program.servers.model_ref(server.server, name)
            found.setdefault(model.key, ModelOffer(model, f"at {model.address}"))
    found.setdefault(program.guide.key, ModelOffer(program.guide, "comes with this program"))
    return tuple(found.values())
