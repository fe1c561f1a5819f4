"""Pictures of the Models page on described machines; `tests/shots.py` calls them with an open program.

Machines, catalogue, services, searches and downloads are real; the Hub is the small one of `tests/fakes/hub.py`. Only
moments that pass too quickly for a picture, a check of files that is half done, are published as the service would.
"""

import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keyring
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QScrollArea, QWidget

from desktop_app.domain.library import Condition, DownloadStage
from desktop_app.paths import resources
from desktop_app.services.program import Program
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.pages.models import ModelsPage
from desktop_app.ui.widgets.model_detail import ModelDetailView
from desktop_app.ui.widgets.model_list import Shelf
from tests.album import SIZE, SMALL, Album, settle
from tests.conftest import reach
from tests.fakes.hub import FakeHub, Filler, Repo, running_hub

MACHINES = tuple(
    Path(__file__).parent / "data" / "machines" / f"{name}.json"
    for name in (
        "no-gpu-8gb", "no-gpu-16gb", "gpu-8gb", "gpu-24gb-busy", "gpus-4x24gb", "gpu-unified", "container-2gb",
    )
)  # fmt: skip
"""The first five are looked at most closely; the others at a glance."""
TALL = QSize(1280, 1700)
ONE = MACHINES[2]
"""The machine on which everything is done: a card of 8 GB."""
_QUICK = "HuggingFaceTB/SmolLM2-135M-Instruct"
_WRONG = "LiquidAI/LFM2.5-230M"
_SLOW = "Qwen/Qwen3-1.7B"
_HUGE = "Qwen/Qwen3-8B"
_CLOSED = "google/gemma-3-1b-it"
_TOO_BIG = "Qwen/Qwen3-32B"
_SLOW_HERE = "Qwen/Qwen3-14B"
_FOUND = ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "Qwen/Qwen3-Embedding-0.6B", "lab/qwen3-tales-of-the-sea")


@contextmanager
def surroundings(data: Path) -> Iterator[FakeHub]:
    """A Hub with a few models; a cache of Hugging Face with one, and no keyring of whoever takes the pictures."""
    before = {name: os.environ.get(name) for name in ("HF_HUB_CACHE", "XDG_CACHE_HOME", "HF_HOME", "MODEL_PATH")}
    for name in before:
        os.environ.pop(name, None)
    os.environ["XDG_CACHE_HOME"] = str(data / "cache")
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # its token is nobody else's business
    try:
        with running_hub(data, list(_repositories(data))) as hub:
            described = _described()
            pinned = {name: described[name]["commit"] for name in (_QUICK, _WRONG, _SLOW, _CLOSED, _HUGE)}
            hub.control(commits={name: commit for name, commit in pinned.items() if commit})
            yield hub
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


async def discover(program: Program, window: MainWindow, album: Album, machine: str) -> None:
    """What a machine is offered, and what it is told of the rest."""
    page = await _opened(program, window)
    await album.take(f"50-models-{machine}")
    press(page, "Show all")
    await album.take(f"51-models-everything-{machine}")
    window.resize(SMALL)
    await album.take(f"52-models-small-{machine}")
    window.resize(SIZE)


async def choosing(program: Program, window: MainWindow, album: Album, hub: FakeHub) -> None:
    """A model that is too big, a closed one, a search of the Hub, a narrow window, a wide one, Offline mode."""
    page = await _opened(program, window)
    page.browser.segments.chosen.emit(Shelf.LOCAL)
    await album.take("53-models-nothing-here")
    page.browser.segments.chosen.emit(Shelf.DISCOVER)
    page.show_hub()
    async with _dialog(page) as dialog:
        await album.take("54-models-hub-settings", dialog)
    await program.hub_access.set_endpoint(hub.endpoint)
    for name, words in ((_TOO_BIG, "too-big"), (_SLOW_HERE, "slow"), (_CLOSED, "gated")):
        await program.models.select(name)
        await album.take(f"54-models-{words}")
        window.resize(TALL)
        await album.take(f"54-models-{words}-whole")
        window.resize(SIZE)
    window.resize(SMALL)
    await album.take("55-models-small-detail")
    window.resize(SIZE)
    await _search(program, page, album)
    hub.control(gone=[_SLOW])
    await program.models.select(_SLOW)
    await program.models.look_closer()
    await album.take("56-models-gone")
    hub.reset()
    await program.models.search("")
    page.show_hub()
    async with _dialog(page) as dialog:
        await program.hub_access.set_token("hf_good")
        await album.take("57-models-hub-settings-token", dialog)
        await program.hub_access.set_offline(True)
        await album.take("57-models-hub-settings-offline", dialog)
    await album.take("58-models-offline")
    await program.hub_access.set_offline(False)
    await program.hub_access.forget_token()


async def _search(program: Program, page: ModelsPage, album: Album) -> None:
    line = page.browser.findChildren(QLineEdit)[0]
    line.setText("qwen3-")
    press(page, "Search the Hub")
    await reach(lambda: not program.models.state.value.searching and program.models.state.value.searched, "the answer")
    await album.take("56-models-search")
    line.setText("nothing of that name")
    await album.take("56-models-search-nothing")
    line.clear()


async def downloads(program: Program, window: MainWindow, album: Album, hub: FakeHub) -> None:
    """A download as it runs, pauses, fails for want of room and for wrong content, and is done."""
    await _opened(program, window)
    hub.control(rate=24_000_000)
    await program.models.select(_SLOW)
    await program.models.download(_SLOW)
    await _at(program, _SLOW, DownloadStage.RUNNING)
    await reach(lambda: _status(program, _SLOW).bytes_per_second > 0, "its speed")
    await album.take("60-models-downloading")
    window.resize(SMALL)
    await album.take("60-models-downloading-small")
    window.resize(SIZE)
    press(window, "Cancel")
    await album.take("61-models-cancel-asks")
    press(window, "Keep it")
    await program.downloads.pause(_SLOW)
    await album.take("62-models-paused")
    hub.control(rate=0, corrupt=["model.safetensors"])
    for name, words in ((_WRONG, "wrong"), (_HUGE, "no-room")):
        await program.models.select(name)
        await program.models.download(name)
        await _at(program, name, DownloadStage.FAILED, 60)
        await album.take(f"63-models-{words}")
    window.resize(SMALL)
    press(window, "‹ Back to the list")
    await album.take("63-models-small-downloads")
    window.resize(SIZE)
    hub.reset()
    await program.models.select(_QUICK)
    await program.models.download(_QUICK)
    await _at(program, _QUICK, DownloadStage.DONE, 60)
    await reach(lambda: _key(program, _QUICK), "the model among those that are here")
    await album.take("64-models-done")
    for name in (_HUGE, _WRONG):
        await program.downloads.cancel(name)


async def here(program: Program, window: MainWindow, album: Album, data: Path) -> None:
    """What is on this computer: whole, unfinished, damaged, somebody else's; checked, repaired, deleted."""
    _cache(Path(os.environ["XDG_CACHE_HOME"]))
    folder = data / "my models" / "Guide for the workshop"
    shutil.copytree(resources() / "guide", folder)
    page = await _opened(program, window)
    await program.downloads.dismiss(_QUICK)
    await program.models.add_folder(folder.parent)
    page.browser.show_shelf(Shelf.LOCAL)
    await album.take("65-models-here-added")
    await _take_rest(page, album, "65-models-here-added-below")
    key = _key(program, _QUICK)
    await program.models.select(key)
    await album.take("65-models-here-ready")
    _publish_check(program, 0.42)
    await _take_rest(page, album, "66-models-checking")
    _publish_check(program, None)
    await program.models.verify(key)
    await _take_rest(page, album, "66-models-checked")
    page.detail.delete_clicked.emit(key)
    async with _dialog(page) as dialog:
        await album.take("67-models-delete", dialog)
    await _damaged(program, album, key)
    await program.models.select(_key(program, _SLOW))
    await album.take("69-models-here-unfinished")


async def _damaged(program: Program, album: Album, key: str) -> None:
    """Wrong bytes of the right size, found by a check; a repair under way."""
    detail = program.models.detail.value
    assert detail is not None
    assert detail.row.local is not None
    _spoil(detail.row.local.ref.folder / "model.safetensors")
    await program.models.verify(key)
    await album.take("68-models-here-damaged")
    await program.models.repair(key)
    await program.downloads.pause(_QUICK)
    await album.take("68-models-repair-paused")
    await program.downloads.resume(_QUICK)
    await _at(program, _QUICK, DownloadStage.DONE, 60)
    await program.downloads.dismiss(_QUICK)
    await reach(lambda: _condition(program, _QUICK) is Condition.READY, "the repaired model")


def press(parent: QWidget, name: str) -> None:
    """Press the button with this name, if it is to be seen."""
    for one in parent.findChildren(QPushButton):
        if one.isVisible() and one.accessibleName() == name:
            one.click()
            return


async def _opened(program: Program, window: MainWindow) -> ModelsPage:
    window.model_room.show_models()
    await reach(lambda: program.models.detail.value or window.width() < SIZE.width(), "the first closer look")
    await settle()
    return window.model_room.models


@asynccontextmanager
async def _dialog(page: ModelsPage) -> AsyncIterator[QDialog]:
    await reach(lambda: any(one.isVisible() for one in page.findChildren(QDialog)), "the dialog")
    dialog = next(one for one in page.findChildren(QDialog) if one.isVisible())
    try:
        yield dialog
    finally:
        dialog.close()


async def _take_rest(page: ModelsPage, album: Album, name: str) -> None:
    """What is seen of the model when it is scrolled down, if there is more than what is seen already."""
    await settle()
    area = page.findChildren(ModelDetailView)[0].findChildren(QScrollArea)[0]
    bar = area.verticalScrollBar()
    bar.setValue(bar.maximum())
    await album.take(name)
    bar.setValue(0)


def _publish_check(program: Program, share: float | None) -> None:
    detail = program.models.detail
    if detail.value is not None:
        detail.set(replace(detail.value, checking=share))


def _spoil(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.seek(-8, os.SEEK_END)
        stream.write(b"\0" * 8)


def _status(program: Program, repo_id: str) -> Any:  # noqa: ANN401 - a `DownloadStatus`, or nothing yet
    return program.downloads.state.value.find(repo_id)


async def _at(program: Program, repo_id: str, stage: DownloadStage, seconds: float = 20.0) -> None:
    def there() -> bool:
        status = _status(program, repo_id)
        return status is not None and status.stage is stage

    await reach(there, f"{repo_id}: {stage.value}", seconds)


def _key(program: Program, repo_id: str) -> str:
    rows = program.models.state.value.local
    return next((row.key for row in rows if row.local is not None and row.local.repo_id == repo_id), "")


def _condition(program: Program, repo_id: str) -> Condition | None:
    rows = program.models.state.value.local
    return next((row.local.condition for row in rows if row.local and row.local.repo_id == repo_id), None)


def _described() -> dict[str, dict[str, Any]]:
    """The catalogue as it is written, by repository."""
    return {one["repo_id"]: one for one in json.loads((resources() / "catalog.json").read_text("utf-8"))["models"]}


def _repositories(data: Path) -> Iterator[Repo]:
    described = _described()
    # More than there is, whatever disk the pictures are taken on.
    missing = int(shutil.disk_usage(data).free) + 1_900_000_000
    for name in (_QUICK, _WRONG, _SLOW, _CLOSED, _HUGE):
        size = missing if name is _HUGE else described[name]["weights_bytes"]
        # The Hub tells large files by their paths only.
        weights = f"model-{name.rpartition('/')[2]}.safetensors" if size > 1_000_000_000 else "model.safetensors"
        files = _files(described[name]["config"], size, weights)
        yield Repo(name, files=files, gate="manual" if name is _CLOSED else "")
    for place, name in enumerate(_FOUND):
        yield Repo(name, files=_files({"model_type": "qwen3"}, 1_000), facts={"downloads": 81_000 // (place + 1)})


def _files(config: Mapping[str, Any], size: int, weights: str = "model.safetensors") -> dict[str, str | Filler]:
    """A model of noise: as large as the real one, and described as it is."""
    head = json.dumps({"all": {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size // 2 * 2]}}).encode()
    return {
        "config.json": json.dumps(config),
        "tokenizer.json": "{}",
        "tokenizer_config.json": '{"chat_template": "{{ messages }}"}',
        weights: Filler(8 + len(head) + size // 2 * 2, len(head).to_bytes(8, "little") + head),
    }


def _cache(folder: Path) -> None:
    """A cache of Hugging Face with one model in it."""
    repository = folder / "huggingface" / "hub" / "models--ibm-granite--granite-3.3-2b-instruct"
    snapshot = repository / "snapshots" / ("5" * 40)
    shutil.copytree(resources() / "guide", snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("5" * 40)
