"""The command `vllm-desktop`: a window by default, and in a terminal `chat`, `serve`, `fit`, `models` and others."""

import argparse
import ctypes
import gc
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.paths import Paths, default_root

if TYPE_CHECKING:
    from desktop_app.services.machine_source import MachineSource

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no public name

_FIT_ENDING = """\
Nothing is asked of any network, unless --ask-hub is given.
Lengths are in tokens; a page of text has about 500.

exit codes: 0 it runs (well, tight or slowly), 1 it does not,
            3 that is not known

keys of the JSON, sizes in bytes, null for what is not known:
  model, people, verdict (runs_well, tight, processor, slow, too_big, unsuited,
  unknown), reason, place, cards, context, longest_context, measured,
  parts_bytes (weights, kv_cache, overhead, others, free, kept, total, missing),
  remedies, the best first: each with words, effect, flags, model, close, stop,
  and the keys from verdict to parts_bytes as they would be then
"""
_MODELS_ENDING = """\
  vllm-desktop models                           lists those on this computer
  vllm-desktop models search small qwen         asks the Hub
  vllm-desktop models verify Qwen/Qwen3-0.6B    are its files as published?
  vllm-desktop models delete Qwen/Qwen3-0.6B    says what becomes free, and asks

`list`, `search` and `verify` work beside an open window.

exit codes: 0 done, all as it should be; 1 it is not, or could not be done;
            3 (verify) nobody says what the files should be
"""
_DOWNLOAD_ENDING = """\
Every file is checked before it counts. Ctrl+C keeps what has come, and so does
a crash: the same command goes on there. The folder is printed when the model is
there; `chat --model REPO` and `serve REPO` start it.

exit codes: 0 the model is there, 1 it is not, 130 ended by Ctrl+C
"""
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
    _add_machine(top)
    commands = top.add_subparsers(
        dest="command",
        metavar="chat | serve | fit | models | download | explain | engines | doctor",
        title="commands, each with a --help",
    )
    chat = commands.add_parser("chat", help="chat in this terminal", description="Chat in this terminal.")
    chat.add_argument("text", nargs="*", metavar="TEXT", help="one question; without it, a conversation")
    chat.add_argument("--model", metavar="MODEL", help="a model's folder or name, instead of the Guide")
    chat.add_argument("--yes", action="store_true", help="install the engine without asking")
    _add_serve(commands)
    _add_fit(commands)
    _add_models(commands)
    _add_download(commands)
    _add_explain(commands)
    _add_engines(commands)
    doctor = commands.add_parser(
        "doctor",
        help="look at machine, engine, models and promises (--json: for programs)",
        description="Look, change nothing.",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    for command in commands.choices.values():
        command.add_argument(
            "--data-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="keep everything under DIR"
        )
    return top


def _add_command(commands: "_Commands", name: str, text: str, ending: str = "") -> argparse.ArgumentParser:
    """A command whose *text* is its description as well, with an *ending* that keeps its lines."""
    words, shape = f"{text[0].upper()}{text[1:]}.", argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=text, description=words, epilog=ending or None, formatter_class=shape)


def _add_serve(commands: "_Commands") -> None:
    serve = commands.add_parser(
        "serve",
        help="serve a model to other programs, until Ctrl+C",
        description="Serve a model to other programs of this computer, until Ctrl+C.",
        epilog="Flags of vLLM follow after two dashes: vllm-desktop serve ./model -- --max-model-len 8192",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.add_argument("model", metavar="MODEL", help="a model's folder or name, or `guide`")
    serve.add_argument("--preset", choices=("quick", "speed", "many"), help="what the start aims at")
    serve.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="answer on 127.0.0.1:N as well, to whoever shows the key that is printed",
    )


def _add_machine(command: argparse.ArgumentParser) -> None:
    text = "do as if this were the machine that FILE describes (JSON)"
    command.add_argument("--machine", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=text)


def _add_fit(commands: "_Commands") -> None:
    text = "whether a model runs on this machine, what it takes, and what would make it fit"
    fit = _add_command(commands, "fit", text, _FIT_ENDING)
    fit.add_argument("model", metavar="MODEL-OR-FOLDER", help="a folder, or a name such as Qwen/Qwen3-0.6B")
    _add_machine(fit)
    fit.add_argument("--context", type=_count, metavar="N", default=0, help="tokens of one conversation")
    fit.add_argument("--people", type=_count, metavar="N", default=1, help="conversations at the same time")
    fit.add_argument("--ask-hub", action="store_true", help="ask the Hub about a model that is not known here")
    fit.add_argument("--json", action="store_true", help="print JSON, sizes in bytes")


def _add_models(commands: "_Commands") -> None:
    text = "list models, search the Hub, check files, delete"
    models = _add_command(commands, "models", text, _MODELS_ENDING)
    verbs = ("list", "search", "verify", "delete")
    models.add_argument("action", nargs="?", choices=verbs, default="list", help="list by default")
    models.add_argument("model", nargs="*", metavar="MODEL", help="which one; for search: the words")
    _add_machine(models)
    models.add_argument("--yes", action="store_true", help="do not ask")


def _add_download(commands: "_Commands") -> None:
    text = "fetch a model of the Hub, or continue where it was broken off"
    download = _add_command(commands, "download", text, _DOWNLOAD_ENDING)
    download.add_argument("repo", metavar="REPO", help="a name such as Qwen/Qwen3-0.6B, or a link")
    download.add_argument("--revision", metavar="C", default="", help="a commit, branch or tag; the newest by default")
    download.add_argument("--endpoint", metavar="URL", default="", help="a mirror of the Hub, this time")
    entering = "ask for a token for closed models, without showing it, and keep it"
    download.add_argument("--enter-token", action="store_true", help=entering)


def _add_explain(commands: "_Commands") -> None:
    text = "say in plain words why vLLM stopped, from its log"
    explain = _add_command(commands, "explain", text)
    explain.add_argument("log", metavar="LOGFILE", help="the log, or - to read it from standard input")
    explain.add_argument("--exit-code", type=int, metavar="N", help="how vLLM ended, negative for a signal")


def _add_engines(commands: "_Commands") -> None:
    engines = commands.add_parser("engines", help="list, install, check or remove engines", description="The engines.")
    engines.add_argument(
        "action", nargs="?", choices=("list", "install", "check", "remove"), default="list", help="list by default"
    )
    engines.add_argument("engine", nargs="?", metavar="ENGINE", help="which one, as `list` names it")
    engines.add_argument("--version", metavar="X.Y.Z", default="", help="the version of vLLM to install")
    engines.add_argument("--from", dest="folder", type=Path, metavar="FOLDER", help="packages instead of a network")
    engines.add_argument("--yes", action="store_true", help="do not ask")


def _count(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or len(text) > 10 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def _port(text: str) -> int:
    """A TCP port."""
    if not text.isdecimal() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


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
    # pathlib's own raises RuntimeError for `~somebody` who is not there.
    return Path(os.path.expanduser(given)).absolute() if given else None  # noqa: PTH111


def _in_terminal(options: argparse.Namespace, flags: list[str], paths: Paths) -> int:
    """Run a command that needs no window; the exit code."""
    from desktop_app import commands  # noqa: PLC0415 - `--help` stays quick

    machine = _machine(options)
    match options.command:
        case "doctor":
            return commands.run_doctor(paths, as_json=options.json)
        case "explain":
            return commands.run_explain(options.log, options.exit_code)
        case "fit":
            asked = commands.FitQuestion(
                options.model, options.context, options.people, as_json=options.json, ask_hub=options.ask_hub
            )
            return commands.run_fit(paths, machine, asked)
        case "models":
            return commands.run_models(paths, machine, options.action, " ".join(options.model), options.yes)
        case "download":
            return commands.run_download(paths, options.repo, options.revision, options.endpoint, options.enter_token)
        case "engines":
            return commands.run_engines(
                paths, options.action, options.engine or "", options.version, _folder(options.folder), options.yes
            )
        case "serve":
            return commands.run_serve(paths, machine, options.model, options.preset, flags, options.port)
        case _:
            return commands.run_chat(paths, machine, " ".join(options.text), options.model or "", agreed=options.yes)


def _machine(options: argparse.Namespace) -> "MachineSource":
    from desktop_app.services.machine_source import MachineSource  # noqa: PLC0415 - `--help` stays quick

    return MachineSource(_folder(getattr(options, "machine", None)))


def main(argv: list[str] | None = None) -> int:
    """Run the program; the exit code."""
    words = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the name of a folder may be anything
    # argparse gives positional words to the first place that takes any number of them, even none; so this is done here.
    split = words.index("--") if "--" in words and "serve" in words else len(words)
    options = parser().parse_args(words[:split])
    paths = Paths(_folder(options.data_dir) or default_root())
    # Starting makes tens of thousands of objects that stay; looking for garbage among them takes 10 ms of the start.
    # `bootstrap` has it collected again from the first picture on.
    gc.disable()
    from desktop_app import bootstrap  # noqa: PLC0415 - `--help` stays quick
    from desktop_app.domain.appearance import Appearance  # noqa: PLC0415
    from desktop_app.domain.errors import UserError  # noqa: PLC0415

    try:
        if options.command is not None:
            return _in_terminal(options, words[split + 1 :], paths)
        if has_display():
            appearance = Appearance[options.theme.upper()] if options.theme else None
            return bootstrap.run_window(paths, appearance, _machine(options))
        from desktop_app import commands  # noqa: PLC0415 - no window needs it

        print(_NO_DISPLAY, file=sys.stderr)  # noqa: T201 - this is the terminal's front door
        return commands.run_chat(paths, _machine(options), "", "", agreed=False)
    except UserError as error:
        from desktop_app.terminal.notes import Notes  # noqa: PLC0415 - hardly any start needs it

        Notes().tell(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has read enough; Python would complain again when it closes the output at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
