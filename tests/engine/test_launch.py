"""The plan, the command line and the environment."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from desktop_app.domain.fit_room import Room
from desktop_app.domain.flags import read_size
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import FlagValue, LaunchPlan, ModelRef, ModelSettings, Preset
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import launch, memory, model_files, presets
from desktop_app.engine.launch import command, lines, process_environment, strays
from desktop_app.engine.protection import ALWAYS, protected, refused_value, refused_variable
from desktop_app.paths import Paths
from tests.vllm_flags import recorded_table

GIB = 1024**3
CPU = EngineEnvironment(Path("/opt/engine/bin/python"), "0.32.0", EngineKind.CPU, managed=True)
CUDA = replace(CPU, kind=EngineKind.CUDA, version="0.33.0")
MODEL = ModelRef("Some model", Path("/models/some"))
GUIDE = ModelRef("Guide", Path("/models/guide"), is_guide=True)
PATHS = Paths(Path("/data"))

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "torch_dtype": "bfloat16",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
}


def machine(memory_bytes: int = 16 * GIB, *gpus: Gpu, cores: int = 4, available: int = 0) -> Machine:
    return Machine("a processor", cores, memory_bytes, frozenset(), gpus, available_bytes=available)


def card(total: float, free: float) -> Gpu:
    return Gpu("a card", int(total * GIB), int(free * GIB), "580")


def plan(
    model: ModelRef = MODEL,
    environment: EngineEnvironment = CPU,
    *gpus: Gpu,
    settings: ModelSettings | None = None,
    on: Machine | None = None,
    taken: int = 0,
) -> LaunchPlan:
    chosen = settings or ModelSettings()
    return launch.plan(model, environment, PATHS.engine(model.key), on or machine(16 * GIB, *gpus), chosen, taken)


def settings(preset: Preset = Preset.QUICK, **flags: FlagValue) -> ModelSettings:
    return ModelSettings(preset, tuple((f"--{name.replace('_', '-')}", value) for name, value in flags.items()))


def value(line: list[str], flag: str) -> str:
    return line[line.index(flag) + 1]


def kv_bytes(made: LaunchPlan) -> int | None:
    return read_size(made.get("--kv-cache-memory-bytes"))


@pytest.fixture
def llama(tmp_path: Path) -> ModelRef:
    """8 billion parameters, in a file with a hole."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), "utf-8")
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(15 * GIB)
    return ModelRef("Llama", tmp_path)


@pytest.mark.parametrize(
    ("size", "expected"), [(4 * GIB, GIB // 2), (8 * GIB, GIB // 2), (16 * GIB, GIB), (64 * GIB, 2 * GIB)]
)
def test_the_kv_cache_follows_the_memory(size: int, expected: int) -> None:
    assert kv_bytes(plan(on=machine(size))) == expected


def test_the_kv_cache_is_cut_to_what_is_free_and_not_promised() -> None:
    assert kv_bytes(plan(on=machine(16 * GIB, available=2 * GIB))) == 563 << 20
    assert kv_bytes(plan(on=machine(4 * GIB), taken=2 * GIB)) == 512 << 20
    assert (
        kv_bytes(plan(on=machine(4 * GIB), taken=int(2.5 * GIB))) == 51 << 20
        or kv_bytes(plan(on=machine(4 * GIB), taken=int(2.5 * GIB))) == 64 << 20
    )


def test_a_chosen_context_gets_the_room_that_it_needs(llama: ModelRef) -> None:
    made = plan(llama, on=machine(64 * GIB), settings=settings(max_model_len="32k"))

    # 32,000 tokens and vLLM's own block, 128 KiB for each token.
    assert kv_bytes(made) == (250 + 1) * 128 * 131_072
    assert made.memory_bytes == 15 * GIB + (251 << 24) + int(1.2 * GIB)


def test_many_people_have_more_room() -> None:
    made = plan(settings=settings(Preset.MANY))
    assert kv_bytes(made) == 2 * GIB
    assert made.get("--max-num-seqs") == "64"


@pytest.mark.parametrize("environment", [CPU, CUDA])
@pytest.mark.parametrize("preset", list(Preset))
def test_the_guide_needs_little_on_any_machine(environment: EngineEnvironment, preset: Preset) -> None:
    made = plan(GUIDE, environment, card(8, 7), settings=settings(preset))

    assert kv_bytes(made) == 64 * 1024 * 1024
    assert made.get("--gpu-memory-utilization") is None
    assert "--enforce-eager" in command(made)


@pytest.mark.parametrize(
    ("total", "free", "share"), [(8, 8, "0.92"), (8, 6.95, "0.80"), (24, 23, "0.92"), (8, 0.2, "0.05")]
)
def test_a_card_is_used_as_far_as_it_is_free(total: float, free: float, share: str) -> None:
    made = plan(MODEL, CUDA, card(total, free))

    assert kv_bytes(made) is None
    assert made.get("--gpu-memory-utilization") == share
    assert made.memory_bytes == int(float(share) * card(total, free).total_bytes) or share == "0.05"


def test_a_large_card_keeps_room_for_a_second_model(llama: ModelRef) -> None:
    first = plan(llama, CUDA, card(80, 79))
    # Weights, what vLLM needs, and two conversations of 32,768 tokens at 4 GiB each.
    assert first.get("--gpu-memory-utilization") == "0.33"
    second = plan(llama, CUDA, card(80, 79), taken=first.memory_bytes)
    assert second.get("--gpu-memory-utilization") == "0.33"
    third = plan(llama, CUDA, card(80, 79), taken=60 * GIB)
    assert third.get("--gpu-memory-utilization") == "0.24"
    assert plan(llama, CUDA, card(80, 79), settings=settings(Preset.MANY)).get("--gpu-memory-utilization") == "0.92"


def test_what_the_person_chose_wins() -> None:
    made = plan(settings=settings(max_num_seqs="32", dtype="float32", max_model_len="4096"))

    assert made.get("--max-num-seqs") == "32"
    assert made.get("--dtype") == "float32"
    assert made.get("--max-model-len") == "4096"
    assert command(made).count("--max-num-seqs") == 1


@pytest.mark.parametrize(
    ("environment", "chosen", "gone"),
    [
        (CUDA, settings(kv_cache_memory_bytes="2G"), "--gpu-memory-utilization"),
        (CPU, settings(gpu_memory_utilization="0.5"), "--kv-cache-memory-bytes"),
        (CUDA, settings(max_num_seqs="64"), "--cudagraph-capture-sizes"),
        (CUDA, settings(enforce_eager=True), "--cudagraph-capture-sizes"),
        (CUDA, settings(enforce_eager=True), "--optimization-level"),
        (CPU, settings(optimization_level="2"), "--enforce-eager"),
        (CPU, ModelSettings(flags=(("--compilation-config.mode", "none"),)), "--enforce-eager"),
    ],
)
def test_of_a_contradicting_pair_the_persons_stays(
    environment: EngineEnvironment, chosen: ModelSettings, gone: str
) -> None:
    assert plan(MODEL, environment, card(8, 8), settings=chosen).get(gone) is None


def test_a_flag_can_be_left_to_vllm() -> None:
    chosen = settings(max_num_seqs="", kv_cache_memory_bytes="", custom_histogram_buckets="")
    line = command(plan(settings=chosen))

    assert not {"--max-num-seqs", "--kv-cache-memory-bytes", "--custom-histogram-buckets"} & set(line)


@pytest.mark.parametrize("model", [MODEL, GUIDE])
def test_times_are_counted_at_finer_bounds_where_the_engine_can(model: ModelRef) -> None:
    bounds = json.loads(value(command(plan(model)), "--custom-histogram-buckets"))
    assert recorded_table().find("--custom-histogram-buckets") is not None
    for family, first in (("inter_token_latency", 0.0005), ("time_to_first_token", 0.001)):
        assert bounds[family] == sorted(set(bounds[family]))
        assert bounds[family][0] == first
        assert all(after <= before * 4 for before, after in pairwise(bounds[family]))
    assert "--custom-histogram-buckets" not in command(plan(model, replace(CPU, version="0.31.2")))


@pytest.mark.parametrize(
    "chosen", [("--custom-histogram-buckets", '{"request_latency":[1,2]}'), ("--custom-histogram-buckets.a", "[1]")]
)
def test_bounds_that_the_person_chose_are_the_only_ones(chosen: tuple[str, str]) -> None:
    line = command(plan(settings=ModelSettings(flags=(chosen,))))
    assert [word for word in line if word.startswith("--custom-histogram")] == [chosen[0]]
    assert value(line, chosen[0]) == chosen[1]


def test_adapters_turn_adapters_on() -> None:
    line = command(plan(settings=settings(lora_modules="a=/x b='/with space'")))

    assert line[line.index("--lora-modules") :][:3] == ["--lora-modules", "a=/x", "b=/with space"]
    assert "--enable-lora" in line


def test_how_flags_are_passed() -> None:
    assert launch.as_words("--enforce-eager", True) == ["--enforce-eager"]
    assert launch.as_words("--enforce-eager", False) == ["--no-enforce-eager"]
    assert launch.as_words("--disable-log-stats", False) == []
    assert launch.as_words("--max-model-len", "-1") == ["--max-model-len=-1"]
    assert launch.as_words("--cudagraph-capture-sizes", "1 2 4") == ["--cudagraph-capture-sizes", "1", "2", "4"]
    assert launch.as_words("--hf-overrides", '{"a": 1}') == ["--hf-overrides", '{"a": 1}']
    assert launch.as_words("--lora-modules", "it's") == ["--lora-modules", "it's"]


def test_there_is_a_socket_and_no_port() -> None:
    line = command(plan())

    assert value(line, "--uds") == str(PATHS.engine(MODEL.key).socket)
    assert "--port" not in line
    assert "--host" not in line


def test_the_command_of_a_processor() -> None:
    line = command(plan())

    assert line[:3] == ["/opt/engine/bin/python", "-m", "vllm.entrypoints.openai.api_server"]
    assert value(line, "--model") == "/models/some"
    assert "--served-model-name=Some model" in line
    assert value(line, "--load-format") == "safetensors"
    assert value(line, "--dtype") == "bfloat16"
    assert value(line, "--max-model-len") == "auto"
    assert value(line, "--kv-cache-memory-bytes") == "1G"
    assert value(line, "--allowed-origins") == "[]"
    assert value(line, "--allowed-media-domains") == "invalid.invalid"
    assert {"--enforce-eager", "--disable-fastapi-docs", "--disable-uvicorn-access-log"} <= set(line)
    assert "--trust-remote-code" not in line


def test_most_speed_compiles_where_a_compiler_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "g++"
    compiler.write_text("")
    compiler.chmod(0o755)
    monkeypatch.setattr(presets, "STANDARD_PATH", (str(tmp_path),))
    assert plan(settings=settings(Preset.SPEED)).get("--enforce-eager") is None
    compiler.unlink()
    assert plan(settings=settings(Preset.SPEED)).get("--enforce-eager") is True


@pytest.mark.parametrize(
    ("preset", "wanted"),
    [
        (Preset.QUICK, {"--optimization-level": "1", "--cudagraph-capture-sizes": "1 2 4 8", "--max-num-seqs": "8"}),
        (Preset.SPEED, {"--performance-mode": "interactivity"}),
        (Preset.MANY, {"--performance-mode": "throughput"}),
    ],
)
def test_the_presets_of_a_card(preset: Preset, wanted: dict[str, str]) -> None:
    made = plan(MODEL, CUDA, card(8, 8), settings=settings(preset))

    assert {flag: made.get(flag) for flag in wanted} == wanted
    assert made.get("--dtype") is None
    assert made.get("--enforce-eager") is None
    assert dict(made.variables)["VLLM_ENABLE_STARTUP_PLAN"] == "1"


@pytest.mark.parametrize("kind", list(EngineKind))
@pytest.mark.parametrize("preset", list(Preset))
def test_every_flag_of_a_preset_is_in_the_engine(kind: EngineKind, preset: Preset) -> None:
    table = recorded_table()
    for flag, setting in presets.flags(kind, preset):
        about = table.find(flag)
        assert about is not None, flag
        assert about.switch is isinstance(setting, bool)
        assert not about.choices or setting in about.choices


def test_which_flags_take_several_words_and_which_switches_have_no_no() -> None:
    table = recorded_table()
    many = {flag.name for flag in table.flags if flag.many and not protected(flag.name)}
    assert many - {"--api-key"} == launch._MANY_WORDS
    alone = {flag.name for flag in table.flags if flag.switch and not flag.negatable and not protected(flag.name)}
    assert alone == launch._WITHOUT_NO


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


def test_the_command_can_be_read() -> None:
    made = plan(settings=settings(hf_overrides='{"a": 1}'))
    shown = lines(made)

    assert shown[0] == "/opt/engine/bin/python -m vllm.entrypoints.openai.api_server"
    assert "'--served-model-name=Some model'" in shown
    assert "--hf-overrides '{\"a\": 1}'" in shown


@pytest.mark.parametrize(
    "flag",
    [
        *ALWAYS,
        *("--ud", "--served-model", "--no-disable-fastapi-docs", "--allowed_origins", "--logging-config.level"),
    ],
)
def test_what_is_always_set_cannot_be_changed(flag: str) -> None:
    assert protected(flag).endswith(".")
    stubborn = ModelSettings(flags=((flag, "x"),))
    assert command(plan(settings=stubborn)) == command(plan())


@pytest.mark.parametrize("flag", ["--max-model-len", "--model-impl", "--config-format", "--no-enforce-eager", "--seed"])
def test_everything_else_can(flag: str) -> None:
    assert protected(flag) == ""


def test_weights_that_can_run_programs_are_refused() -> None:
    assert "programs" in refused_value("--load-format", "pt")
    assert refused_value("--load-format", "fastsafetensors") == ""


@pytest.mark.parametrize(
    "name",
    [
        *("LD_PRELOAD", "PYTHONPATH", "HF_TOKEN", "HF_HUB_OFFLINE", "https_proxy", "VLLM_PLUGINS", "HOME", "A B", ""),
        *("VLLM_ALLOW_INSECURE_SERIALIZATION", "VLLM_SERVER_DEV_MODE", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_variables_that_open_the_engine_are_refused(name: str) -> None:
    assert refused_variable(name).endswith(".")
    made = plan(settings=ModelSettings(variables=((name, "x"),)))
    assert (name, "x") not in made.variables


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "VLLM_LOGGING_LEVEL", "TOKENIZERS_PARALLELISM"])
def test_other_variables_are_passed_on(name: str) -> None:
    made = plan(settings=ModelSettings(variables=((name, "3"),)))
    surroundings = process_environment(made, PATHS, PATHS.engine(MODEL.key), {})
    assert surroundings[name] == "3"
    assert strays(surroundings, chosen=[name]) == []


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 3)])
def test_threads_follow_what_may_be_used(cores: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 8)
    assert dict(plan(on=machine(cores=cores)).variables)["OMP_NUM_THREADS"] == str(threads)


def test_from_four_cores_on_one_is_left_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 8)
    assert [presets.threads(cores) for cores in (4, 8, 16)] == [3, 7, 7]


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


def environment_of(made: LaunchPlan, outside: dict[str, str]) -> dict[str, str]:
    return process_environment(made, PATHS, PATHS.engine(made.model.key), outside)


def test_the_environment_is_an_allow_list() -> None:
    made = environment_of(plan(), HOSTILE)

    assert not {"HF_TOKEN", "HTTPS_PROXY", "PYTHONPATH", "PYTHONOPTIMIZE", "LD_PRELOAD"} & made.keys()
    assert not {name for name in made if name.startswith("VLLM_ALLOW") or name == "VLLM_SERVER_DEV_MODE"}
    assert made["HF_HUB_OFFLINE"] == "1"
    assert made["VLLM_PLUGINS"] == ""
    assert made["LANG"] == "de_DE.UTF-8"
    assert made["LD_LIBRARY_PATH"] == "/opt/cuda/lib"
    assert made["CUDA_VISIBLE_DEVICES"] == "0"


def test_nothing_is_sent_anywhere() -> None:
    made = environment_of(plan(), {})

    assert made["VLLM_NO_USAGE_STATS"] == made["VLLM_DO_NOT_TRACK"] == made["DO_NOT_TRACK"] == "1"
    assert made["VLLM_HOST_IP"] == "127.0.0.1"
    assert made["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"


def test_every_folder_is_ours() -> None:
    made = environment_of(plan(), HOSTILE)
    places = PATHS.engine(MODEL.key)

    assert made["HOME"] == "/data/engine-home"
    assert made["TMPDIR"] == made["VLLM_RPC_BASE_PATH"] == str(places.tmp)
    assert made["VLLM_CACHE_ROOT"] == "/data/cache/vllm"
    assert made["TORCHINDUCTOR_CACHE_DIR"] == "/data/cache/torchinductor"
    assert made["PATH"].split(":")[:3] == ["/opt/engine/bin", "/home/a/bin", "/usr/bin"]
    assert "/bin" in made["PATH"].split(":")


def test_a_processor_runs_in_one_process_and_a_card_does_not() -> None:
    cpu, cuda = environment_of(plan(), {}), environment_of(plan(MODEL, CUDA), {})

    assert cpu["VLLM_TARGET_DEVICE"] == "cpu"
    assert cpu["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert cpu["VLLM_USE_AOT_COMPILE"] == "0"
    assert int(cpu["OMP_NUM_THREADS"]) >= 1
    assert not {"VLLM_TARGET_DEVICE", "VLLM_ENABLE_V1_MULTIPROCESSING", "OMP_NUM_THREADS"} & cuda.keys()


def test_the_same_plan_gives_the_same_environment() -> None:
    assert environment_of(plan(), HOSTILE) == environment_of(plan(), dict(HOSTILE))


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
    variables = environment_of(made, {})

    assert variables.get("CUDA_VISIBLE_DEVICES") == chosen
    assert variables.get("CUDA_DEVICE_ORDER") == ("PCI_BUS_ID" if chosen else None)
    assert made.get("--gpu-memory-utilization") == share


def test_of_several_cards_the_fullest_decides_and_none_is_hidden() -> None:
    made = plan(MODEL, CUDA, card(8, 8), card(8, 4), settings=settings(tensor_parallel_size="2"))
    assert not made.card
    assert made.get("--gpu-memory-utilization") == "0.43"
    by_name = plan(MODEL, CUDA, card(8, 4), card(8, 8), settings=settings(device_ids="1"))
    assert not by_name.card
    assert by_name.get("--gpu-memory-utilization") == "0.92"


def test_a_card_that_the_person_chose_stays_chosen() -> None:
    made = environment_of(plan(MODEL, CUDA, OLD, card(8, 8)), {"CUDA_VISIBLE_DEVICES": "3"})

    assert made["CUDA_VISIBLE_DEVICES"] == "3"
    assert "CUDA_DEVICE_ORDER" not in made


def test_a_processor_build_is_given_no_card() -> None:
    assert not plan(MODEL, CPU, OLD, card(8, 8)).card


@pytest.mark.parametrize("environment", [CPU, CUDA])
def test_what_it_is_given_is_known_and_everything_else_is_a_stray(environment: EngineEnvironment) -> None:
    made = environment_of(plan(MODEL, environment, OLD, card(8, 8)), HOSTILE)

    assert strays(made) == []
    assert strays([*made, "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"]) == ["AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"]


def test_an_engine_in_a_container_is_started_around(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    places = paths.engine(MODEL.key)
    boxed = replace(CUDA, python=Path("/usr/bin/docker"), image="vllm/vllm-openai:v0.33.0")
    made = launch.plan(MODEL, boxed, places, machine())
    line, _ = launch.as_process(made, paths, places, {})
    assert boxed.image in line
    assert line[-len(command(made)) + 1 :] == command(made)[1:]
    plain = launch.plan(MODEL, CPU, places, machine())
    assert launch.as_process(plain, paths, places, {})[0] == command(plain)


def test_weights_in_main_memory_are_not_on_the_card(llama: ModelRef) -> None:
    facts = model_files.look(llama.folder)
    place = Room(8 * GIB, 8 * GIB)
    need = memory.need(EngineKind.CUDA, {"--cpu-offload-gb": "10"}, {}, facts, place)
    assert need.weights == 5 * GIB
