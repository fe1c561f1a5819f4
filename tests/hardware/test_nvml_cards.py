"""Every figure of many cards, as nvidia-smi printed it in public recordings, read by the real code in a process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.machine import GpuSample, Throttle
from desktop_app.hardware import card_watch, nvml_cards
from desktop_app.hardware.nvml_samples import parse_cards
from tests.conftest import wait_until
from tests.hardware.fake_driver import SCENES, WatchedCards, stand_in
from tests.hardware.record_cards import differences, parse_smi

MIB = 1 << 20
ROOT = Path(__file__).parents[2]
RECORDED = sorted(path.stem for path in SCENES.glob("*.json") if "nvidia_smi" in json.loads(path.read_text("utf-8")))
TICK = {
    *("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetTemperatureV"),
    *("nvmlDeviceGetPowerUsage", "nvmlDeviceGetClockInfo", "nvmlDeviceGetCurrentClocksEventReasons"),
    "nvmlDeviceGetTotalEnergyConsumption",
}
LISTS = {f"nvmlDeviceGet{kind}RunningProcesses" for kind in ("Compute", "Graphics", "MPSCompute")}

# What nvidia-smi prints of an RTX 3090 (driver 590), a T4 (515) and a divided A100 (535), cut down to what is read.
RTX_3090 = """<nvidia_smi_log><gpu id="00000000:09:00.0"><product_name>NVIDIA GeForce RTX 3090</product_name>
<clocks_event_reasons><clocks_event_reason_gpu_idle>Not Active</clocks_event_reason_gpu_idle>
<clocks_event_reason_sw_power_cap>Active</clocks_event_reason_sw_power_cap></clocks_event_reasons>
<fb_memory_usage><total>24576 MiB</total><reserved>450 MiB</reserved><used>7 MiB</used></fb_memory_usage>
<utilization><gpu_util>0 %</gpu_util></utilization><temperature><gpu_temp>32 C</gpu_temp></temperature>
<gpu_power_readings><average_power_draw>35.06 W</average_power_draw><instant_power_draw>35.15 W</instant_power_draw>
<current_power_limit>350.00 W</current_power_limit></gpu_power_readings>
<clocks><sm_clock>210 MHz</sm_clock></clocks><max_clocks><sm_clock>2100 MHz</sm_clock></max_clocks>
<processes/></gpu></nvidia_smi_log>"""
TESLA_T4 = """<nvidia_smi_log><gpu><product_name>Tesla T4</product_name>
<clocks_throttle_reasons><clocks_throttle_reason_gpu_idle>Not Active</clocks_throttle_reason_gpu_idle>
</clocks_throttle_reasons><fb_memory_usage><total>15360 MiB</total><used>1032 MiB</used></fb_memory_usage>
<utilization><gpu_util>0 %</gpu_util></utilization><temperature><gpu_temp>40 C</gpu_temp></temperature>
<power_readings><power_draw>26.78 W</power_draw><enforced_power_limit>70.00 W</enforced_power_limit></power_readings>
<clocks><sm_clock>585 MHz</sm_clock></clocks><max_clocks><sm_clock>1590 MHz</sm_clock></max_clocks>
</gpu></nvidia_smi_log>"""
A100_MIG = """<nvidia_smi_log><gpu><product_name>NVIDIA A100-SXM4-80GB</product_name><mig_devices>
<mig_device><gpu_instance_id>3</gpu_instance_id>
<fb_memory_usage><total>19968 MiB</total><used>12 MiB</used></fb_memory_usage></mig_device>
<mig_device><gpu_instance_id>4</gpu_instance_id>
<fb_memory_usage><total>19968 MiB</total><used>14 MiB</used></fb_memory_usage></mig_device></mig_devices>
<temperature><gpu_temp>27 C</gpu_temp></temperature>
<gpu_power_readings><power_draw>67.03 W</power_draw></gpu_power_readings>
<processes><process_info><gpu_instance_id>4</gpu_instance_id>
<pid>12</pid><used_memory>2 MiB</used_memory></process_info></processes></gpu></nvidia_smi_log>"""


def scene(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((SCENES / f"{name}.json").read_text("utf-8"))
    return told


@pytest.mark.parametrize("name", RECORDED)
def test_every_figure_is_the_one_that_nvidia_smi_printed(tmp_path: Path, name: str) -> None:
    with WatchedCards(tmp_path, name) as watched:
        reading = watched.ask(details=True)
    printed, cards = scene(name)["nvidia_smi"], reading["cards"]
    assert reading["note"] == ""
    assert differences(parse_cards(cards), printed, scene(name).get("slack", 0.0)) == []
    for card, entry in zip(cards, printed, strict=True):
        if "processes" in entry:
            users = {str(user["pid"]): round(user["used"] / MIB) for user in card["users"]}
            assert users == entry["processes"]


def test_many_cards_are_recorded_and_each_says_where_it_is_from() -> None:
    assert len(RECORDED) >= 18
    assert all(scene(name)["source"] for name in RECORDED)


def test_what_a_card_took_of_energy_is_told_in_joules(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mixed") as watched:
        first, second = watched.samples()
    assert (first.energy, first.power, set(first.throttles)) == (1234567.89, 312.5, {Throttle.POWER})
    assert (second.energy, second.power, set(second.throttles)) == (None, None, set())


def test_instances_have_the_heat_of_the_chip_and_nobodys_power(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "h100_mig") as watched:
        samples = watched.samples()
    assert [sample.name for sample in samples] == [
        *("NVIDIA H100 80GB HBM3 3g.40gb", "NVIDIA H100 80GB HBM3 2g.20gb"),
        *(["NVIDIA H100 80GB HBM3 1g.10gb"] * 2),
    ]
    assert {(sample.temperature, sample.clock, sample.power) for sample in samples} == {(53.0, 1980.0, None)}


def test_a_chip_that_shares_the_computers_memory_tells_none_of_its_own(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "orin") as watched:
        (sample,) = watched.samples()
    assert (sample.used_bytes, sample.total_bytes) == (0, 0)


def test_a_divided_card_without_instances_is_told_in_words(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "mig_without_instances") as watched:
        assert "no instance" in watched.ask()["note"]


def test_a_tick_asks_seven_things_of_a_card(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "h200") as watched:
        before = watched.ask()["calls"]
        after = watched.ask()["calls"]
        detailed = watched.ask(details=True)["calls"]
    asked = {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
    # No energy is recorded of this card, and what it refused once is not asked again.
    assert asked == dict.fromkeys(TICK - {"nvmlDeviceGetTotalEnergyConsumption"}, 1)
    more = {name: count - after.get(name, 0) for name, count in detailed.items() if count != after.get(name, 0)}
    assert more == asked | dict.fromkeys(LISTS, 1)


def test_a_program_with_an_endless_name_makes_no_endless_line(tmp_path: Path) -> None:
    long = tmp_path / "a-program-with-a-long-name"
    long.symlink_to("/bin/sleep")
    with subprocess.Popen([f"{long.name}{'x' * 100_000}", "600"], executable=long) as process:
        try:
            wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text().startswith("a-program"), "it runs")
            with WatchedCards(tmp_path, "h100_idle", f"_SCENE['cards'][0]['compute'] = [[{process.pid}, 5]]") as cards:
                (user,) = cards.ask(details=True)["cards"][0]["users"]
        finally:
            process.kill()
    assert user["name"].startswith("a-program-with-a-long-namexxx")
    assert len(user["name"]) < 300


def test_what_an_old_driver_does_not_know_is_asked_once(tmp_path: Path) -> None:
    with WatchedCards(tmp_path, "tesla_t4") as watched:
        for _ in range(3):
            (card,) = watched.samples()
        calls = watched.ask()["calls"]
    assert (card.temperature, card.used_bytes) == (40.0, 1032 * MIB)
    new = ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetCurrentClocksEventReasons")
    assert [calls[name] for name in new] == [1, 1]
    assert calls["nvmlDeviceGetTemperature"] == 4


def test_nothing_asks_for_a_context() -> None:
    for module in (nvml_cards, card_watch):
        source = Path(str(module.__file__)).read_text("utf-8")
        assert not re.search(r"nvmlDevice(Create|Set)|cuInit|libcuda", source)


def test_the_stand_in_has_the_functions_of_the_bindings(tmp_path: Path) -> None:
    start = stand_in(tmp_path, "h100")
    compare = (
        "import importlib, inspect, pynvml as fake; del sys.modules['pynvml'], sys.path[0]; import pynvml as real\n"
        "for name, function in vars(fake).items():\n"
        "    if name.startswith('nvml') and callable(function):\n"
        "        ours, theirs = (list(inspect.signature(f).parameters) for f in (function, getattr(real, name)))\n"
        "        assert len(theirs) >= len(ours), (name, ours, theirs)\n"
        "    elif name.startswith(('NVML_', 'nvmlMemory')):\n"
        "        assert getattr(real, name) == function, name\n"
        "    elif name.startswith('NVML'):\n"
        "        assert issubclass(getattr(real, name), Exception), name\n"
        "print('the same')"
    )
    done = subprocess.run([sys.executable, "-I", "-c", start + compare], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "the same", done.stderr


def test_a_card_is_recorded_as_it_is(tmp_path: Path) -> None:
    tool = tmp_path / "bin/nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{RTX_3090}\nEND\n")
    tool.chmod(0o755)
    start = stand_in(tmp_path, "rtx_3090")
    run = (
        f"from pathlib import Path; sys.path.append({str(ROOT)!r}); from tests.hardware.record_cards import main\n"
        f"sys.exit(main('new', Path({str(tmp_path)!r})))"
    )
    environment = os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", start + run], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Everything is as nvidia-smi prints it.\n"), done.stderr
    new, old = json.loads((tmp_path / "new.json").read_text("utf-8")), scene("rtx_3090")
    assert new["nvidia_smi"] == old["nvidia_smi"]
    assert new["driver"] == old["driver"]
    assert {key: value for key, value in new["cards"][0].items() if key in old["cards"][0]} == old["cards"][0]


def test_what_nvidia_smi_prints_is_understood() -> None:
    (new,), (old,) = parse_smi(RTX_3090), parse_smi(TESLA_T4)
    assert new == scene("rtx_3090")["nvidia_smi"][0]
    assert (old["power"], old["power_limit"], old["reasons"], old["top_clock"]) == (26.78, 70.0, [], 1590.0)
    first, second = parse_smi(A100_MIG)
    assert (first["used"], first["power"], first["processes"]) == (12.0, None, {})
    assert (second["temperature"], second["processes"]) == (27.0, {"12": 2.0})


def test_differences_are_found() -> None:
    printed = parse_smi(RTX_3090)
    same = GpuSample(
        *("NVIDIA GeForce RTX 3090", 0.0, 7 * MIB, 24576 * MIB),
        *(32.0, 35.06, 350.0, 210.0, 2100.0),
    )
    assert differences([same], printed) == []
    other = GpuSample("Other", 0.5, 457 * MIB, 0, temperature=None, power=35.6, throttles=frozenset({Throttle.HEAT}))
    keys = [line.split()[2] for line in differences([other], printed)]
    assert keys == [
        "name",
        "total",
        "used",
        "busy",
        "temperature",
        "power",
        "power_limit",
        "clock",
        "top_clock",
        "throttles",
    ]
    assert "power" not in [line.split()[2] for line in differences([other], printed, slack=0.1)]
    assert differences([], printed) == ["0 cards, printed are 1"]
