"""ChatGPT's export (`conversations.json`): one conversation of it as a parcel. `reader` calls it.

A conversation is a `mapping` of nodes with parents and children; `current_node` is the end of what was shown. What we
call one answer lies there as a chain of nodes: thoughts, calls of tools, what these said, and the text. Nodes of the
system, of tools that show nothing, and hidden ones are left out, and what follows them hangs on what stood before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desktop_app.domain.chat import Conversation, Message, MessageState, Role
from desktop_app.interchange.parcel import Parcel
from desktop_app.interchange.values import MAX_MESSAGES, DamagedError, items, line, mapping, moment, text
from desktop_app.markdown.fence import fenced

_PICTURE = "*(a picture that is not in the export’s text)*"
_MARKS = re.compile("\ue200[^\ue201]*\ue201|[\ue200-\ue206]")
"""Where ChatGPT's window shows a source or a widget, between private signs."""
_SHOWN_TOOLS = ("python", "all", "")
_STATES = {"max_tokens": MessageState.CUT, "interrupted": MessageState.STOPPED}
_ASSISTANT = ("assistant", "tool")


@dataclass
class _Turn:
    """What has been gathered of a turn on the way down the tree."""

    role: Role
    texts: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    model: str = ""
    created: float = 0.0
    state: MessageState = MessageState.COMPLETE


class _Walk:
    """Goes down the tree once and makes messages of its nodes."""

    def __init__(self, mapping_: Mapping[str, Any]) -> None:
        self._nodes = {key: mapping(node) for key, node in mapping_.items()}
        self._children = _children(self._nodes)
        self.messages: list[Message] = []
        self.made: dict[str, int] = {}
        """For every node: the message that holds it, or that stands above it; 0 for none."""

    def run(self) -> None:
        seen: set[str] = set()
        waiting: list[tuple[str, int | None, _Turn | None]] = [(key, None, None) for key in reversed(self._roots())]
        while waiting:
            key, above, begun = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            turn = _joined(begun, self._nodes[key])
            below = self._children.get(key, [])
            if turn is not None and not self._goes_on(turn, below):
                above, turn = self._finish(turn, above), None
            self.made[key] = above or 0
            waiting += [(child, above, turn) for child in reversed(below)]

    def _roots(self) -> list[str]:
        return [key for key, node in self._nodes.items() if str(node.get("parent")) not in self._nodes]

    def _goes_on(self, turn: _Turn, below: list[str]) -> bool:
        """Whether the only node below belongs to the same answer."""
        if turn.role is Role.USER or len(below) != 1:
            return False
        role = _role(self._nodes[below[0]])
        return role in _ASSISTANT or (role != "user" and bool(self._children.get(below[0])))

    def _finish(self, turn: _Turn, above: int | None) -> int | None:
        """Make a message of what was gathered; what follows hangs on it."""
        words, thoughts = "\n\n".join(turn.texts), "\n\n".join(turn.thoughts)
        if not words and not thoughts:
            return above
        one = len(self.messages) + 1
        message = Message(one, turn.role, words, turn.state, turn.model, turn.created, parent=above, reasoning=thoughts)
        self.messages.append(message)
        return one


def read_chat(values: Mapping[str, Any]) -> Parcel:
    """One element of the list in `conversations.json`.

    Raises:
        DamagedError: it is none, or nothing of it can be read.
    """
    nodes = values.get("mapping")
    if not isinstance(nodes, dict) or len(nodes) > 10 * MAX_MESSAGES:
        raise DamagedError("it has no mapping")
    walk = _Walk(nodes)
    walk.run()
    if not walk.messages and any(_role(mapping(node)) in {"user", "assistant"} for node in nodes.values()):
        raise DamagedError("none of its messages can be read")
    updated = moment(values.get("update_time")) or moment(values.get("create_time"))
    title = line(values.get("title")) or "Imported chat"
    return Parcel(
        Conversation(0, title, updated, titled=True, pinned=values.get("is_starred") is True),
        tuple(walk.messages),
        shown_to(walk.made.get(str(values.get("current_node")), 0), walk.messages),
    )


def shown_to(last: int, messages: list[Message]) -> dict[int | None, int]:
    """What has to be chosen for message *last* to be on the path; nothing when there is no such message."""
    parents = {message.id: message.parent for message in messages}
    shown: dict[int | None, int] = {}
    step: int | None = last if last in parents else None
    while step is not None:
        shown[parents[step]] = step
        step = parents[step]
    return shown


def _children(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """By the parents that nodes name, in the order that the parents' own lists give."""
    children: dict[str, list[str]] = {}
    for key, node in nodes.items():
        parent = str(node.get("parent"))
        if parent in nodes:
            children.setdefault(parent, []).append(key)
    for parent, found in children.items():
        order = {key: index for index, key in enumerate(items(nodes[parent].get("children"))) if isinstance(key, str)}
        found.sort(key=lambda key, order=order: order.get(key, len(order)))  # type: ignore[misc]
    return children


def _role(node: Mapping[str, Any]) -> str:
    return str(mapping(mapping(node.get("message")).get("author")).get("role") or "")


def _joined(begun: _Turn | None, node: Mapping[str, Any]) -> _Turn | None:
    """*begun* with what *node* adds to it; a new turn where one begins; None when there is none and none begins."""
    message, role = mapping(node.get("message")), _role(node)
    extra = mapping(message.get("metadata"))
    if role not in ("user", *_ASSISTANT) or extra.get("is_visually_hidden_from_conversation") is True:
        return begun
    turn = begun or _Turn(Role.USER if role == "user" else Role.ASSISTANT)
    words, thoughts = _content(message, role)
    finish = str(mapping(extra.get("finish_details")).get("type"))
    state = _STATES.get(finish, MessageState.COMPLETE)
    return _Turn(
        turn.role,
        turn.texts + ((words,) if words else ()),
        turn.thoughts + ((thoughts,) if thoughts else ()),
        line(extra.get("model_slug")) or turn.model if turn.role is Role.ASSISTANT else "",
        moment(message.get("create_time")) or turn.created,
        MessageState.INTERRUPTED if message.get("status") == "in_progress" else state,
    )


def _content(message: Mapping[str, Any], role: str) -> tuple[str, str]:
    """What a node shows, and what it thinks."""
    content = mapping(message.get("content"))
    kind, told = content.get("content_type"), _MARKS.sub("", text(content.get("text")))
    shown = str(message.get("recipient") or "all") in _SHOWN_TOOLS
    if kind == "thoughts":
        return "", "\n\n".join(filter(None, (_thought(mapping(one)) for one in items(content.get("thoughts")))))
    if role == "tool":
        pictures = _parts(content, pictures_only=True)
        return (fenced(told, "") if told else "") if kind == "execution_output" else pictures, ""
    if kind == "code":
        language = text(content.get("language"), 30)
        known = language != "unknown" and re.fullmatch(r"[\w+#.-]+", language)
        return fenced(told, language if known else "") if told and shown else "", ""
    if kind in ("text", "multimodal_text") and (shown or role == "user"):
        return _parts(content), ""
    return "", ""


def _thought(values: Mapping[str, Any]) -> str:
    summary, content = line(values.get("summary")), text(values.get("content"))
    return "\n\n".join(filter(None, (f"**{summary}**" if summary else "", content)))


def _parts(content: Mapping[str, Any], *, pictures_only: bool = False) -> str:
    """The texts of a node; of pictures and sounds what can be said of them."""
    found = []
    for part in items(content.get("parts")):
        values = mapping(part)
        if values.get("content_type") == "image_asset_pointer":
            found.append(_PICTURE)
        elif not pictures_only:
            words = part if isinstance(part, str) else values.get("text")
            found.append(_MARKS.sub("", text(words)))
    return "\n\n".join(filter(None, found))
