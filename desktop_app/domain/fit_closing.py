"""What a machine would be like with a program closed, or with our other models stopped. Called by `fit_proposals`."""

from dataclasses import replace

from desktop_app.domain.fit_values import Fit
from desktop_app.domain.machine import Gpu, Machine, MemoryUser

_ENOUGH_BYTES = 256 << 20
"""Less is not worth closing anything."""
_SYSTEM = frozenset(
    {
        *("systemd", "dbus-daemon", "Xorg", "Xwayland", "gnome-shell", "plasmashell", "kwin_x11", "kwin_wayland"),
        *("cinnamon", "xfwm4", "mutter", "sway", "Hyprland", "labwc", "wayfire", "gdm", "sddm", "lightdm"),
        *("nvidia-persistenced", "python-vllm-desktop", "vllm-desktop"),
    }
)
"""Names of what nobody can close and go on: the system, the desktop, this program."""


def closable(machine: Machine, now: Fit) -> list[MemoryUser]:
    """The programs of others that hold the memory that *now* is about, the largest first."""
    if now.cards > 1:
        # Each card has its own, and all would have to go.
        return []
    card = _card(machine, now)
    shared = card is not None and card.unified
    users = machine.users if card is None or shared else card.users
    found = [user for user in users if not user.ours and user.used_bytes >= _ENOUGH_BYTES and user.name not in _SYSTEM]
    return sorted(found, key=lambda user: -user.used_bytes)


def without(machine: Machine, now: Fit, user: MemoryUser) -> Machine:
    """*machine* with *user* closed."""
    return _with_more(machine, now, user.used_bytes)


def without_ours(machine: Machine, now: Fit, taken: int) -> tuple[Machine, int]:
    """*machine* with our other models stopped, and the bytes that this gives back; *taken* was promised to them."""
    card = _card(machine, now)
    users = machine.users if card is None or card.unified else card.users
    given = max(taken, sum(user.used_bytes for user in users if user.ours))
    return (_with_more(machine, now, given), given) if given else (machine, 0)


def _card(machine: Machine, now: Fit) -> Gpu | None:
    return None if now.card is None else machine.gpus[now.card]


def _with_more(machine: Machine, now: Fit, size: int) -> Machine:
    """*machine* with *size* bytes more free where *now* is about."""
    card = _card(machine, now)
    if card is None or card.unified:
        free = min(machine.memory_bytes, machine.available_bytes + size) if machine.available_bytes else 0
        machine = replace(machine, available_bytes=free)
    if card is None:
        return machine
    more = replace(card, free_bytes=min(card.total_bytes, card.free_bytes + size))
    return replace(machine, gpus=tuple(more if one is card else one for one in machine.gpus))
