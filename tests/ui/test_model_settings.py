"""The page of a model's settings on the real service and a real database; only the engine's own answer is put there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from desktop_app.domain.errors import Remedy
from desktop_app.domain.flags import Flag, FlagTable
from desktop_app.domain.installation import EngineEnvironment
from desktop_app.domain.launch import ModelRef, ModelSettings, Preset
from desktop_app.domain.machine import Machine
from desktop_app.paths import Paths
from desktop_app.services.model_settings import ModelSettingsService
from desktop_app.services.tasks import Tasks
from desktop_app.store.database import Database
from desktop_app.store.model_settings import ModelSettingsStore
from desktop_app.store.settings import Settings
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.model_settings import ModelSettingsPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.setting_control import Entry
from desktop_app.ui.widgets.setting_memory import MemoryCard
from desktop_app.ui.widgets.setting_parts import Choice, Switch
from tests.conftest import reach
from tests.engine_fakes import make_environment, make_model
from tests.ui.hands import buttons, child, press_button, seen, words

GB = 2**30


def flag(name: str, default: str = "", *, switch: bool = False, type_name: str = "int") -> Flag:
    return Flag((name,), "", default, (), "What it does.", "" if switch else type_name, False, switch, switch)


TABLE = FlagTable(
    "0.32.0",
    (
        flag("--max-model-len"),
        flag("--max-num-seqs", "256"),
        flag("--custom-histogram-buckets"),
        flag("--kv-cache-memory-bytes", type_name="human_readable_int"),
        flag("--enforce-eager", "False", switch=True),
        flag("--trust-remote-code", "False", switch=True),
        flag("--dtype", "auto", type_name="str"),
        flag("--load-format", "auto", type_name="str"),
        flag("--kv-cache-dtype", "auto", type_name="str"),
        flag("--attention-backend", type_name="str"),
        *(flag(f"--rare-{number}") for number in range(40)),
    ),
)


class Desk:
    """The page on the screen, and what stands behind it."""

    def __init__(
        self, page: ModelSettingsPage, service: ModelSettingsService, settings: Settings, tasks: Tasks, model: ModelRef
    ) -> None:
        self.page = page
        self.service = service
        self.settings = settings
        self.tasks = tasks
        self.model = model
        self.asked: list[object] = []
        page.start_clicked.connect(lambda: self.asked.append("start"))
        page.restart_clicked.connect(lambda: self.asked.append("restart"))
        page.choose_clicked.connect(lambda: self.asked.append("choose"))
        page.remedy_chosen.connect(self.asked.append)

    @property
    def chosen(self) -> ModelSettings:
        return self.service.settings_of(self.model)

    async def open(self) -> None:
        self.page.open_model(self.model)
        await self.quiet()

    async def quiet(self) -> None:
        """Until what was asked for is done and drawn."""
        await reach(lambda: not self.tasks.names, "the services' rest")
        await asyncio.sleep(0)

    def entry(self, title: str) -> Entry:
        return child(self.page, Entry, title)


Scene = Callable[[Desk], Awaitable[None]]


class Stage:
    """Plays a scene in the event loop that the program uses."""

    def __init__(self, qtbot: QtBot, theme: Theme, folder: Path) -> None:
        self._qtbot = qtbot
        self._theme = theme
        self._folder = folder
        self.environment: EngineEnvironment | None = make_environment(folder)
        self.width = 1128

    def play(self, scene: Scene) -> None:
        app = self._theme._app
        with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
            runner.run(self._play(scene))

    async def _play(self, scene: Scene) -> None:
        paths = Paths(self._folder / "data")
        paths.make()
        database = Database(paths.database)
        await database.open()
        failures: list[BaseException] = []
        tasks = Tasks(lambda _name, error: failures.append(error))
        settings = Settings(database)
        service = ModelSettingsService(
            ModelSettingsStore(database), paths, self._machine, lambda: self.environment, {"PATH": "/usr/bin"}
        )
        if self.environment is not None:
            service._tables[self.environment] = TABLE
        try:
            await settings.load()
            await service.load()
            page = ModelSettingsPage(self._theme, Bridge(tasks), service, settings)
            self._qtbot.addWidget(page)
            page.resize(self.width, 670)
            page.show()
            await scene(Desk(page, service, settings, tasks, make_model(self._folder)))
            assert failures == []
        finally:
            await tasks.shutdown()
            await database.close()

    @staticmethod
    def _machine() -> Machine:
        return Machine("A processor", 8, 16 * GB, frozenset(), available_bytes=12 * GB)


@pytest.fixture
def stage(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Stage:
    return Stage(qtbot, theme, tmp_path)


def test_without_a_model_there_is_one_next_action(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        assert buttons(desk.page) == ["Choose a model"]
        press_button(desk.page, "Choose a model")
        assert desk.asked == ["choose"]

    stage.play(scene)


def test_a_model_is_shown_with_its_presets_settings_and_memory(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        said = words(desk.page)
        assert "tiny" in said
        assert "Memory" in said
        assert "Context" in said
        assert "Fits" in said
        assert child(desk.page, MemoryCard).isVisible()
        assert {"Quick start", "Most speed", "Many people", "Start"} <= set(buttons(desk.page))
        press_button(desk.page, "Start")
        assert desk.asked == ["start"]

    stage.play(scene)


def test_a_change_is_saved_at_once_and_can_be_taken_back(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.entry("Context").setText("4096")
        desk.entry("Context").editingFinished.emit()
        await desk.quiet()
        assert desk.chosen.get("--max-model-len") == "4096"
        assert "--max-model-len 4096" in child(desk.page, QPlainTextEdit, "Command").toPlainText()
        press_button(desk.page, next(name for name in buttons(desk.page) if name.startswith("Context: Back to")))
        await desk.quiet()
        assert desk.chosen.flags == ()

    stage.play(scene)


def test_a_preset_is_chosen(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        press_button(desk.page, "Many people")
        await desk.quiet()
        assert desk.chosen.preset is Preset.MANY
        assert any(name.startswith("Show what Many people sets") for name in buttons(desk.page))

    stage.play(scene)


def test_while_it_runs_a_change_asks_for_a_restart(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.page.show_running(True)
        assert "Running" in words(desk.page)
        assert not {"Start", "Restart"} & set(buttons(desk.page))
        await desk.service.change("--max-num-seqs", "4")
        assert "Restart needed" in words(desk.page)
        assert "Your changes take effect at the next start." in words(desk.page)
        press_button(desk.page, "Restart")
        assert desk.asked == ["restart"]
        await desk.service.change("--max-num-seqs", None)
        assert "Restart needed" not in words(desk.page)
        desk.page.show_running(True, ModelSettings(Preset.SPEED))
        assert "Restart needed" in words(desk.page)
        desk.page.show_running(False)
        assert "Start" in buttons(desk.page)

    stage.play(scene)


def test_reset_can_be_undone(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        assert not child(desk.page, QPushButton, "Reset").isEnabled()
        await desk.service.set_preset(Preset.SPEED)
        await desk.service.change("--max-num-seqs", "4")
        await desk.service.set_variables("OMP_NUM_THREADS=2")
        before = desk.chosen
        press_button(desk.page, "Reset")
        await desk.quiet()
        assert desk.chosen == ModelSettings()
        assert "Everything is back to what Quick start sets." in words(desk.page)
        press_button(desk.page, "Undo")
        await desk.quiet()
        assert desk.chosen == before
        assert "Undo" not in buttons(desk.page)

    stage.play(scene)


def test_after_another_change_a_reset_is_no_longer_undone(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        await desk.service.change("--max-num-seqs", "4")
        press_button(desk.page, "Reset")
        await desk.quiet()
        await desk.service.change("--max-num-seqs", "5")
        assert "Undo" not in buttons(desk.page)

    stage.play(scene)


def test_a_command_is_edited_and_what_it_lacks_is_said_below_it(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.page._tabs._bar.setCurrentIndex(desk.page._tabs._bar.count() - 1)
        text = child(desk.page, QPlainTextEdit, "Command")
        good = text.toPlainText()
        text.setPlainText(f"{good} --device cpu")
        press_button(desk.page, "Apply")
        await desk.quiet()
        assert any("--device" in said for said in words(desk.page._command))
        assert text.toPlainText() == f"{good} --device cpu", "what was written stays to be mended"
        assert not desk.page._notice.isVisible()
        text.setPlainText(f"{good} --max-num-seqs 3")
        press_button(desk.page, "Apply")
        await desk.quiet()
        assert desk.chosen.get("--max-num-seqs") == "3"
        assert "--max-num-seqs 3" in text.toPlainText()
        assert "Edited, not applied yet" not in words(desk.page)
        assert not any("--device" in said for said in words(desk.page._command))

    stage.play(scene)


def test_a_command_that_means_the_same_counts_as_taken(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.page._tabs._bar.setCurrentIndex(desk.page._tabs._bar.count() - 1)
        text = child(desk.page, QPlainTextEdit, "Command")
        lines = text.toPlainText().replace("\\\n", " ").split(" --")
        text.setPlainText(" --".join([lines[0], *reversed(lines[1:])]))
        assert "Edited, not applied yet" in words(desk.page)
        press_button(desk.page, "Apply")
        await desk.quiet()
        assert "Edited, not applied yet" not in words(desk.page)
        assert desk.service.state.value.error is None

    stage.play(scene)


def test_variables_are_edited_beside_the_whole_environment(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.page._tabs._bar.setCurrentIndex(desk.page._tabs._bar.count() - 1)
        text = child(desk.page, QPlainTextEdit, "Variables of your own")
        text.setPlainText("OMP_NUM_THREADS=2")
        press_button(desk.page._variables, "Apply")
        await desk.quiet()
        assert desk.chosen.variables == (("OMP_NUM_THREADS", "2"),)
        whole = child(desk.page, QPlainTextEdit, "Environment")
        assert "OMP_NUM_THREADS=2" in whole.toPlainText()
        assert whole.isReadOnly()
        text.setPlainText("nonsense")
        press_button(desk.page._variables, "Apply")
        await desk.quiet()
        assert "A variable is written NAME=value." in words(desk.page._variables)
        press_button(desk.page._variables, "Discard")
        assert text.toPlainText() == "OMP_NUM_THREADS=2"
        assert desk.service.state.value.error is None

    stage.play(scene)


def test_without_an_engine_the_remedy_is_to_install_one(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        assert "There is no engine yet." in words(desk.page)
        assert "Start" not in buttons(desk.page)
        press_button(desk.page, "Install the engine")
        assert desk.asked == [Remedy.INSTALL]

    stage.environment = None
    stage.play(scene)


def test_what_holds_for_every_model_is_off_until_chosen(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        idle = child(desk.page, Choice, "Unload a model that nobody asks")
        warm = child(desk.page, Switch, "Start the last model when the program opens")
        assert idle.currentText() == "Never"
        assert not warm.isChecked()
        idle.activated.emit(2)
        warm.click()
        await desk.quiet()
        assert desk.settings.idle_unload_minutes == 30
        assert desk.settings.warm_start

    stage.play(scene)


@contextmanager
def dialog_of(desk: Desk, name: str) -> Iterator[QFileDialog]:
    press_button(desk.page, name)
    dialog = desk.page.findChildren(QFileDialog)[-1]
    yield dialog
    dialog.close()


def test_settings_are_exported_and_imported(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"

    async def scene(desk: Desk) -> None:
        await desk.open()
        await desk.service.change("--max-num-seqs", "4")
        with dialog_of(desk, "Export…") as dialog:
            assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
            dialog.fileSelected.emit(str(file))
        await desk.quiet()
        await desk.service.reset()
        with dialog_of(desk, "Import…") as dialog:
            dialog.fileSelected.emit(str(file))
        await desk.quiet()
        assert desk.chosen.get("--max-num-seqs") == "4"

    stage.play(scene)


def test_a_narrow_window_keeps_the_memory_above(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        card = child(desk.page, MemoryCard)
        assert card.y() < 120
        assert "Conversations" not in words(card)
        assert desk.page.minimumSizeHint().width() <= 660
        desk.page.resize(1128, 670)
        assert "Conversations" in words(card)

    stage.width = 668
    stage.play(scene)


def test_a_setting_that_an_error_speaks_of_is_put_in_front(stage: Stage) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        desk.page.show_setting("--rare-7")
        assert [entry.field.flag for entry in seen(desk.page, Entry)] == ["--rare-7"]
        assert child(desk.page, QLineEdit, "Search the settings").text() == "--rare-7"

    stage.play(scene)
