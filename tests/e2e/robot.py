"""Works a window the way a screen reader does: it sees the accessibility tree (AT-SPI) and nothing else.

A program of its own, run by the system's Python, because Debian's `gi` is for that one. `desktop.py` starts it inside a
private D-Bus session. It brings up the accessibility bus, says `{"bus": ADDRESS}`, and then answers each JSON line on
its input with one on its output: `{"ok": …}`, or `{"error": …}`. It ends with its input.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # type: ignore[import-not-found] # noqa: E402

Node = Any
"""An element: gi has no types."""
_LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
_PAUSE_SECONDS = 0.05
_DEPTH = 40
_SHOWN_STATES = (
    Atspi.StateType.ENABLED,
    Atspi.StateType.FOCUSED,
    Atspi.StateType.SELECTED,
    Atspi.StateType.CHECKED,
    Atspi.StateType.EDITABLE,
)
_PRESSES = ("press", "showmenu", "toggle", "click")


def _state(node: Node, state: Node) -> bool:
    return bool(node.get_state_set().contains(state))


def _text(node: Node) -> str:
    """What a text field or a page of text holds."""
    if "Text" not in node.get_interfaces():
        return ""
    text = str(Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node)))
    return text.replace("\u2028", "\n").replace("\u2029", "\n")


def _children(node: Node) -> Iterator[Node]:
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child is not None:
            yield child


def _facts(node: Node) -> dict[str, Any]:
    """Everything that a reader would say about *node*."""
    box = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN) if "Component" in node.get_interfaces() else None
    return {
        "role": node.get_role_name(),
        "name": node.get_name(),
        "description": node.get_description(),
        "text": _text(node),
        "states": [state.value_nick for state in _SHOWN_STATES if _state(node, state)],
        "box": [box.x, box.y, box.width, box.height] if box else [0, 0, 0, 0],
    }


class Robot:
    """Finds and uses what a program shows. Elements that were found are known by number."""

    def __init__(self) -> None:
        self._found: dict[int, Node] = {}
        self._heard: list[str] = []
        self._listener: Node = None

    def find(self, pid: int, inside: str = "", **wanted: str) -> int:
        """The number of the first element of process *pid* that is as *wanted*; 0 when there is none.

        *inside* is the name of something: only what the last thing of that name holds is looked at.
        """
        tops = list(self._tops(pid))
        if inside:
            tops = [node for node in self._walk(tops) if self._fits(node, name=inside)][-1:]
        for node in self._walk(tops):
            if self._fits(node, **wanted):
                number = len(self._found) + 1
                self._found[number] = node
                return number
        return 0

    def facts(self, number: int) -> dict[str, Any]:
        """What there is to say about an element."""
        return _facts(self._found[number])

    def press(self, number: int) -> bool:
        """Use an element's first action; False when it has none."""
        node = self._found[number]
        if "Action" not in node.get_interfaces():
            return False
        for index in range(Atspi.Action.get_n_actions(node)):
            if Atspi.Action.get_action_name(node, index).lower().replace(" ", "") in _PRESSES:
                return bool(Atspi.Action.do_action(node, index))
        return False

    def focus(self, number: int) -> bool:
        """Give an element the keyboard."""
        return bool(Atspi.Component.grab_focus(self._found[number]))

    def tree(self, pid: int) -> list[str]:
        """Everything that is shown, a line each, for the report of a failure."""
        lines = []
        for node in self._walk(self._tops(pid)):
            facts = _facts(node)
            lines.append(f"{facts['role']}: " + " | ".join(str(facts[key]) for key in list(facts)[1:] if facts[key]))
        return lines

    def listen(self, on: bool) -> None:
        """From now on remember what programs have a screen reader say, or forget about it."""
        if on:
            self._listener = Atspi.EventListener.new(lambda event: self._heard.append(str(event.any_data)))
            self._listener.register("object:announcement")
        elif self._listener:
            self._listener.deregister("object:announcement")
            self._listener = None

    def heard(self) -> list[str]:
        """What was said since this was asked last."""
        context = GLib.MainContext.default()
        while context.pending():
            context.iteration(False)
        said, self._heard = self._heard, []
        return said

    def windows(self, pid: int) -> int:
        """How many windows process *pid* shows on the accessibility bus."""
        return sum(1 for _ in self._tops(pid))

    def _tops(self, pid: int) -> Iterator[Node]:
        for application in _children(Atspi.get_desktop(0)):
            if application.get_process_id() == pid:
                application.set_cache_mask(Atspi.Cache.NONE)
                yield from _children(application)

    def _walk(self, tops: Iterable[Node]) -> Iterator[Node]:
        """All elements in *tops* that are showing, depth first."""
        waiting = [(top, 0) for top in tops]
        while waiting:
            node, depth = waiting.pop(0)
            try:
                if not _state(node, Atspi.StateType.SHOWING):
                    continue
                yield node
                if depth < _DEPTH:
                    waiting[0:0] = [(child, depth + 1) for child in _children(node)]
            except GLib.Error:
                # It went away between two questions.
                continue

    def _fits(self, node: Node, role: str = "", name: str | None = None, has: str = "", state: str = "") -> bool:
        if role and node.get_role_name() != role:
            return False
        if name is not None and node.get_name() != name:
            return False
        if has and not any(has in words for words in (node.get_name(), node.get_description(), _text(node))):
            return False
        return not state or state in _facts(node)["states"]


def _answer(robot: Robot, line: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(line)
    act: Callable[..., Any] = getattr(robot, request.pop("do"))
    try:
        return {"ok": act(**request)}
    except GLib.Error as error:
        return {"error": error.message}


def _wait_for_bus() -> None:
    """Until the accessibility bus has an address, at most ten seconds."""
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    call = ("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            session.call_sync(*call, None, None, Gio.DBusCallFlags.NO_AUTO_START, 1000, None)
        except GLib.Error:
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def main() -> None:
    """Answer until the input ends."""
    quiet = subprocess.DEVNULL
    launcher = subprocess.Popen([_LAUNCHER, "--launch-immediately"], stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        _wait_for_bus()
        Atspi.init()
        robot = Robot()
        print(json.dumps({"bus": os.environ["DBUS_SESSION_BUS_ADDRESS"]}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_answer(robot, line)), flush=True)
    finally:
        launcher.terminate()
        launcher.wait()


if __name__ == "__main__":
    main()
