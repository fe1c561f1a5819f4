"""Loads what the first answer needs before it is needed.

That is 30 ms for the parser, 5 to 25 ms for each language's rules, and 0.2 s for formulas. The main window calls
`warm_up` after its first picture; in the first answer these would be seen as stutter.
"""

import sys
import threading

_LANGUAGES = ("python", "bash", "json", "javascript", "html", "css", "sql", "c", "cpp", "java", "yaml", "text")
_SWITCH_SECONDS = 0.001
"""How long the thread may keep the interpreter before the window gets it back; Python's own 5 ms can be seen."""


def warm_up() -> threading.Thread:
    """Start loading in a thread; it ends by itself and the program need not wait for it."""
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        from desktop_app.markdown.parser import make_parser  # noqa: PLC0415

        # This is the place where they are meant to be loaded.
        from desktop_app.ui.widgets import highlight, maths_layout  # noqa: PLC0415

        make_parser().parse("**a** [b](https://example.org)\n\n- c\n\n| d |\n|---|\n| e |\n")
        for language in _LANGUAGES:
            highlight.warm_up(language)
        maths_layout.warm_up()
    finally:
        sys.setswitchinterval(before)
