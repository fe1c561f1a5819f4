"""A model from the Hub to its first answer, with the real vLLM, in a window whose program is killed on the way."""

from pathlib import Path

import pytest

from desktop_app.paths import Paths, resources
from tests.conftest import bytes_of, wait_until
from tests.e2e.conftest import nothing_left
from tests.e2e.desktop import Desktop, Window
from tests.e2e.steps import wait_ready
from tests.fakes.hub import FakeHub, Repo, running_hub

pytestmark = [pytest.mark.engine, pytest.mark.display, pytest.mark.timeout(900)]

_TINY = "guide/tiny"
_STALL = 1_500_000
"""Bytes of a file after which the Hub says no more: as if it were very slow, but the same on every machine."""


def look_at_models(window: Window) -> None:
    """Open the page and wait until it has looked around."""
    window.key("ctrl+2")
    window.find(role="list", name="Models")


def came(data: Path) -> int:
    """Bytes of unfinished files."""
    parts = Paths(data).models / _TINY / ".vllm-desktop" / "parts"
    return bytes_of(parts.rglob("*.part"))


def until_half_is_there(window: Window, data: Path, hub: FakeHub) -> None:
    """Paste the model's link, press Download, and watch it come."""
    look_at_models(window)
    window.key("ctrl+f")
    window.type(f"{hub.endpoint}/{_TINY}")
    assert hub.log() == [], "nothing is asked before somebody asks"
    window.press(name=f"Open {_TINY}")
    window.press(has="Download 5 MB")
    window.find(role="label", name="Downloading")
    # What is on its way to whoever is killed is lost, and the Hub sends it again.
    window.wait(lambda: came(data) > _STALL - (1 << 17), "everything that the Hub says")


def go_on(window: Window, hub: FakeHub) -> None:
    """Find it paused, continue, and see it done."""
    asked = len(hub.log())
    look_at_models(window)
    window.find(role="progress bar", has="Paused")
    assert len(hub.log()) == asked, "nothing goes on by itself"
    window.press(name=f"Continue {_TINY}")
    window.find(has="Done: 5 MB, every file checked")


def beside_the_window(desktop: Desktop, data: Path) -> None:
    """In a terminal one may look, and is told what may not be done there now."""
    assert _TINY in desktop.run(data, "models").stdout
    assert desktop.run(data, "fit", _TINY).stdout.startswith(f"{_TINY} runs well here")
    refused = desktop.run(data, "download", _TINY)
    assert (refused.returncode, "Models page" in refused.stderr) == (1, True)


def choose_it_with_the_keyboard(window: Window) -> None:
    """Among the models of this computer, by arrow keys; what is beside the list follows."""
    window.press(has="On this computer, 2 models")
    window.focus(role="list", name="Models")
    window.key("End", "Home")
    window.find(role="list item", state="selected", has="tiny by guide. Runs well")
    window.find(role="label", name=_TINY)
    window.find(role="label", name="by guide · Downloaded here")


def test_a_download_that_was_killed_goes_on_and_its_model_answers(
    desktop: Desktop, engine_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repo(_TINY, folder=resources() / "guide")
    with running_hub(tmp_path, [repository]) as hub:
        monkeypatch.setitem(desktop.environment, "HF_ENDPOINT", hub.endpoint)
        hub.control(stall_after=_STALL)
        window = desktop.open(engine_data)
        until_half_is_there(window, engine_data, hub)
        window.process.kill()
        window.process.wait()
        nothing_left(engine_data)

        hub.control(stall_after=None)
        window = desktop.open(engine_data)
        go_on(window, hub)
        size = sum(file.stat().st_size for file in (Paths(engine_data).models / _TINY).iterdir() if file.is_file())
        assert hub.sent() <= 1.1 * size
        beside_the_window(desktop, engine_data)
        choose_it_with_the_keyboard(window)
        asked = len(hub.log())
        window.press(name=f"Start {_TINY}")
        wait_ready(window)
        window.find(name=f"Choose a model; chosen: {_TINY}")
        window.key("ctrl+1")
        window.focus(name="Message", role="text")
        window.type("How do I stop a model?")
        window.key("Return")
        window.find(has="The whole engine ends, and its memory comes back.")
        assert len(hub.log()) == asked, "a model that is here needs no Hub"
        assert window.close() == 0
    wait_until(lambda: Paths(engine_data).engine_sockets() == [], "the engine's end")
