"""The program's own log: a small rotating file, and the last word when something unforeseen happens."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up(folder: Path) -> None:
    """Write warnings and worse of everything, and our own information, to `program.log` in *folder*."""
    handler = RotatingFileHandler(folder / "program.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("desktop_app").setLevel(logging.INFO)
    (folder / "program.log").chmod(0o600)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Keep what would end the program in the log, too."""
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("desktop_app").critical("Uncaught", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
