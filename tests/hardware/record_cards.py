"""Holds what our code reads of real graphics cards against what `nvidia-smi` prints, and records both as a scene.

Run by hand on a day when there is a card, from the repository: `python -m tests.hardware.record_cards h200_today`. It
reads the cards with the code of the sampling helper and runs `nvidia-smi -q -x` in the same second, prints where the
two differ, and writes `tests/data/nvml/h200_today.json`, which `test_nvml_cards` then plays for ever. Look at the file
before it is committed: serial numbers are not in it, names of processes are not, identifiers of cards are.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from desktop_app.domain.machine import GpuSample, Throttle
from desktop_app.hardware.nvml_cards import Card, cards, live_cards, text
from desktop_app.hardware.nvml_samples import parse_cards

SCENES = Path(__file__).parents[1] / "data" / "nvml"
MIB = 1 << 20
LIVE_SLACK = 0.1
"""By how much of itself a figure may change between two readings in one second."""

_THROTTLES = {
    "sw_power_cap": Throttle.POWER,
    "sw_thermal_slowdown": Throttle.HEAT,
    "hw_thermal_slowdown": Throttle.HEAT,
    "hw_power_brake_slowdown": Throttle.HARDWARE,
    "sync_boost": Throttle.OTHER,
    "display_clocks_setting": Throttle.OTHER,
}
_QUESTIONS: dict[str, tuple[str, *tuple[int, ...]]] = {
    "uuid": ("nvmlDeviceGetUUID",),
    "capability": ("nvmlDeviceGetCudaComputeCapability",),
    "display": ("nvmlDeviceGetDisplayActive",),
    "temperature": ("nvmlDeviceGetTemperature", 0),
    "power": ("nvmlDeviceGetPowerUsage",),
    "limit": ("nvmlDeviceGetEnforcedPowerLimit",),
    "clock": ("nvmlDeviceGetClockInfo", 1),
    "top_clock": ("nvmlDeviceGetMaxClockInfo", 1),
    "reasons": ("nvmlDeviceGetCurrentClocksEventReasons",),
    "energy": ("nvmlDeviceGetTotalEnergyConsumption",),
}
_LISTS = {"compute": "Compute", "graphics": "Graphics", "mps": "MPSCompute"}


def parse_smi(printed: str) -> list[dict[str, Any]]:
    """The figures in the output of `nvidia-smi -q -x`, one entry for each card or instance; None is what it lacks.

    `total` and `used` in MiB, `busy` in percent, `power` and `power_limit` in watts, clocks in MHz, `reasons` by the
    names of the tags, `processes` by number, in MiB. Versions 10 to 13 of its format are known.
    """
    return [entry for gpu in ET.fromstring(printed).iter("gpu") for entry in _entries(gpu)]


def _entries(gpu: ET.Element) -> Iterator[dict[str, Any]]:
    chip = {
        "name": (gpu.findtext("product_name") or "").strip(),
        "temperature": _number(gpu, "temperature/gpu_temp"),
        "clock": _number(gpu, "clocks/sm_clock"),
        "top_clock": _number(gpu, "max_clocks/sm_clock"),
        "reasons": _reasons(gpu),
    }
    parts = gpu.findall("mig_devices/mig_device")
    for part in parts:
        unknown = {"busy": None, "power": None, "power_limit": None}
        yield chip | unknown | _memory(part) | {"processes": _processes(gpu, part.findtext("gpu_instance_id"))}
    if not parts:
        yield (
            chip
            | _memory(gpu)
            | {
                "busy": _number(gpu, "utilization/gpu_util"),
                "power": _number(gpu, *_either("power_draw", "average_power_draw", "instant_power_draw")),
                "power_limit": _number(gpu, *_either("enforced_power_limit", "current_power_limit")),
                "processes": _processes(gpu, None),
            }
        )


def _either(*tags: str) -> list[str]:
    return [f"{group}/{tag}" for group in ("gpu_power_readings", "power_readings") for tag in tags]


def _number(element: ET.Element, *paths: str) -> float | None:
    for path in paths:
        word = (element.findtext(path) or "").split(" ")[0]
        if word.replace(".", "", 1).isdigit():
            return float(word)
    return None


def _memory(element: ET.Element) -> dict[str, float | None]:
    return {key: _number(element, f"fb_memory_usage/{key}") for key in ("total", "used")}


def _reasons(gpu: ET.Element) -> list[str] | None:
    for word in ("clocks_event_reason", "clocks_throttle_reason"):
        group = gpu.find(f"{word}s")
        if group is not None and len(group):
            return [item.tag.removeprefix(f"{word}_") for item in group if item.text == "Active"]
    return None


def _processes(gpu: ET.Element, instance: str | None) -> dict[str, float]:
    found = {}
    for process in gpu.findall("processes/process_info"):
        used = _number(process, "used_memory")
        if used is not None and instance in (None, process.findtext("gpu_instance_id")):
            found[process.findtext("pid") or ""] = used
    return found


def differences(samples: Sequence[GpuSample], printed: Sequence[dict[str, Any]], slack: float = 0.0) -> list[str]:
    """Where our figures are not those that were printed, as lines to read. What is not in *printed* is not compared.

    Args:
        samples: ours.
        printed: as `parse_smi` returns it.
        slack: by how much of itself a figure may be off because it was not read at the same moment.
    """
    if len(samples) != len(printed):
        return [f"{len(samples)} cards, printed are {len(printed)}"]
    return [
        f"card {number}: {line}"
        for number, (sample, entry) in enumerate(zip(samples, printed, strict=True))
        for line in _differences(sample, entry, slack)
    ]


def _differences(sample: GpuSample, printed: dict[str, Any], slack: float) -> Iterator[str]:
    if not sample.name.startswith(printed["name"]):
        yield f"name {sample.name!r}, printed {printed['name']!r}"
    # nvidia-smi rounds sizes to MiB, and power to hundredths.
    known = sample.total_bytes > 0
    ours: dict[str, tuple[float | None, float]] = {
        "total": (sample.total_bytes / MIB if known else None, 1.0),
        "used": (sample.used_bytes / MIB if known else None, 1.0),
        "busy": (None if sample.busy is None else sample.busy * 100, 0.01),
        "temperature": (sample.temperature, 0.0),
        "power": (sample.power, 0.01),
        "power_limit": (sample.power_limit, 0.01),
        "clock": (sample.clock, 0.0),
        "top_clock": (sample.top_clock, 0.0),
    }
    for key, (value, rounding) in ours.items():
        if key in printed and not _same(value, printed[key], rounding + slack * abs(printed[key] or 0)):
            yield f"{key} {value}, printed {printed[key]}"
    if "reasons" in printed and sample.throttles != _expected(printed["reasons"], printed.get("busy")):
        yield f"throttles {sorted(map(str, sample.throttles))}, printed {printed['reasons']}"


def _same(ours: float | None, printed: float | None, tolerance: float) -> bool:
    if ours is None or printed is None:
        return ours is printed
    return abs(ours - printed) <= tolerance


def _expected(reasons: list[str] | None, busy: float | None) -> frozenset[Throttle]:
    found = {_THROTTLES[reason] for reason in reasons or () if reason in _THROTTLES}
    if "hw_slowdown" in (reasons or ()) and not {Throttle.HEAT, Throttle.HARDWARE} & found:
        found.add(Throttle.HARDWARE)
    # At rest, a power cap holds nothing back.
    return frozenset(found - {Throttle.POWER} if busy is not None and busy < 5 else found)


def record(nvml: ModuleType) -> list[dict[str, Any]]:
    """What the driver says, as a scene of `fake_pynvml` has it."""
    found = []
    for card in cards(nvml):
        parts = card.instances()
        entry = _recorded(card)
        if parts is not None:
            entry |= {"mig": 1, "instances": [_recorded(Card(nvml, part)) for part in parts]}
        found.append(entry)
    return found


def _recorded(card: Card) -> dict[str, Any]:
    memory, busy = card.memory(), card.busy()
    own = (
        0
        if memory.total is None or memory.free is None or memory.used is None
        else (memory.total - memory.free - memory.used)
    )
    entry: dict[str, Any] = {
        "name": card.name(),
        "memory": None if memory.used is None else [memory.total, memory.free, memory.used + own],
        "reserved": own,
        "busy": None if busy is None else round(busy * 100),
    }
    for key, (question, *arguments) in _QUESTIONS.items():
        told = card.ask(question, *arguments)
        entry[key] = text(told) if isinstance(told, bytes) else told
    for key, word in _LISTS.items():
        listed = card.ask(f"nvmlDeviceGet{word}RunningProcesses")
        entry[key] = None if listed is None else [[process.pid, process.usedGpuMemory] for process in listed]
    return entry


def main(name: str, folder: Path = SCENES) -> int:
    """Compare, print, write *name* into *folder*; 1 when something differs."""
    import pynvml

    pynvml.nvmlInit()
    told = [live.read(details=True) for card in cards(pynvml) for live in live_cards(pynvml, card)]
    printed = parse_smi(subprocess.run(["nvidia-smi", "-q", "-x"], capture_output=True, text=True, check=True).stdout)
    lines = differences(parse_cards(told), printed, LIVE_SLACK)
    print(*(lines or ["Everything is as nvidia-smi prints it."]), sep="\n")
    scene = {
        "source": "recorded with tests/hardware/record_cards.py",
        "driver": text(pynvml.nvmlSystemGetDriverVersion()),
        "cards": record(pynvml),
        "nvidia_smi": printed,
        "slack": LIVE_SLACK,
    }
    (folder / f"{name}.json").write_text(json.dumps(scene, indent=2) + "\n", encoding="utf-8")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
