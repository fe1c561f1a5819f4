"""The plan, the command line and the environment."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineEnvironment, EngineKind, LaunchPlan, ModelRef
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine.launch import command, default_plan, process_environment, strays
from desktop_app.paths import Paths

GIB = 1024**3
CPU = EngineEnvironment(Path("/opt/engine/bin/python"), "0.32.0", EngineKind.CPU, managed=True)
CUDA = replace(CPU, kind=EngineKind.CUDA, version="0.33.0")
MODEL = ModelRef("Some model", Path("/models/some"))
GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)


def machine(memory: int = 16 * GIB, *gpus: Gpu) -> Machine:
    return Machine("a processor", 4, memory, frozenset(), gpus)


def card(total: float, free: float) -> Gpu:
    return Gpu("a card", int(total * GIB), int(free * GIB), "580")


def plan(model: ModelRef = MODEL, environment: EngineEnvironment = CPU, *gpus: Gpu) -> LaunchPlan:
    return default_plan(model, environment, Paths(Path("/data")), machine(16 * GIB, *gpus))


def value(line: list[str], flag: str) -> str:
    return line[line.index(flag) + 1]


@pytest.mark.parametrize(
    ("memory", "expected"), [(4 * GIB, GIB // 2), (8 * GIB, GIB // 2), (16 * GIB, GIB), (64 * GIB, 2 * GIB)]
)
def test_the_kv_cache_follows_the_memory(memory: int, expected: int) -> None:
    made = default_plan(MODEL, CPU, Paths(Path("/data")), machine(memory))

    assert made.kv_cache_bytes == expected


@pytest.mark.parametrize("environment", [CPU, CUDA])
def test_the_guide_needs_little_on_any_machine(environment: EngineEnvironment) -> None:
    made = plan(GUIDE, environment, card(8, 7))

    assert made.kv_cache_bytes == 64 * 1024 * 1024
    assert made.options == ()
    assert "--enforce-eager" in command(made)


@pytest.mark.parametrize(
    ("total", "free", "share"), [(8, 8, "0.92"), (8, 6.95, "0.80"), (24, 23, "0.92"), (8, 0.2, "0.05")]
)
def test_a_card_is_used_as_far_as_it_is_free(total: float, free: float, share: str) -> None:
    made = plan(MODEL, CUDA, card(total, free))

    assert made.kv_cache_bytes is None
    assert made.options == ("--gpu-memory-utilization", share)


def test_there_is_a_socket_and_no_port() -> None:
    line = command(plan())

    assert value(line, "--uds") == str(Paths(Path("/data")).socket)
    assert "--port" not in line
    assert "--host" not in line


def test_the_command_of_a_processor() -> None:
    line = command(plan())

    assert line[:3] == ["/opt/engine/bin/python", "-m", "vllm.entrypoints.openai.api_server"]
    assert value(line, "--model") == "/models/some"
    assert "--served-model-name=Some model" in line
    assert value(line, "--load-format") == "safetensors"
    assert value(line, "--dtype") == "bfloat16"
    assert value(line, "--kv-cache-memory-bytes") == str(GIB)
    assert value(line, "--allowed-origins") == "[]"
    assert value(line, "--allowed-media-domains") == "invalid.invalid"
    assert {"--enforce-eager", "--disable-fastapi-docs", "--disable-uvicorn-access-log"} <= set(line)
    assert "--trust-remote-code" not in line


def test_a_card_compiles_and_chooses_its_own_number_format() -> None:
    line = command(plan(MODEL, CUDA, card(8, 8)))

    assert "--enforce-eager" not in line
    assert "--dtype" not in line
    assert "--kv-cache-memory-bytes" not in line


@pytest.mark.parametrize(
    ("version", "json_logs"),
    [("0.31.2", False), ("0.32.0", True), ("0.33.0+cpu", True), ("1.0.0rc1", True), ("unknown", False)],
)
def test_json_logs_only_where_they_are_understood(version: str, json_logs: bool) -> None:
    line = command(plan(MODEL, replace(CPU, version=version)))

    assert ("--logging-config.formatter" in line) is json_logs


def test_a_name_cannot_become_a_flag() -> None:
    line = command(plan(ModelRef("--trust-remote-code", Path("/models/x"))))

    assert "--trust-remote-code" not in line


def test_options_come_last() -> None:
    line = command(replace(plan(), options=("--max-model-len", "4096")))

    assert line[-2:] == ["--max-model-len", "4096"]


HOSTILE = {
    "PATH": "/home/a/bin:/usr/bin",
    "HOME": "/home/a",
    "LANG": "de_DE.UTF-8",
    "LD_LIBRARY_PATH": "/opt/cuda/lib",
    "CUDA_VISIBLE_DEVICES": "0",
    "HF_TOKEN": "secret",
    "VLLM_SERVER_DEV_MODE": "1",
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "1",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    "HTTPS_PROXY": "http://proxy.invalid",
    "PYTHONPATH": "/home/a/evil",
    "PYTHONOPTIMIZE": "2",
    "LD_PRELOAD": "/home/a/evil.so",
    "HF_HUB_OFFLINE": "0",
    "VLLM_PLUGINS": "evil",
}


def test_the_environment_is_an_allow_list() -> None:
    made = process_environment(plan(), Paths(Path("/data")), HOSTILE)

    unwanted = HOSTILE.keys() - {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"}
    assert not unwanted & made.keys() - {"HF_HUB_OFFLINE", "VLLM_PLUGINS"}
    assert (made["HF_HUB_OFFLINE"], made["VLLM_PLUGINS"]) == ("1", "")
    assert (made["LANG"], made["LD_LIBRARY_PATH"], made["CUDA_VISIBLE_DEVICES"]) == (
        "de_DE.UTF-8",
        "/opt/cuda/lib",
        "0",
    )


def test_everything_it_writes_is_ours() -> None:
    paths = Paths(Path("/data"))
    made = process_environment(plan(), paths, HOSTILE)

    assert made["HOME"] == str(paths.engine_home)
    assert made["TMPDIR"] == made["VLLM_RPC_BASE_PATH"] == str(paths.engine_tmp)
    assert Path(made["VLLM_CACHE_ROOT"]).is_relative_to(paths.cache)


@pytest.mark.parametrize("path", ["", "/home/a/bin", "/usr/bin:/usr/bin"])
def test_lscpu_is_always_found(path: str) -> None:
    places = process_environment(plan(), Paths(Path("/data")), {"PATH": path})["PATH"].split(":")

    assert places[0] == "/opt/engine/bin"
    assert "/usr/bin" in places
    assert len(set(places)) == len(places)
    assert "" not in places


def test_one_process_less_on_a_processor_only() -> None:
    paths = Paths(Path("/data"))

    assert process_environment(plan(), paths, {})["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in process_environment(plan(MODEL, CUDA), paths, {})
    assert int(process_environment(plan(), paths, {})["OMP_NUM_THREADS"]) >= 1


def test_two_starts_see_the_same_so_that_caches_hit() -> None:
    paths = Paths(Path("/data"))

    assert process_environment(plan(), paths, HOSTILE) == process_environment(plan(), paths, dict(HOSTILE))


OLD = replace(card(8, 8), compute_capability=(6, 1))


@pytest.mark.parametrize(
    ("cards", "chosen", "share"),
    [
        ((card(8, 6.95),), None, "0.80"),
        ((OLD, card(8, 6.95)), "1", "0.80"),
        ((card(8, 6.95), card(24, 24)), "0", "0.80"),
        ((OLD,), None, "0.92"),
        ((), None, None),
    ],
)
def test_the_first_card_that_is_fit_is_measured_and_used(
    cards: tuple[Gpu, ...], chosen: str | None, share: str | None
) -> None:
    made = plan(MODEL, CUDA, *cards)
    variables = process_environment(made, Paths(Path("/data")), {})

    assert variables.get("CUDA_VISIBLE_DEVICES") == chosen
    assert variables.get("CUDA_DEVICE_ORDER") == ("PCI_BUS_ID" if chosen else None)
    assert made.options == (("--gpu-memory-utilization", share) if share else ())


def test_a_card_that_the_person_chose_stays_chosen() -> None:
    made = process_environment(plan(MODEL, CUDA, OLD, card(8, 8)), Paths(Path("/data")), {"CUDA_VISIBLE_DEVICES": "3"})

    assert made["CUDA_VISIBLE_DEVICES"] == "3"
    assert "CUDA_DEVICE_ORDER" not in made


def test_a_processor_build_is_given_no_card() -> None:
    assert plan(MODEL, CPU, OLD, card(8, 8)).card is None


@pytest.mark.parametrize("environment", [CPU, CUDA])
def test_what_it_is_given_is_known_and_everything_else_is_a_stray(environment: EngineEnvironment) -> None:
    made = process_environment(plan(MODEL, environment, OLD, card(8, 8)), Paths(Path("/data")), HOSTILE)

    assert strays(made) == []
    assert strays([*made, "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"]) == ["AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"]
