"""What the keyboard can do in the window: every command, its words and its usual keys. A table, and nothing else."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Group(Enum):
    """How the page of shortcuts is divided. The value is the heading."""

    CHATS = "Chats"
    ANSWER = "The open chat"
    PLACES = "Pages"
    MODEL = "Model"
    WINDOW = "Window"


class CommandId(StrEnum):
    """Names of commands; the values are what is stored with a person's own keys."""

    NEW_CHAT = "new_chat"
    TEMPORARY_CHAT = "temporary_chat"
    NEW_FOLDER = "new_folder"
    SEARCH = "search"
    TOGGLE_LIST = "toggle_list"
    ATTACH = "attach"
    REGENERATE = "regenerate"
    PREVIOUS_VERSION = "previous_version"
    NEXT_VERSION = "next_version"
    PREVIOUS_MESSAGE = "previous_message"
    NEXT_MESSAGE = "next_message"
    COPY_ANSWER = "copy_answer"
    COPY_CODE = "copy_code"
    FOLLOW = "follow"
    TOGGLE_SETTINGS = "toggle_settings"
    LEAVE = "leave"
    CHAT = "page_chat"
    MODELS = "page_models"
    COMPARE = "page_compare"
    MONITOR = "page_monitor"
    ENGINE = "page_engine"
    LOG = "page_log"
    MODEL_SETTINGS = "page_model_settings"
    PREFERENCES = "page_preferences"
    SHORTCUTS = "page_shortcuts"
    CHOOSE_MODEL = "choose_model"
    OPEN_FOLDER = "open_folder"
    LARGER = "larger_text"
    SMALLER = "smaller_text"
    USUAL = "usual_text"
    QUIT = "quit"


@dataclass(frozen=True)
class Command:
    """Something that keys can ask for."""

    id: CommandId
    words: str
    """What it does, for the page of shortcuts and for tooltips."""
    keys: str
    """Usual keys, as Qt writes them on any system, e.g. `Ctrl+Shift+N`."""
    group: Group
    also: str = ""
    """Other keys that do the same while nobody has chosen, e.g. where a field of text wants the first for itself. Never
    what the first ones write with Shift (`Ctrl+<` for `Ctrl+Shift+,`): that stroke is both to Qt, which then does
    nothing."""


COMMANDS = (
    Command(CommandId.NEW_CHAT, "New chat", "Ctrl+N", Group.CHATS),
    Command(CommandId.TEMPORARY_CHAT, "New temporary chat, never written to the disk", "Ctrl+Shift+T", Group.CHATS),
    Command(CommandId.NEW_FOLDER, "New folder for chats", "Ctrl+Shift+N", Group.CHATS),
    Command(CommandId.SEARCH, "Search all chats", "Ctrl+K", Group.CHATS),
    Command(CommandId.TOGGLE_LIST, "Show or hide the list of chats", "Ctrl+B", Group.CHATS),
    Command(CommandId.ATTACH, "Attach files", "Ctrl+Shift+A", Group.ANSWER),
    Command(CommandId.REGENERATE, "Answer again, keeping what there is", "Ctrl+R", Group.ANSWER),
    Command(CommandId.PREVIOUS_VERSION, "Previous version of the last answer", "Alt+Left", Group.ANSWER),
    Command(CommandId.NEXT_VERSION, "Next version of the last answer", "Alt+Right", Group.ANSWER),
    Command(CommandId.PREVIOUS_MESSAGE, "Go to the message above", "Alt+Up", Group.ANSWER),
    Command(CommandId.NEXT_MESSAGE, "Go to the message below", "Alt+Down", Group.ANSWER),
    Command(CommandId.COPY_ANSWER, "Copy the last answer", "Ctrl+Shift+C", Group.ANSWER),
    Command(CommandId.COPY_CODE, "Copy the last block of code", "Ctrl+Shift+;", Group.ANSWER),
    Command(CommandId.FOLLOW, "Go to the newest words and follow them", "Ctrl+End", Group.ANSWER, also="Alt+End"),
    Command(CommandId.TOGGLE_SETTINGS, "Show or hide the settings of this chat", "Ctrl+.", Group.ANSWER),
    Command(CommandId.LEAVE, "Leave the page, or stop the answer", "Esc", Group.ANSWER),
    Command(CommandId.CHAT, "Chat", "Ctrl+1", Group.PLACES),
    Command(CommandId.MODELS, "Models", "Ctrl+2", Group.PLACES),
    Command(CommandId.COMPARE, "Compare", "Ctrl+3", Group.PLACES),
    Command(CommandId.MONITOR, "Monitor", "Ctrl+4", Group.PLACES),
    Command(CommandId.ENGINE, "Engine", "Ctrl+5", Group.PLACES),
    Command(CommandId.LOG, "Log", "Ctrl+6", Group.PLACES),
    Command(CommandId.MODEL_SETTINGS, "Settings of the model", "Ctrl+,", Group.PLACES),
    Command(CommandId.PREFERENCES, "Preferences", "Ctrl+Shift+,", Group.PLACES),
    Command(CommandId.SHORTCUTS, "Keyboard shortcuts", "Ctrl+/", Group.PLACES, also="Ctrl+?"),
    Command(CommandId.CHOOSE_MODEL, "Choose a model", "Ctrl+L", Group.MODEL),
    Command(CommandId.OPEN_FOLDER, "Open a folder with a model", "Ctrl+O", Group.MODEL),
    Command(CommandId.LARGER, "Larger text", "Ctrl++", Group.WINDOW, also="Ctrl+="),
    Command(CommandId.SMALLER, "Smaller text", "Ctrl+-", Group.WINDOW),
    Command(CommandId.USUAL, "Usual size of text", "Ctrl+0", Group.WINDOW),
    Command(CommandId.QUIT, "Quit", "Ctrl+Q", Group.WINDOW),
)
