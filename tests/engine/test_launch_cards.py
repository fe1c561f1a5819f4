"""Which cards an engine gets: those that the verdict promised."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.fit import Surroundings, judge
from desktop_app.domain.geometry import geometry
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import LaunchPlan, ModelRef, ModelSettings
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.engine import launch
from desktop_app.engine.launch import command, process_environment
from desktop_app.paths import Paths

GIB = 1 << 30
CUDA = EngineEnvironment(Path("/opt/engine/bin/python"), "0.32.0", EngineKind.CUDA, managed=True)
PATHS = Paths(Path("/data"))
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "torch_dtype": "bfloat16",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "vocab_size": 128_256,
}
SMALL, LARGE = (8, 7.5), (24, 23.5)


def card(total: float, free: float, mig: str = "", uuid: str = "") -> Gpu:
    return Gpu(f"a card of {total}", int(total * GIB), int(free * GIB), "580", (8, 9), uuid, mig)


def model(folder: Path, size: float, config: object = None) -> ModelRef:
    """A model of so many GiB, in a file with a hole."""
    (folder / "config.json").write_text(json.dumps(LLAMA if config is None else config), "utf-8")
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(int(size * GIB))
    return ModelRef("Llama", folder)


def plan(
    of: ModelRef, cards: list[Gpu], *flags: tuple[str, str], taken: int = 0, environment: EngineEnvironment = CUDA
) -> LaunchPlan:
    machine = Machine("a processor", 8, 16 * GIB, frozenset(), tuple(cards))
    return launch.plan(of, environment, PATHS.engine(of.key), machine, ModelSettings(flags=flags), taken)


def variables(made: LaunchPlan, **outside: str) -> dict[str, str]:
    return process_environment(made, PATHS, PATHS.engine(made.model.key), outside)


def test_of_mixed_cards_the_one_that_holds_it_is_used(tmp_path: Path) -> None:
    made = plan(model(tmp_path, 15), [card(*SMALL), card(*LARGE)])
    assert (made.card, made.fullest) == ("1", 1)
    assert variables(made)["CUDA_VISIBLE_DEVICES"] == "1"
    assert variables(made)["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert made.get("--tensor-parallel-size") is None
    # The share is of the card that is used.
    assert made.memory_bytes > 15 * GIB


def test_of_cards_alike_the_one_with_the_most_room_is_used(tmp_path: Path) -> None:
    made = plan(model(tmp_path, 15), [card(24, 20), card(24, 23), card(24, 21)])
    assert made.card == "1"


@pytest.mark.parametrize(("size", "count"), [(15, 0), (30, 2), (50, 4)])
def test_a_large_model_is_shared_out_as_the_verdict_says(tmp_path: Path, size: float, count: int) -> None:
    cards = [card(*LARGE) for _ in range(4)]
    made = plan(model(tmp_path, size), cards)
    assert made.get("--tensor-parallel-size") == (str(count) if count else None)
    assert made.get("--device-ids") is None
    promised = judge(
        ModelSpec("Llama", geometry(LLAMA), int(size * GIB), dtype="bfloat16"),
        Machine("a processor", 8, 16 * GIB, frozenset(), tuple(cards)),
        around=Surroundings(EngineKind.CUDA),
    )
    assert promised.cards == max(1, count)
    if count:
        assert not made.card
        assert "CUDA_VISIBLE_DEVICES" not in variables(made)
        assert variables(made)["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
        assert made.memory_bytes < 24 * GIB


def test_cards_that_are_not_the_first_are_named(tmp_path: Path) -> None:
    cards = [card(*SMALL), card(24, 23), card(24, 22)]
    made = plan(model(tmp_path, 30), cards)
    assert (made.get("--tensor-parallel-size"), made.get("--device-ids")) == ("2", "1,2")
    assert made.fullest == 2
    line = command(made)
    assert line[line.index("--device-ids") + 1] == "1,2"
    # An older vLLM cannot be told, and would take the small card.
    older = plan(model(tmp_path, 30), cards, environment=replace(CUDA, version="0.31.1"))
    assert older.get("--tensor-parallel-size") is None


@pytest.mark.parametrize(
    "flag", [("--tensor-parallel-size", "1"), ("--pipeline-parallel-size", "2"), ("--device-ids", "0")]
)
def test_what_the_person_chose_stays(tmp_path: Path, flag: tuple[str, str]) -> None:
    made = plan(model(tmp_path, 30), [card(*LARGE) for _ in range(4)], flag)
    chosen = {name: value for name, value in made.flags if "parallel" in name or "device" in name}
    assert chosen == dict([flag])


def test_the_chosen_context_and_what_others_take_count(tmp_path: Path) -> None:
    cards = [card(*LARGE), card(*LARGE)]
    assert plan(model(tmp_path, 15), cards).get("--tensor-parallel-size") is None
    assert plan(model(tmp_path, 15), cards, ("--max-model-len", "100k")).get("--tensor-parallel-size") == "2"
    assert plan(model(tmp_path, 15), cards, taken=9 * GIB).get("--tensor-parallel-size") == "2"


def test_what_is_not_known_or_too_big_gets_the_first_usable_card(tmp_path: Path) -> None:
    old = replace(card(*LARGE), compute_capability=(6, 1))
    for size, config in ((15, {}), (90, None)):
        made = plan(model(tmp_path, size, config), [old, card(*SMALL), card(*LARGE)])
        assert (made.card, made.get("--tensor-parallel-size")) == ("1", None)


def test_an_instance_of_a_divided_card_is_named_by_its_uuid(tmp_path: Path) -> None:
    parts = [card(5, 5, "1g.5gb", "MIG-a"), card(20, 20, "3g.20gb", "MIG-b")]
    made = plan(model(tmp_path, 12), parts)
    assert (made.card, made.fullest) == ("MIG-b", 1)
    assert variables(made)["CUDA_VISIBLE_DEVICES"] == "MIG-b"
    assert plan(model(tmp_path, 30), parts).get("--tensor-parallel-size") is None
    # Numbers are the driver's, which does not count instances: a whole card beside them goes by its own UUID as well.
    beside = plan(model(tmp_path, 15), [*parts, card(24, 23, uuid="GPU-c")])
    assert beside.card == "GPU-c"
    nameless = plan(model(tmp_path, 12), [replace(part, uuid="") for part in parts])
    assert "CUDA_VISIBLE_DEVICES" not in variables(nameless)


def test_in_a_container_the_only_card_is_the_first(tmp_path: Path) -> None:
    boxed = replace(CUDA, python=Path("/usr/bin/docker"), image="vllm/vllm-openai:v0.32.0")
    paths = Paths(tmp_path / "data")
    paths.make()
    folder = tmp_path / "model"
    folder.mkdir()
    made = plan(model(folder, 15), [card(*SMALL), card(*LARGE)], environment=boxed)
    line, given = launch.as_process(made, paths, paths.engine(made.model.key), {})
    assert line[line.index("--gpus") + 1] == "device=1"
    assert "CUDA_VISIBLE_DEVICES" not in given
    assert "CUDA_VISIBLE_DEVICES" not in line
