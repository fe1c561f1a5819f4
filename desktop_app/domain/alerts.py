"""Thresholds that warn in words: what is near its limit, and what that means for the person.

`services.monitor` keeps an `AlertWatch` and shows it every frame. A warning comes only when something has lasted, and
goes only when it has been over for a while: nothing flickers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.domain.engine_figures import EngineFigures
from desktop_app.domain.machine import GpuSample, MachineSample, Throttle, plain_name

_BREAK = 15.0
"""Seconds. After a longer time without a look, what was before says nothing of now."""
_KV_FULL, _KV_ROOM = 0.9, 0.85
"""Shares of the KV cache: a question waits before the last block is taken, because it needs many at once."""
_MEMORY_FULL, _MEMORY_ROOM = 0.95, 0.92
_CARD_FULL, _CARD_ROOM = 0.92, 0.88
_HOT, _COOL = 87.0, 83.0
"""°C. Cards for desktops regulate themselves to 83 or 84 under full load, and slow down from about 90."""
_SLOWED = (Throttle.HEAT, Throttle.HARDWARE)
"""What should not be. At its power limit a card under full load is always, and the driver's own reasons are meant."""


@dataclass(frozen=True)
class Alert:
    """One warning, as long as it holds."""

    key: str
    title: str
    """E.g. `KV cache full: answers will wait.`"""
    remedy: str
    """What can be done, as a sentence."""


@dataclass(frozen=True)
class _Level:
    """How it stands with one thing that may be warned of."""

    alert: Alert
    bad: bool
    """Beyond the threshold."""
    lasting: bool
    """Not yet back behind the lower one."""
    patience: float
    """Seconds that it must be bad before it is told."""
    rest: float = 5.0
    """Seconds that it must be over before it is told no more."""
    unless: str = ""
    """The key of a warning that says more."""


@dataclass
class _Watched:
    """One thing over time."""

    alert: Alert | None = None
    """While it is told, in the words of its beginning."""
    changed: float | None = None
    """Since when it has been bad while it is not told, or over while it is."""


class AlertWatch:
    """Decides from frame to frame what is warned of."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._at: float | None = None

    def look(self, at: float, machine: MachineSample, engines: tuple[EngineFigures, ...]) -> tuple[Alert, ...]:
        """What to warn of now, engines first.

        Args:
            at: when the figures were read, `clock.seconds_now()`.
            machine: the newest reading.
            engines: those that are ready.
        """
        if self._at is not None and at - self._at > _BREAK:
            self._watched.clear()
        self._at = at
        levels = [*_of_engines(engines), *_of_machine(machine, engines), *_of_cards(machine)]
        self._watched = {one.alert.key: self._step(at, one) for one in levels}
        told = [self._watched[one.alert.key].alert for one in levels if not self._is_told(one.unless)]
        return tuple(alert for alert in told if alert is not None)

    def _is_told(self, key: str) -> bool:
        watched = self._watched.get(key)
        return watched is not None and watched.alert is not None

    def _step(self, at: float, level: _Level) -> _Watched:
        watched = self._watched.get(level.alert.key) or _Watched()
        moving, wait = (not level.lasting, level.rest) if watched.alert else (level.bad, level.patience)
        if not moving:
            return _Watched(watched.alert)
        since = at if watched.changed is None else watched.changed
        if at - since < wait:
            return _Watched(watched.alert, since)
        return _Watched(None if watched.alert else level.alert)


def _of_engines(engines: tuple[EngineFigures, ...]) -> Iterator[_Level]:
    for one in engines:
        of = f"{plain_name(one.name, 'A model')}: " if len(engines) > 1 else ""
        yield from _of_engine(one, of)


def _of_engine(one: EngineFigures, of: str) -> Iterator[_Level]:
    full, room = one.kv_cache >= _KV_FULL, one.kv_cache >= _KV_ROOM
    waits, full_key = one.waiting > 0, f"kv_full {one.key}"
    yield _Level(
        Alert(full_key, f"{of}KV cache full: answers will wait.", _MORE_KV), full and waits, room and waits, 2.0
    )
    near = Alert(f"kv_near {one.key}", f"{of}KV cache nearly full: the next questions may have to wait.", _MORE_KV)
    yield _Level(near, full and not waits, room, 5.0, unless=full_key)
    lost = Alert(f"preempted {one.key}", f"{of}KV cache too small: answers were interrupted to make room.", _LESS_KV)
    yield _Level(lost, one.preempted > 0, one.preempted > 0, 0.0, rest=30.0)
    title = f"{of}Questions wait although there is room: as many answers as allowed are being written."
    queue = Alert(f"queue {one.key}", title, _MORE_ANSWERS)
    yield _Level(queue, waits and not room and one.running > 0, waits and not full, 5.0, unless=full_key)


def _of_machine(machine: MachineSample, engines: tuple[EngineFigures, ...]) -> Iterator[_Level]:
    share = machine.used_bytes / machine.total_bytes if machine.total_bytes else 0.0
    running = bool(engines) or machine.engine.memory_bytes > 0
    alert = Alert(
        "memory",
        "Memory nearly full: the computer may become very slow, or end a program.",
        "Close other programs, or stop a model that is not needed." if running else "Close other programs.",
    )
    yield _Level(alert, share >= _MEMORY_FULL, share >= _MEMORY_ROOM, 4.0)
    title = "No data from the graphics cards." if len(machine.gpus) > 1 else "No data from the graphics card."
    remedy = f"{machine.gpu_note} {_AGAIN}"
    lost = bool(machine.gpu_note)
    yield _Level(Alert("no_data", title, remedy), lost, lost, 6.0, rest=0.0)


def _of_cards(machine: MachineSample) -> Iterator[_Level]:
    for number, card in enumerate(machine.gpus):
        name = f"Graphics card {number}" if len(machine.gpus) > 1 else "Graphics card"
        lost = bool(card.note) and not machine.gpu_note
        silent = Alert(f"no_data {number}", f"No data from graphics card {number}.", f"{card.note} {_AGAIN}")
        yield _Level(silent, lost, lost, 6.0, rest=0.0)
        yield _card_memory(f"card_memory {number}", name, card, machine)
        for reason in _SLOWED:
            held = reason in card.throttles
            alert = Alert(
                f"{reason.name.lower()} {number}", f"{name} {_SLOWED_WORDS[reason]}", _SLOWED_REMEDIES[reason]
            )
            yield _Level(alert, held, held, 5.0, rest=10.0)
        heat = card.temperature or 0.0
        hot = Alert(f"hot {number}", f"{name} hot: it may soon slow itself down.", _SLOWED_REMEDIES[Throttle.HEAT])
        yield _Level(hot, heat >= _HOT, heat >= _COOL, 10.0, rest=10.0, unless=f"heat {number}")


def _card_memory(key: str, name: str, card: GpuSample, machine: MachineSample) -> _Level:
    """Only where it is not one of our engines: those take nearly all that there is, and are meant to."""
    # Who holds the memory is only told while Monitor is looked at; without that, an engine may be the one.
    ours = any(user.ours for user in card.users) if card.users else machine.engine.memory_bytes > 0
    share = card.used_bytes / card.total_bytes if card.total_bytes and not ours else 0.0
    holder = f", for example {card.users[0].name}" if card.users else ""
    alert = Alert(
        key,
        f"Memory of the {name[0].lower()}{name[1:]} nearly full, without a model of this program: none may fit.",
        f"Close programs that use the graphics card{holder}, or choose a smaller model.",
    )
    return _Level(alert, share >= _CARD_FULL, share >= _CARD_ROOM, 4.0)


_AGAIN = "It is asked again by itself; answers are not touched by this."
_MORE_KV = (
    "Send fewer questions at once. Or give the model more room in its settings: more “Memory for conversations”, or on "
    "a graphics card “Precision of what is kept” fp8 (KV cache in 8 bits)."
)
_LESS_KV = (
    "In the model's settings choose fewer “Answers at the same time”, a smaller “Context”, or more “Memory for "
    "conversations”."
)
_MORE_ANSWERS = (
    "They come one after the other. For more at a time, raise “Answers at the same time” in the model's settings."
)
_SLOWED_WORDS = {
    Throttle.HEAT: "too hot: it has slowed itself down.",
    Throttle.HARDWARE: "slowed by its power supply or hardware.",
}
_SLOWED_REMEDIES = {
    Throttle.HEAT: "Let more air to it: clean its fans, open the case, or move the computer. Answers go on, but more "
    "slowly.",
    Throttle.HARDWARE: "Check the power cables of the card and whether the power supply is strong enough; plug in the "
    "charger of a laptop.",
}
