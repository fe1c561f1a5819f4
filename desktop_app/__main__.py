"""The command `vllm-desktop`: a window by default, `chat` and `doctor` in a terminal."""

import argparse
import ctypes
import gc
import os
import sys
from pathlib import Path

from desktop_app.paths import Paths, default_root

_NO_DISPLAY = "There is no display here, so no window can open. The same works in this terminal:\n"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="vllm-desktop", description="Chat with open models on your own computer, served by vLLM."
    )
    top.add_argument(
        "--data-dir", type=Path, metavar="DIR", help=f"keep everything under DIR; otherwise under {default_root()}"
    )
    top.add_argument("--theme", choices=("system", "light", "dark"), help="colours of the window, this time")
    commands = top.add_subparsers(dest="command", metavar="chat | doctor", title="commands, each with a --help")
    chat = commands.add_parser("chat", help="chat in this terminal", description="Chat in this terminal.")
    chat.add_argument("text", nargs="*", metavar="TEXT", help="one question; without it, a conversation")
    chat.add_argument("--model", type=Path, metavar="FOLDER", help="a model folder instead of the Guide")
    chat.add_argument("--yes", action="store_true", help="install the engine without asking")
    doctor = commands.add_parser(
        "doctor",
        help="look at machine, engine, models and promises (--json: for programs)",
        description="Look, change nothing.",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    for command in (chat, doctor):
        command.add_argument(
            "--data-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="keep everything under DIR"
        )
    return top


def has_display() -> bool:
    """Whether a window could open; asked before Qt is, which would abort the program."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    return bool(os.environ.get("DISPLAY")) and _x_answers()


def _x_answers() -> bool:
    """Whether the X server named by DISPLAY takes a connection."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt will say what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def _folder(given: Path | None) -> Path | None:
    return given.expanduser().absolute() if given else None


def main(argv: list[str] | None = None) -> int:
    """Run the program; the exit code."""
    options = parser().parse_args(argv)
    paths = Paths(_folder(options.data_dir) or default_root())
    # Starting makes tens of thousands of objects that stay; looking for garbage among them takes 10 ms of the start.
    # `bootstrap` has it collected again from the first picture on.
    gc.disable()
    from desktop_app import bootstrap  # noqa: PLC0415 - `--help` stays quick
    from desktop_app.domain.appearance import Appearance  # noqa: PLC0415
    from desktop_app.domain.errors import UserError  # noqa: PLC0415

    try:
        if options.command == "doctor":
            return bootstrap.run_doctor(paths, as_json=options.json)
        if options.command == "chat":
            return bootstrap.run_chat(paths, " ".join(options.text), _folder(options.model), agreed=options.yes)
        if has_display():
            return bootstrap.run_window(paths, Appearance[options.theme.upper()] if options.theme else None)
        print(_NO_DISPLAY, file=sys.stderr)  # noqa: T201 - this is the terminal's front door
        return bootstrap.run_chat(paths, "", None, agreed=False)
    except UserError as error:
        print(error.sentence(), file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        # Whoever read us has read enough; Python would complain again when it closes the output at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
