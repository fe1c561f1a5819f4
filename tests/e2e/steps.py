"""What a person does in several tests, in terms of the window."""

from pathlib import Path

from tests.e2e.desktop import Window

_START_SECONDS = 120


def wait_ready(window: Window) -> None:
    """Until the bar says that the engine is ready."""
    window.find(seconds=_START_SECONDS, role="label", name="Ready")


def start_guide(window: Window) -> None:
    """Start the Guide with the button in the middle."""
    window.press(name="Start Guide")
    wait_ready(window)


def while_loading(window: Window) -> None:
    """Press Start and wait until the engine is on its way: it has said what it is doing."""
    window.press(name="Start Guide")

    def beyond_the_first_step() -> bool:
        steps = window.look(name="Steps")
        return steps is not None and "Step" in steps.description and "Step 1 " not in steps.description

    window.wait(beyond_the_first_step, "the second step of the start", _START_SECONDS)


def open_model(window: Window, folder: Path) -> None:
    """Choose a model's folder with the keyboard."""
    window.key("ctrl+o")
    window.take_keyboard("Open a model folder")
    window.type(str(folder))
    window.press(name="Choose")
    window.gone(name="Choose")
    window.take_keyboard()
