"""Machines as JSON: there and back, what may be left out, and what is refused in words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.machine import NO_CARD, Gpu, Machine, MemoryUser, processor_words, runs_vllm
from desktop_app.domain.machine_file import read_machine, write_machine

MACHINES = sorted((Path(__file__).parents[1] / "data" / "machines").glob("*.json"))
GIB = 1 << 30
FULL = Machine(
    cpu_name="AMD Ryzen 7",
    cores=16,
    memory_bytes=31 * GIB + 1,
    cpu_flags=frozenset({"avx2", "fpu"}),
    gpus=(
        Gpu("A100", 20 * GIB, 3, "580.95", (8, 0), "MIG-1", "3g.20gb", users=(MemoryUser("blender", 7, ours=True),)),
        Gpu("GB10", 100 * GIB, 99 * GIB, "580.95", None, unified=True, display=True),
    ),
    gpu_note="",
    available_bytes=0,
    memory_note="A limit.",
    users=(MemoryUser("firefox", GIB), MemoryUser("VLLM::EngineCore", 5, ours=True)),
)


@pytest.mark.parametrize("file", MACHINES, ids=lambda file: str(file.stem))
def test_every_description_is_read_and_written_back(file: Path) -> None:
    machine = read_machine(file.read_text("utf-8"))
    assert machine.memory_bytes >= machine.available_bytes > 0
    assert bool(machine.gpus) != bool(machine.gpu_note)
    assert all(gpu.total_bytes > gpu.free_bytes > sum(user.used_bytes for user in gpu.users) for gpu in machine.gpus)
    assert all(sum(user.used_bytes for user in gpu.users) <= gpu.total_bytes - gpu.free_bytes for gpu in machine.gpus)
    assert read_machine(write_machine(machine)) == machine


@pytest.mark.parametrize("machine", [FULL, replace(FULL, gpus=(), gpu_note="None at all."), replace(FULL, gpus=())])
def test_what_is_written_is_read_back(machine: Machine) -> None:
    assert read_machine(write_machine(machine)) == machine


def test_only_memory_must_be_said() -> None:
    machine = read_machine('{"memory": "15.6 GiB"}')
    assert machine.memory_bytes == machine.available_bytes == int(15.6 * GIB)
    assert (machine.cores, machine.gpus, machine.gpu_note) == (4, (), NO_CARD)
    assert (runs_vllm(machine), processor_words(machine)) == (True, "")


def test_a_card_that_shares_memory_has_the_computers() -> None:
    machine = read_machine('{"memory": "120 GiB", "available": "100 GiB", "gpus": [{"unified": true}]}')
    assert machine.gpus[0].total_bytes == 120 * GIB
    assert machine.gpus[0].free_bytes == 100 * GIB


@pytest.mark.parametrize(
    ("words", "size"),
    [("1 KiB", 1024), ("2kB", 2000), ("3 MiB", 3 << 20), ("1.5 GB", 1_500_000_000), ("1 TiB", 1 << 40), ("7 B", 7)],
)
def test_sizes_in_words(words: str, size: int) -> None:
    assert read_machine(json.dumps({"memory": words})).memory_bytes == size


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[]", "no object"),
        ("[" * 100_000, "no JSON"),
        ('{"memory": 1, "memory": 2}', "twice"),
        ('{"memory": NaN}', "NaN"),
        ('{"memory": 1' + "0" * 5000 + "}", "no JSON"),
        (" " * (2 << 20), "larger"),
        ("{}", "“memory” is missing"),
        ('{"memory": 0}', "more than nothing"),
        ('{"memory": -1}', "no size"),
        ('{"memory": true}', "no size"),
        ('{"memory": 1.5}', "no size"),
        ('{"memory": "4 XB"}', "no size"),
        ('{"memory": "4 KB"}', "no size"),
        ('{"memory": "9999999 TiB"}', "no size"),
        ('{"memory": 9, "available": 10}', "“available” is more than “memory”"),
        ('{"memory": 9, "memroy": 1}', "“memroy” of the description is not known. Known are about, memory"),
        ('{"memory": 9, "a\\u202e": 1}', "'a\\u202e'"),
        ('{"memory": 9, "cores": 0}', "“cores”"),
        ('{"memory": 9, "cores": true}', "“cores”"),
        ('{"memory": 9, "cpu": "a\\nb"}', "visible"),
        ('{"memory": 9, "cpu": 3}', "no text"),
        ('{"memory": 9, "cpu_flags": [3]}', "no text"),
        ('{"memory": 9, "users": {}}', "no list"),
        ('{"memory": 9, "users": [{"nam": ""}]}', "“nam” of users[0]"),
        ('{"memory": 9, "gpus": [7]}', "gpus[0] is no object"),
        ('{"memory": 9, "gpus": [{"name": "A"}]}', "“total” of a graphics card is missing"),
        ('{"memory": 9, "gpus": [{"total": 5, "free": 6}]}', "“free” is more than “total”"),
        ('{"memory": 9, "gpus": [{"total": 5, "capability": 8.9}]}', 'must look like "8.9"'),
        ('{"memory": 9, "gpus": [{"total": 5, "display": 1}]}', "true or false"),
    ],
)
def test_nonsense_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        read_machine(text)
    assert words in refused.value.reason


@pytest.mark.parametrize(
    ("flags", "words", "runs"),
    [
        ("fpu avx2 avx512f avx512_bf16 amx_tile", "AVX-512 with AMX (fastest)", True),
        ("fpu avx2 avx512f avx512_bf16", "AVX-512 with bfloat16", True),
        ("fpu avx2 avx512f", "AVX-512 without bfloat16", True),
        ("fpu avx2", "AVX2 (slower)", True),
        ("fpu sse2 avx", "no AVX2: vLLM does not run on this processor", False),
        ("fp asimd bf16", "NEON with bfloat16", True),
        ("fp asimd", "NEON without bfloat16 (slower)", True),
        ("vsx", "", True),
    ],
)
def test_what_the_processor_can_do(flags: str, words: str, runs: bool) -> None:
    machine = replace(FULL, cpu_flags=frozenset(flags.split()))
    assert (processor_words(machine), runs_vllm(machine)) == (words, runs)
