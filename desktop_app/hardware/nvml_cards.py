"""What NVIDIA's driver tells of the graphics cards: every question that this program asks of pynvml.

For the two programs that ask: `nvml_helper` (now and then, for the probe) and, through `card_watch`, `sampling_helper`
(at every tick). Whoever loaded the bindings hands them in. Nothing here opens a CUDA context. A card or an old driver
may refuse every question but those for the number of cards and their names: what is not told is null.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

Told = dict[str, Any]
"""What is told of one card, as it goes into a line of JSON."""

_NAME_LENGTH = 200
"""Characters of a process's name. Programs give themselves names of many kilobytes."""
NO_NAME = "NVIDIA graphics card"
NOT_INSTALLED = "The part that reads NVIDIA graphics cards (nvidia-ml-py) is not installed."
NO_CARDS = "The NVIDIA driver is running, but it sees no graphics card."
NO_INSTANCE = "The graphics card is set to be divided (MIG), but it has no instance that could be used."
_NOTES = {
    "NVMLError_LibraryNotFound": "There is an NVIDIA driver, but its library (libnvidia-ml) cannot be loaded.",
    "NVMLError_DriverNotLoaded": "An NVIDIA driver is installed, but it is not running.",
    "NVMLError_NoPermission": "This account may not use the NVIDIA graphics card.",
    "NVMLError_LibRmVersionMismatch": "The NVIDIA driver was updated. Restart the computer to use the graphics card.",
    "NVMLError_GpuIsLost": "The graphics card stopped answering. Restart the computer to use it again.",
    "NVMLError_ResetRequired": "The graphics card stopped answering. Restart the computer to use it again.",
}
_BROKEN = frozenset(_NOTES) - {"NVMLError_NoPermission"} | {"NVMLError_Uninitialized"}
"""What no question about a card is answered with while it works."""
_NEVER = frozenset(
    {
        "NVMLError_NotSupported",
        "NVMLError_FunctionNotFound",
        "NVMLError_ArgumentVersionMismatch",
        "NVMLError_InvalidArgument",
        "NVMLLibraryMismatchError",
    }
)
"""How a card, an instance or an old driver answers a question that it will never know."""


_INTEGRATED = frozenset({(5, 3), (6, 2), (7, 2), (8, 7), (10, 1), (11, 0), (12, 1)})
"""Compute capabilities of chips that have no memory of their own: Jetson, Thor and GB10
(https://developer.nvidia.com/cuda-gpus). Their drivers tell nothing of memory, or tell the computer's."""


class Memory(NamedTuple):
    """Of a card, in bytes; None when it has none of its own."""

    total: int | None = None
    free: int | None = None
    used: int | None = None


class Card:
    """A card, or an instance of a divided card. What it refuses for good it is not asked again.

    Args:
        nvml: the bindings, initialised.
        handle: theirs.
    """

    def __init__(self, nvml: ModuleType, handle: object) -> None:
        self.handle = handle
        self._nvml = nvml
        self._refused: set[tuple[str, tuple[object, ...]]] = set()

    def ask(self, question: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the bindings answer
        """What the function named *question* of the bindings says of the card; None when it does not tell.

        Raises:
            NVMLError: the card or the driver is broken; of the bindings.
        """
        if (question, arguments) in self._refused:
            return None
        # Deprecated functions leave the bindings before they leave the drivers.
        function = getattr(self._nvml, question, None)
        if function is None:
            return None
        try:
            return function(self.handle, *arguments)
        except (self._nvml.NVMLError, self._nvml.NVMLLibraryMismatchError) as error:
            if type(error).__name__ in _BROKEN:
                raise
            if type(error).__name__ in _NEVER:
                self._refused.add((question, arguments))
        return None

    def name(self) -> str:
        """As the maker has it, e.g. `NVIDIA GeForce RTX 4090`."""
        return text(self._nvml.nvmlDeviceGetName(self.handle))

    def memory(self) -> Memory:
        """As `nvidia-smi` shows it; nothing is known of a card that shares the computer's.

        The second form of the question leaves what the driver keeps for itself out of `used`; the first, which is all
        that drivers before 510 know, counts it in.

        Raises:
            NVMLError: the card fails; of the bindings.
        """
        if self.capability in _INTEGRATED:
            return Memory()
        told = self.ask("nvmlDeviceGetMemoryInfo", self._nvml.nvmlMemory_v2)
        try:
            told = told or self._nvml.nvmlDeviceGetMemoryInfo(self.handle)
        except self._nvml.NVMLError_NotSupported:
            return Memory()
        return Memory(told.total, told.free, told.used)

    @functools.cached_property
    def capability(self) -> tuple[int, int] | None:
        """What it can compute, e.g. 8.9; an instance does not tell."""
        told: tuple[int, int] | None = self.ask("nvmlDeviceGetCudaComputeCapability")
        return told

    def busy(self) -> float | None:
        """The share of time in which it worked, 0…1; an instance and a divided card do not tell."""
        rates = self.ask("nvmlDeviceGetUtilizationRates")
        return None if rates is None else rates.gpu / 100

    def temperature(self) -> float | None:
        """Of the chip, degrees Celsius. The first question is new with driver 570, the second leaves with CUDA 14."""
        sensor = self._nvml.NVML_TEMPERATURE_GPU
        told: int | None = self.ask("nvmlDeviceGetTemperatureV", sensor)
        return self.ask("nvmlDeviceGetTemperature", sensor) if told is None else told

    def throttles(self) -> int | None:
        """Bits that say what holds its clocks back, as `nvml.h` numbers them; drivers before 535 know the old name."""
        told: int | None = self.ask("nvmlDeviceGetCurrentClocksEventReasons")
        return self.ask("nvmlDeviceGetCurrentClocksThrottleReasons") if told is None else told

    def computing(self) -> bool:
        """Whether a program has it open to compute, be it idle at the moment."""
        try:
            return bool(self.ask("nvmlDeviceGetComputeRunningProcesses"))
        except self._nvml.NVMLError:
            # It broke just now; the next tick tells so.
            return True

    def users(self) -> list[Told]:
        """Who holds memory of it; a program that computes and draws is in several lists with the same figure."""
        found: dict[int, int] = {}
        for question in ("Compute", "Graphics", "MPSCompute"):
            for process in self.ask(f"nvmlDeviceGet{question}RunningProcesses") or []:
                # None where the driver does not tell: on Windows, and in containers.
                if process.usedGpuMemory is not None:
                    found[process.pid] = max(found.get(process.pid, 0), process.usedGpuMemory)
        return [{"pid": pid, "name": _process_name(pid), "used": used} for pid, used in found.items()]

    def instances(self) -> list[object] | None:
        """Handles of the instances of a divided card, whose numbers may have gaps; None when it is not divided."""
        mode = self.ask("nvmlDeviceGetMigMode")
        if mode is None or mode[0] != self._nvml.NVML_DEVICE_MIG_ENABLE:
            return None
        count = self.ask("nvmlDeviceGetMaxMigDeviceCount") or 0
        found = (self.ask("nvmlDeviceGetMigDeviceHandleByIndex", index) for index in range(count))
        return [part for part in found if part is not None]


class LiveCard:
    """One card, or one instance, that is read again and again; what hardly changes is read once.

    Args:
        nvml: the bindings, initialised.
        card: itself.
        chip: the divided card that it is an instance of: heat and clocks are the chip's. What the chip takes of power
            is not told of its instances, since nobody knows which of them takes it.
    """

    def __init__(self, nvml: ModuleType, card: Card, chip: Card | None = None) -> None:
        self._card, self._chip, self._divided = card, chip or card, chip is not None
        self._clock = nvml.NVML_CLOCK_SM
        self.name = " ".join(part for part in _names(card, chip) if part)
        self._facts = {
            "name": self.name,
            "power_limit": None if chip else _thousandth(card.ask("nvmlDeviceGetEnforcedPowerLimit")),
            "top_clock": self._chip.ask("nvmlDeviceGetMaxClockInfo", self._clock),
        }

    def read(self, *, details: bool) -> Told:
        """How it is now: seven questions to the driver, and with *details*, who holds its memory, three more.

        `used` and `total` in bytes, `busy` 0…1, `temperature` in °C, `power` and `power_limit` in watts (the driver's
        mean of the last second on most cards), `clock` and `top_clock` in MHz, `throttles` the driver's bits, `energy`
        in joules since the driver was loaded.

        Raises:
            NVMLError: the card does not answer; of the bindings.
        """
        memory = self._card.memory()
        return self._facts | {
            "used": memory.used,
            "total": memory.total,
            "busy": self._card.busy(),
            "temperature": self._chip.temperature(),
            "power": None if self._divided else _thousandth(self._card.ask("nvmlDeviceGetPowerUsage")),
            "clock": self._chip.ask("nvmlDeviceGetClockInfo", self._clock),
            "throttles": self._chip.throttles(),
            "energy": None if self._divided else _thousandth(self._card.ask("nvmlDeviceGetTotalEnergyConsumption")),
            "users": self._card.users() if details else [],
        }

    def used(self, told: Told) -> bool:
        """Whether somebody computes with it, after what it just *told*. A desktop that merely shows itself does not."""
        return bool(told["busy"]) or self._card.computing()


def cards(nvml: ModuleType) -> Iterator[Card]:
    """Each card of the driver.

    Raises:
        NVMLError: one of them is lost; of the bindings.
    """
    for index in range(nvml.nvmlDeviceGetCount()):
        yield Card(nvml, nvml.nvmlDeviceGetHandleByIndex(index))


def live_cards(nvml: ModuleType, card: Card) -> list[LiveCard]:
    """The card, or its instances when it is divided.

    Raises:
        NVMLError: it does not answer; of the bindings.
    """
    parts = card.instances()
    if parts is None:
        return [LiveCard(nvml, card)]
    return [LiveCard(nvml, Card(nvml, part), card) for part in parts]


def described(nvml: ModuleType, *, users: bool) -> list[Told]:
    """What the cards are, as `nvml_helper` tells it; instances in the place of a divided card.

    Raises:
        NVMLError: the driver fails; of the bindings.
    """
    found: list[Told] = []
    for card in cards(nvml):
        parts = card.instances()
        if parts is None:
            found.append(_described(card, None, users=users))
        else:
            found += [_described(Card(nvml, part), card, users=users) for part in parts]
    return found


def sentence(error: Exception) -> str:
    """A fault of the driver, in words for people."""
    return _NOTES.get(type(error).__name__) or f"The NVIDIA driver reports a fault: {error}."


def text(value: object) -> str:
    """Older bindings answer in bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _described(card: Card, chip: Card | None, *, users: bool) -> Told:
    memory, (name, profile) = card.memory(), _names(card, chip)
    capability = (chip or card).capability
    return {
        "name": name,
        "uuid": text(card.ask("nvmlDeviceGetUUID") or ""),
        "mig": profile,
        "total": memory.total,
        "free": memory.free,
        "capability": capability and list(capability),
        "display": bool(card.ask("nvmlDeviceGetDisplayActive")),
        "users": card.users() if users else [],
    }


def _names(card: Card, chip: Card | None) -> tuple[str, str]:
    """The card's name and the profile of an instance, whose own name is `NVIDIA A100-SXM4-40GB MIG 1g.5gb`."""
    if chip is None:
        return card.name(), ""
    name, mark, profile = card.name().rpartition(" MIG ")
    return (name, profile) if mark else (chip.name(), "an instance")


def _thousandth(value: int | None) -> float | None:
    """Milliwatts in watts, millijoules in joules."""
    return None if value is None else value / 1000


def _process_name(pid: int) -> str:
    """Empty for a process that cannot be seen. The kernel cuts the name at 15 signs; the command line has the rest."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").rstrip("\n")
        command = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace") if len(name) >= 15 else ""
    except OSError:
        return ""
    whole = command.partition("\0")[0].rpartition("/")[2]
    return (whole if whole.startswith(name) else name)[:_NAME_LENGTH]
