"""`vllm-desktop fit` as somebody gives it, on machines that files describe."""

import json
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.fit import Wish, judge, proposals
from desktop_app.domain.geometry import Geometry
from desktop_app.domain.machine import Machine
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.paths import resources
from desktop_app.terminal import fit
from tests.terminal.conftest import TINY, Terminal

MACHINES = Path(__file__).parents[1] / "data" / "machines"
VERDICT_KEYS = {"verdict", "reason", "place", "cards", "context", "longest_context", "measured", "parts_bytes"}
PARTS = ("weights", "kv_cache", "overhead", "others", "free")
GB = 1 << 30


def on(machine: str) -> tuple[str, str]:
    return "--machine", str(MACHINES / f"{machine}.json")


def asked(terminal: Terminal, *words: str) -> dict[str, Any]:
    said = terminal.give("fit", *words, "--json")
    told: dict[str, Any] = json.loads(said.stdout)
    assert said.returncode == {"too_big": 1, "unsuited": 1, "unknown": 3}.get(told["verdict"], 0)
    return told


@pytest.mark.parametrize(
    ("machine", "verdict", "code"),
    [
        ("gpu-24gb", "Qwen/Qwen3-4B runs well here, on NVIDIA GeForce RTX 3090.", 0),
        ("gpu-8gb", "Qwen/Qwen3-4B runs here on the processor only, in the computer's memory.", 0),
        ("container-2gb", "Qwen/Qwen3-4B is too big for this machine.", 1),
    ],
)
def test_the_verdict_comes_first_and_is_the_exit_code(
    terminal: Terminal, machine: str, verdict: str, code: int
) -> None:
    said = terminal.give("fit", "Qwen/Qwen3-4B", *on(machine))
    assert (said.stdout.splitlines()[0], said.returncode, said.stderr) == (verdict, code, "")


def test_nothing_is_asked_and_nothing_is_written(terminal: Terminal) -> None:
    said = terminal.give("fit", "unknown/model")
    assert said.returncode == 3
    assert "Nothing is known about unknown/model." in said.stderr
    assert "--ask-hub" in said.stderr
    assert terminal.hub.log() == []
    assert not terminal.paths.root.exists()


def test_the_hub_is_asked_when_somebody_says_so(terminal: Terminal) -> None:
    said = terminal.give("fit", TINY, "--ask-hub", *on("no-gpu-16gb"))
    assert said.stdout.startswith("guide/tiny runs well here")
    assert terminal.hub.log()
    said = terminal.give("fit", TINY, "--ask-hub", HF_HUB_OFFLINE="1")
    assert (said.returncode, said.stdout) == (3, "")
    assert said.stderr.startswith("You work offline")


@pytest.mark.parametrize("text", ["Guide", str(resources() / "guide")])
def test_a_model_on_this_computer_is_found_by_name_and_folder(terminal: Terminal, text: str) -> None:
    said = terminal.give("fit", text)
    assert said.returncode == 0
    assert "There is room for a context of up to 2,048 tokens, which is all that it was made for." in said.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("./nowhere",), "There is no folder ./nowhere."),
        (("/",), "There is no model in this folder."),
        (("Guide", "--machine", "/nowhere"), "The description of the machine cannot be read."),
    ],
)
def test_what_cannot_be_answered_is_not_known_rather_than_no(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    done = terminal.give("fit", *words)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(said)


@pytest.mark.parametrize("number", ["0", "-1", "many", "99999999999"])
def test_a_context_that_is_no_number_is_refused(terminal: Terminal, number: str) -> None:
    done = terminal.give("fit", "Guide", f"--context={number}")
    assert done.returncode == 2
    assert "is no whole number above zero" in done.stderr


def test_the_json_has_the_keys_that_are_documented(terminal: Terminal) -> None:
    words = ("Qwen/Qwen3-4B", "--context", "40960", "--people", "4")
    told = asked(terminal, *words, *on("gpu-8gb"))
    assert set(told) == VERDICT_KEYS | {"model", "people", "remedies"}
    assert (told["model"], told["people"], told["context"]) == ("Qwen/Qwen3-4B", 4, 40960)
    parts = told["parts_bytes"]
    assert set(parts) == {*PARTS, "kept", "total", "missing"}
    # What is missing is what the four parts are more than the whole.
    assert parts["missing"] == sum(parts[name] for name in PARTS) + parts["kept"] - parts["total"] > 0
    for remedy in told["remedies"]:
        assert set(remedy) == VERDICT_KEYS | {"words", "effect", "flags", "model", "close", "stop"}
    assert any(remedy["model"] == "Qwen/Qwen3-4B-AWQ" for remedy in told["remedies"])
    assert any("--kv-cache-dtype" in remedy["flags"] for remedy in told["remedies"])


def test_every_documented_key_stands_in_the_help(terminal: Terminal) -> None:
    help_text = " ".join(terminal.give("fit", "--help").stdout.split())
    for key in (*VERDICT_KEYS, *PARTS, "kept", "total", "missing", "remedies", "effect", "close", "stop"):
        assert key in help_text, key
    assert "exit codes: 0" in help_text


def test_what_fits_is_shared_out_completely(terminal: Terminal) -> None:
    told = asked(terminal, "Qwen/Qwen3-4B", *on("gpus-4x24gb"))
    parts = told["parts_bytes"]
    assert sum(parts[name] for name in PARTS) == parts["total"]
    assert (told["verdict"], told["cards"], told["remedies"], parts["missing"]) == ("runs_well", 1, [], 0)


def test_a_smaller_copy_is_known_by_its_own_name(terminal: Terminal) -> None:
    assert asked(terminal, "qwen/qwen3-4b-awq", *on("gpu-8gb"))["verdict"] == "runs_well"


def test_what_is_not_known_is_said_so(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "never_heard_of"}', "utf-8")
    said = terminal.give("fit", str(tmp_path / "odd"))
    assert said.returncode == 3


def test_a_longer_context_than_the_model_has_is_told() -> None:
    spec = ModelSpec("them/short", Geometry(2, 0, 0, 64, 2, 2, 2048, 100, 128), 1 << 20, 1 << 19, dtype="bfloat16")
    machine, wish = Machine("a processor", 4, 8 * GB, frozenset({"avx2"}), available_bytes=6 * GB), Wish(99_999)
    told = fit.lines(spec, wish, judge(spec, machine, wish), ())
    assert "It was made for at most 2,048 tokens of context; that is what was reckoned with." in told


def test_names_cannot_work_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("a processor", 4, 8 * GB, frozenset({"avx2"}), available_bytes=6 * GB)
    assert fit.show(fit.Question(ModelSpec("them/\x1b[31m\u202eevil"), machine), as_json=False) == fit.NOT_KNOWN
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_proposals_are_numbered_and_say_their_flags() -> None:
    geometry = Geometry(36, 0, 0, 2560, 32, 8, 40_960, 151_936, 9728)
    spec = ModelSpec("them/large", geometry, 4 * GB, 2 * GB, dtype="bfloat16")
    machine, wish = Machine("a processor", 4, 8 * GB, frozenset({"avx2"}), available_bytes=7 * GB), Wish(40_960)
    now = judge(spec, machine, wish)
    told = fit.lines(spec, wish, now, proposals(spec, machine, wish))
    assert "What would make it fit:" in told
    first = next(line for line in told if line.startswith("  1. "))
    assert told[told.index(first) + 2].startswith("     As flags of vLLM: --")
