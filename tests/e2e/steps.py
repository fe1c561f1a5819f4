"""What a person does in several tests, in terms of the window."""

from pathlib import Path

from tests.e2e.desktop import Window

_START_SECONDS = 240


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
    window.find(role="text", name="Directory:", state="focused")
    window.type(str(folder))
    # A button is pressed past the keyboard, which may still have letters on their way. As soon as the dialog knows the
    # folder it may write its name there instead of its path.
    window.find(role="text", name="Directory:", has=folder.name)
    window.press(name="Choose")
    window.gone(name="Choose")
    window.take_keyboard()


def answer_file_dialog(window: Window, title: str, file: Path) -> None:
    """Write the path of *file* into the dialog called *title*, and press its button."""
    window.take_keyboard(title)
    window.find(role="text", name="File name:", state="focused")
    window.key("ctrl+a")
    window.type(str(file))
    window.key("Return")
    window.gone(role="text", name="File name:")
    window.take_keyboard()


def choose_down(window: Window, *downs: int) -> None:
    """In the menu that opens, go so many entries down and choose, through submenus."""
    window.wait_for_menu()
    for deeper, down in enumerate(downs):
        if deeper:
            # The first entry of a submenu is marked as soon as it opens.
            window.key("Right")
        window.key(*["Down"] * (down - bool(deeper)))
    window.key("Return")
