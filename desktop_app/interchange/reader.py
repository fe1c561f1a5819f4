"""Recognises exports of chats by what is in them, and reads one conversation after another.

`services/chat_files` calls it. Known are our own JSON, ChatGPT's `conversations.json` and Open WebUI's list of chats.
"""

from collections.abc import Iterator
from typing import Any

from desktop_app.interchange import chatgpt, json_reader, open_webui
from desktop_app.interchange.json_writer import FORMAT, VERSION
from desktop_app.interchange.parcel import Damaged, Parcel
from desktop_app.interchange.pieces import Pieces
from desktop_app.interchange.values import DamagedError, mapping


class NotChatsError(ValueError):
    """The text is no export of chats; the words say why, as a sentence."""


class UnknownError(DamagedError):
    """An element is of no form that we know."""


def read_chats(told: str) -> Iterator[Parcel | Damaged]:
    """The conversations of an export, one after another; what cannot be read of it as `Damaged`.

    Raises:
        NotChatsError: on the way, before the first conversation: it is no export that we know.
    """
    known = False
    for one in _all(told):
        if isinstance(one, UnknownError) and not known:
            raise NotChatsError(str(one)) from one
        known = True
        yield one if isinstance(one, Parcel) else Damaged(str(one))


def _all(told: str) -> Iterator[Parcel | DamagedError]:
    """As `read_chats`; an error that is not about one element is the last."""
    try:
        pieces = Pieces(told)
        if pieces.first == "[":
            yield from (_element(one) for one in pieces.elements())
        elif pieces.first == "{":
            yield from _object(pieces)
        else:
            yield UnknownError("The file is no JSON.")
    except DamagedError as error:
        yield error if isinstance(error, UnknownError) else UnknownError(f"The file is damaged: {error}.")


def _object(pieces: Pieces) -> Iterator[Parcel | DamagedError]:
    """Ours, a list under a name as some programs write it, or one conversation by itself."""
    single: dict[str, Any] = {}
    ours = False
    for name, value in pieces.members():
        if name == "format":
            ours = _ours(value)
        elif name == "version" and ours and value != VERSION:
            raise UnknownError("It was written by a newer version of this program.")
        elif isinstance(value, Pieces) and name in {"chats", "conversations", "data"}:
            yield from (_read(one, json_reader.read_chat) if ours else _element(one) for one in value.elements())
        elif isinstance(value, Pieces):
            single[name] = list(value.elements())
        else:
            single[name] = value
    if "mapping" in single or open_webui.is_chat(single):
        yield _element(single)
    elif not ours:
        yield UnknownError("It holds no chats that this program can read.")


def _ours(value: object) -> bool:
    if value != FORMAT:
        raise UnknownError("It holds no chats that this program can read.")
    return True


def _element(values: object) -> Parcel | DamagedError:
    chat = mapping(values)
    if "mapping" in chat:
        return _read(chat, chatgpt.read_chat)
    if open_webui.is_chat(chat):
        return _read(chat, open_webui.read_chat)
    return UnknownError("It holds no chats that this program can read.")


def _read(values: object, read: Any) -> Parcel | DamagedError:  # noqa: ANN401 - one of three functions
    try:
        parcel: Parcel = read(values)
    except DamagedError as error:
        return error
    return parcel
