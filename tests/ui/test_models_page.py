"""The page of models on its real services: look around, search a small Hub, download, start, delete, mend."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QPushButton
from qasync import QEventLoop

from desktop_app.domain.catalog import Catalog, CatalogModel
from desktop_app.domain.errors import Remedy
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import DownloadStage
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.hub import local
from desktop_app.paths import Paths, resources
from desktop_app.ui.bridge import Bridge
from desktop_app.ui.pages.models import ModelsPage
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.model_list import Shelf
from desktop_app.ui.widgets.model_list_head import machine_words
from desktop_app.ui.widgets.model_list_view import ModelListView
from tests.conftest import reach
from tests.fakes.hub import FakeHub, running_hub
from tests.services.models_world import TINY, World, world
from tests.ui.hands import buttons, child, press, press_button, words, write

SMALL = CatalogModel(
    ModelSpec("owner/small", weights_bytes=10_000_000), "Quick answers.", "mit", download_bytes=11_000_000
)
CATALOG = Catalog((SMALL,), {})


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), [TINY]) as running:
        yield running


class Desk:
    """The page, its services, and what it asked of the window."""

    def __init__(self, theme: Theme, around: World) -> None:
        self.world = around
        around.catalog = CATALOG
        self.models = around.models()
        self.page = ModelsPage(theme, Bridge(around.tasks), self.models, around.downloads, around.access)
        self.said: list[tuple[str, object]] = []
        self.page.start_clicked.connect(lambda ref: self.said.append(("start", ref)))
        self.page.settings_clicked.connect(lambda ref: self.said.append(("settings", ref)))
        self.page.open_link.connect(lambda link: self.said.append(("link", link)))
        self.page.remedy_chosen.connect(lambda remedy: self.said.append(("remedy", remedy)))
        self.page.resize(1200, 760)

    @property
    def shown(self) -> str:
        """The model that is looked at closely."""
        detail = self.models.detail.value
        return detail.row.name if detail else ""

    def rows(self) -> list[str]:
        view = child(self.page, ModelListView)
        return [row.name for row in view.rows.rows] if view.isVisible() else []

    async def open(self) -> None:
        self.page.show()
        await reach(lambda: self.models.state.value.machine, "the machine")
        await self.quiet()

    async def quiet(self) -> None:
        """Until nothing is being done."""
        await reach(lambda: not self.world.tasks.names, "the services' rest")
        await asyncio.sleep(0)

    async def see(self, button: str) -> None:
        await reach(lambda: button in buttons(self.page), f"the button {button!r} among {buttons(self.page)}")

    def dialog(self) -> QDialog:
        found = [one for one in self.page.findChildren(QDialog) if one.isVisible()]
        assert found
        return found[-1]


Scene = Callable[[Desk], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(qapp: QApplication, theme: Theme, paths: Paths) -> Play:
    """Plays a scene with the page on an empty data folder."""

    async def whole(scene: Scene, hub: FakeHub | None) -> None:
        async with world(paths, hub) as around:
            desk = Desk(theme, around)
            try:
                await scene(desk)
            finally:
                desk.page.close()
                desk.page.deleteLater()
                qapp.sendPostedEvents(desk.page, QEvent.Type.DeferredDelete)

    def run(scene: Scene, hub: FakeHub | None = None) -> None:
        qapp.setQuitOnLastWindowClosed(False)
        with asyncio.Runner(loop_factory=lambda: QEventLoop(qapp)) as runner:
            runner.run(whole(scene, hub))

    return run


def test_it_opens_with_the_machine_and_what_there_is_to_discover(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        press_button(desk.page, "Show all") if "Show all" in buttons(desk.page) else None
        assert any(
            one.startswith("This computer: 16\u00a0GB of memory. There is no graphics card.")
            for one in words(desk.page)
        )
        assert desk.rows() == ["owner/small"]
        desk.page.browser.show_shelf(Shelf.LOCAL)
        assert len(desk.rows()) == 1
        assert "Find a model that suits this computer" in buttons(desk.page)

    play(scene)


def test_the_guide_is_started_and_set(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        guide = local.guide(resources())
        desk.page.browser.show_shelf(Shelf.LOCAL)
        view = child(desk.page, ModelListView)
        view.setCurrentIndex(view.rows.index(0))
        press(view, Qt.Key.Key_Return)
        await desk.see("Start")
        press_button(desk.page, "Start")
        press_button(desk.page, "Open settings")
        assert desk.said == [("start", guide), ("settings", guide)]

    play(scene)


def test_a_model_is_found_on_the_hub_downloaded_started_and_deleted(play: Play, hub: FakeHub) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        write(child(desk.page, QLineEdit, "Search the models"), "tiny")
        press_button(desk.page, "Search the Hub")
        await reach(lambda: TINY.id in desk.rows(), "the Hub's answer")
        desk.page.browser.opened.emit(TINY.id)
        await reach(lambda: desk.shown == TINY.id, "the closer look")
        desk.page.detail.download_clicked.emit(TINY.id)
        await reach(lambda: desk.world.downloads.state.value.find(TINY.id), "the download")
        status = await desk.world.at(DownloadStage.DONE)
        await desk.see(f"Start {TINY.id}")
        await desk.quiet()
        press_button(desk.page, f"Start {TINY.id}")
        assert desk.said == [("start", status.model)]
        press_button(desk.page, "Hide")
        await desk.quiet()
        assert f"Start {TINY.id}" not in buttons(desk.page)
        assert isinstance(status.model, ModelRef)
        await delete(desk, status.model)

    async def delete(desk: Desk, model: ModelRef) -> None:
        desk.page.browser.show_shelf(Shelf.LOCAL)
        assert TINY.id in desk.rows()
        desk.page.detail.delete_clicked.emit(model.key)
        await reach(lambda: desk.page.findChildren(QDialog), "the question")
        press_button(desk.dialog(), "Delete it")
        await reach(lambda: not model.folder.exists(), "the deletion")
        await desk.quiet()
        assert TINY.id not in desk.rows()
        assert any(one.startswith("Deleted: ") for one in words(desk.page))

    play(scene, hub)


def test_a_pasted_link_is_looked_at(play: Play, hub: FakeHub) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        child(desk.page, QLineEdit, "Search the models").setText(f"{hub.endpoint}/{TINY.id}/tree/main")
        press_button(desk.page, f"Open {TINY.id}")
        await reach(lambda: desk.shown == TINY.id, "the closer look")

    play(scene, hub)


def test_what_failed_can_be_tried_again(play: Play, hub: FakeHub) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        await desk.world.access.set_offline(True)
        desk.page.browser.search_asked.emit("tiny")
        await desk.see("Dismiss")
        await desk.world.access.set_offline(False)
        desk.page._notice.remedy_chosen.emit(Remedy.RETRY)
        await reach(lambda: desk.models.state.value.searched == "tiny" and not desk.models.state.value.error, "again")
        await desk.quiet()
        assert any(row.name == TINY.id for row in desk.models.state.value.discover)

    play(scene, hub)


def test_a_folder_of_the_disk_is_added(play: Play, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        press_button(desk.page, "Add a folder…")
        dialog = desk.dialog()
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(tmp_path))
        dialog.reject()
        await reach(lambda: desk.models.state.value.error, "the failure: there is no model in it")
        desk.page._notice.remedy_chosen.emit(Remedy.INSTALL)
        assert desk.said == [("remedy", Remedy.INSTALL)]
        assert desk.models.state.value.error is None

    play(scene)


def test_a_model_that_is_not_whole_is_mended_never_started(play: Play, paths: Paths) -> None:
    folder = paths.models / "owner" / "broken"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", "utf-8")

    async def scene(desk: Desk) -> None:
        await desk.open()
        row = next(row for row in desk.models.state.value.local if row.name.endswith("broken"))
        desk.page.browser.show_shelf(Shelf.LOCAL)
        desk.page.browser.opened.emit(row.key)
        await reach(lambda: desk.shown == row.name, "the closer look")
        assert "Start" not in buttons(desk.page)

    play(scene)


def test_a_folder_is_taken_off_the_list_and_an_error_put_away(play: Play, tmp_path: Path) -> None:
    shutil.copytree(resources() / "guide", tmp_path / "shelf" / "mine")

    async def scene(desk: Desk) -> None:
        await desk.open()
        await desk.models.add_folder(tmp_path / "shelf")
        await desk.see("Take off the list")
        press_button(desk.page, "Take off the list")
        await reach(lambda: len(desk.models.state.value.local) == 1, "the list without it")
        await desk.quiet()
        assert any(one.startswith("Off the list: ") for one in words(desk.page))
        await desk.models.select("owner/small")
        await desk.world.access.set_offline(True)
        await desk.models.look_closer()
        press_button(desk.page.detail, "Dismiss")
        detail = desk.models.detail.value
        assert detail is not None
        assert detail.error is None

    play(scene)


def test_the_closer_look_belongs_to_the_list_that_is_looked_at(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        press_button(desk.page, "Show all")
        desk.page.browser.opened.emit("owner/small")
        await reach(lambda: desk.shown == "owner/small", "the closer look")
        desk.page.browser.segments.chosen.emit(Shelf.LOCAL)
        await reach(lambda: desk.shown == "Guide", "the first one of this list")
        desk.page.browser.segments.chosen.emit(Shelf.DISCOVER)
        await reach(lambda: desk.shown == "owner/small", "the one that was looked at before")

    play(scene)


def test_the_hub_settings_open(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        await desk.open()
        press_button(desk.page, "Hub settings")
        assert desk.dialog().windowTitle() == "Where models come from"
        desk.dialog().reject()
        desk.page.detail.token_clicked.emit()
        assert child(desk.dialog(), QLineEdit)
        desk.dialog().reject()

    play(scene)


def test_in_a_small_window_a_model_covers_the_list(play: Play) -> None:
    async def scene(desk: Desk) -> None:
        desk.page.resize(848, 500)
        await desk.open()
        assert desk.shown == ""
        desk.page.browser.opened.emit("owner/small")
        await desk.see("‹ Back to the list")
        assert not desk.page.browser.isVisible()
        assert desk.page.minimumSizeHint().width() <= 848
        assert "Add a folder…" not in buttons(desk.page), "the head makes room"
        back = child(desk.page, QPushButton, "‹ Back to the list")
        await reach(lambda: back.width() > 50, "the layout")
        press_button(desk.page, "‹ Back to the list")
        assert desk.page.browser.isVisible()

    play(scene)


GIB = 1 << 30
CARD = Gpu("NVIDIA GeForce RTX 3090", 24 * GIB, 20 * GIB, "580")


@pytest.mark.parametrize(
    ("machine", "tier", "expected"),
    [
        (
            Machine("x", 8, 16 * GIB, frozenset(), (CARD,)),
            "a graphics card of 24–48 GB",
            "16 GB of memory, RTX 3090 with 24 GB · a graphics card of 24–48 GB",
        ),
        (
            Machine("x", 8, 64 * GIB, frozenset(), (CARD,) * 4),
            "several graphics cards",
            "64 GB of memory, 4 × RTX 3090 with 24 GB each · several graphics cards",
        ),
        (
            Machine("x", 2, 2 * GIB, frozenset(), gpu_note="There is no driver.", memory_note="A container's limit."),
            "4–8 GB of memory",
            "2 GB of memory. A container's limit. There is no driver.",
        ),
        (
            Machine("x", 8, 119 * GIB, frozenset(), (Gpu("NVIDIA GB10", 119 * GIB, GIB, "580", unified=True),)),
            "",
            "119 GB of memory, GB10 with 119 GB of the same memory",
        ),
        (
            Machine("x", 8, 64 * GIB, frozenset(), (Gpu("NVIDIA A100", 9 * GIB, GIB, "580", mig="1g.10gb"),)),
            "",
            "64 GB of memory, a part of A100 with 9 GB",
        ),
    ],
)
def test_a_machine_in_words(machine: Machine, tier: str, expected: str) -> None:
    assert machine_words(machine, tier) == f"This computer: {expected}"
