"""The support bundle: what it holds, that no secret gets into it, and that it is saved whole or not at all."""

import asyncio
import random
import stat
import tracemalloc
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import ModelSettings, Preset
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.paths import Paths
from desktop_app.services.bundle import Bundle, BundlePart, Sources
from desktop_app.services.bundle_logs import TAIL_BYTES, first_error, tail
from desktop_app.services.masking import MASK, Person
from tests.services.test_masking import SHAPES, secret

ANN = Person("/home/ann-k", "ann-k", "anns-box")
MACHINE = Machine(
    *("a processor", 2, 8 << 30, frozenset({"avx2"})), (Gpu("a card", 8 << 30, 4 << 30, "570.1", (9, 0)),), "", 2 << 30
)
ENGINE = EngineEnvironment(Path("/home/ann-k/engines/e/bin/python"), "0.32.0", EngineKind.CPU, managed=False)
_LOGS = Path(__file__).parents[1] / "data" / "vllm_logs"
_COMMAND = ["/home/ann-k/bin/python", "-m", "vllm", "--model", "/home/ann-k/m", "--max-model-len", "2048"]


async def report() -> str:
    return '{"holds": true}'


def sources(
    commands: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] | None = None,
    settings: Mapping[str, ModelSettings] | None = None,
    keys: tuple[str, ...] = (),
) -> Sources:
    return Sources(
        lambda: MACHINE, report, lambda: commands or {}, lambda: settings or {}, lambda: [ENGINE], lambda: keys
    )


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def bundle(paths: Paths, given: Sources | None = None, outside: Mapping[str, str] | None = None) -> Bundle:
    return Bundle(paths, given or sources(), outside or {}, ANN)


async def texts(made: Bundle) -> dict[str, str]:
    parts = await made.collect()
    assert len({part.name for part in parts}) == len(parts)
    return {part.name: part.text for part in parts}


async def test_everything_that_helps_is_in_it(paths: Paths) -> None:
    (paths.logs / "engine-0123456789.log").write_bytes((_LOGS / "f_tool_bad_parser.log").read_bytes())
    paths.install_log.write_text("pip said /home/ann-k/x", "utf-8")
    (paths.logs / "program.log").write_text("we said so on anns-box", "utf-8")
    variables = {"LANG": "C", "VLLM_NO_USAGE_STATS": "1", "MY_OWN": "private", "HOME": "/home/ann-k/engine-home"}
    chosen = ModelSettings(Preset.SPEED, (("--max-model-len", "896"), ("--enforce-eager", True)), (("MINE", "x1"),))
    found = await texts(bundle(paths, sources({"Guide": (_COMMAND, variables)}, {"Guide": chosen})))

    assert found["install.log"] == "pip said ~/x"
    assert found["program.log"] == "we said so on <host>"
    for name in ("vllm-desktop ", "python 3.", "-essentials 6", "openai ", "psutil "):
        assert name in found["versions.txt"].lower()
    assert (
        "vLLM 0.32.0 for the processor: ~/engines/e/bin/python, not installed by this program" in found["versions.txt"]
    )
    assert "Processor: a processor, 2 cores" in found["machine.txt"]
    assert "Memory: 8.0 GB, 2.0 GB of it free" in found["machine.txt"]
    assert "a card, 8.0 GB, 4.0 GB of it free, driver 570.1, compute capability 9.0" in found["machine.txt"]
    assert found["settings.txt"] == f"Guide: Most speed\n--max-model-len 896\n--enforce-eager\nMINE={MASK}"
    assert "  --model ~/m\n  --max-model-len 2048\n" in found["commands.txt"]
    assert f"HOME=~/engine-home\nLANG=C\nMY_OWN={MASK}\nVLLM_NO_USAGE_STATS=1" in found["commands.txt"]
    assert found["doctor.json"] == '{"holds": true}'
    assert "invalid tool call parser" in found["engine-0123456789-first-error.txt"]
    assert "invalid tool call parser" in found["engine-0123456789.log"]


async def test_with_nothing_there_it_says_so(paths: Paths) -> None:
    found = await texts(bundle(paths))
    assert (found["settings.txt"], found["commands.txt"]) == ("Nothing was chosen.", "No engine runs.")
    assert found["install.log"] == found["program.log"] == "There is none."


async def test_a_part_that_cannot_be_made_says_why_and_the_others_are_there(paths: Paths) -> None:
    async def broken() -> str:
        raise LookupError("hf_abcdefghijklmnopqrstuvwx")

    found = await texts(bundle(paths, replace(sources(), report=broken)))
    assert "This part could not be made." in found["doctor.json"]
    assert f"LookupError: {MASK}" in found["doctor.json"]
    assert found["machine.txt"]


@pytest.mark.parametrize("seed", range(5))
async def test_no_planted_secret_reaches_a_part_or_the_file(paths: Paths, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    planted: list[str] = []

    def plant() -> str:
        planted.append(secret(dice))
        return planted[-1]

    def lines() -> str:
        some = [dice.choice(SHAPES)(plant()) for _ in range(10)]
        some += [
            f"password={plant()}",
            f'{{"api_key": "{plant()}"}}',
            f"https://u:{plant()}@h/x",
            f"Cookie: a={plant()}",
        ]
        some += [f"fetched with {key} as {outside['MY_TOKEN']} by {inside} and {own}" for key in keys]
        dice.shuffle(some)
        return "\n".join(f"INFO 11-21 00:00:00 [utils.py:{at}] {line}" for at, line in enumerate(some)) + "\n"

    outside, keys, inside, own = {"MY_TOKEN": plant(), "LANG": "C"}, (plant(), plant()), plant(), plant()
    json_line = (
        f'{{"asctime": "2026-11-21 00:00:00,000", "levelname": "ERROR", "message": "ValueError: a\\n{plant()}"}}\n'
    )
    planted.pop()  # without a name or a form, nobody can know
    paths.install_log.write_text(lines(), "utf-8")
    (paths.logs / "program.log").write_text(lines() * 300, "utf-8")
    (paths.logs / "engine-0123456789.log").write_text(lines() + json_line + f"ValueError: token={plant()}\n" + lines())
    (paths.logs / "engine-1123456789.log.1").write_text(lines())
    (paths.logs / "engine-1123456789.log").write_text(lines() * 300)
    line = [
        *_COMMAND,
        "--api-key",
        plant(),
        f"--ssl-keyfile-password={plant()}",
        "--env",
        f"ODD={plant()}",
        "-e",
        "A=b",
    ]
    line += ["--override", f'{{"auth": "{plant()}"}}']
    started = {"Guide": (line, {"ODD": plant(), "PRIVATE": plant(), "SOME_SECRET": inside, "PATH": f"/x/{inside}"})}
    chosen = {"Guide": ModelSettings(flags=(("--hf-token", plant()),), variables=(("W_API_KEY", own), ("Z", plant())))}

    async def said() -> str:
        return lines()

    made = bundle(paths, replace(sources(started, chosen, keys), report=said), outside)
    parts = await made.collect()
    await made.save(tmp_path / "b.zip", parts)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.namelist() == [part.name for part in parts]
        everything = "\n".join(archive.read(name).decode() for name in archive.namelist())
    assert len(planted) > 50
    for value in planted:
        assert value not in everything
        assert value.upper() not in everything
    assert "ann-k" not in everything


async def test_a_key_that_is_cut_by_the_end_that_is_taken_does_not_show(paths: Paths) -> None:
    log = paths.logs / "program.log"
    for cut in range(1, 45, 4):
        key = "hf_" + "k" * 40
        log.write_bytes(b"x" * 500 + f" token {key}".encode() + b"\n" + b"y" * (TAIL_BYTES - cut) + b"\n")
        assert "kkk" not in (await texts(bundle(paths)))["program.log"]


def test_the_tail_has_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\nthree\n", "utf-8")
    assert tail(log) == "one\ntwo\nthree\n"
    assert tail(log, 14) == "one\ntwo\nthree\n"
    assert tail(log, 10) == "(The first 4 bytes are left out.)\ntwo\nthree\n"
    assert tail(log, 9) == "(The first 8 bytes are left out.)\nthree\n"
    assert tail(log, 3) == "(The first 14 bytes are left out.)\n"
    log.write_text("x" * 50, "utf-8")
    assert tail(log, 10) == "(A single line of more than 10 bytes is left out.)"


def record(level: str, message: str) -> str:
    return f'{{"asctime": "2026-11-21 00:00:00,000", "levelname": "{level}", "name": "vllm", "message": "{message}"}}\n'


READY, STOPPED = (
    "INFO:     Application startup complete.\n",
    record("INFO", "[shutdown] API server: shutdown triggered"),
)


@pytest.mark.parametrize(
    ("log", "first"),
    [
        (record("INFO", "fine"), "No error stands in this log."),
        (record("ERROR", "first") + record("ERROR", "second"), "ERROR first\n00:00:00 ERROR second"),
        (record("ERROR", "first") + "ValueError: cause\n", "ERROR ValueError: cause"),
        (record("ERROR", "before") + READY + record("INFO", "x"), "ERROR before"),
        (record("ERROR", "before") + READY + record("ERROR", "since"), "ERROR since"),
        (record("INFO", "fine") + STOPPED + record("ERROR", "late"), "No error stands in this log."),
    ],
)
def test_the_first_error(tmp_path: Path, log: str, first: str) -> None:
    (tmp_path / "log").write_text(log, "utf-8")
    found = first_error([tmp_path / "log.1", tmp_path / "log"])
    assert found.removeprefix("00:00:00 ").startswith(first)


def test_the_first_error_may_stand_in_the_piece_that_was_put_aside(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("ValueError: old\n" + "x " * 100_000 + "\n", "utf-8")
    (tmp_path / "log").write_text("ValueError: new\n", "utf-8")
    found = first_error([tmp_path / "log.1", tmp_path / "log"])
    assert "old" in found
    assert len(found) < 100_000


async def test_a_very_long_log_is_never_in_memory(paths: Paths) -> None:
    log = paths.logs / "engine-0123456789.log"
    piece = (record("INFO", "a word " * 20) * 6_000).encode()
    with log.open("wb") as stream:
        while stream.tell() < 100_000_000:
            stream.write(piece)
        stream.write(b"z" * 5_000_000 + b"\nValueError: at last\n")
    tracemalloc.start()
    try:
        found = await texts(bundle(paths))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
    assert "ValueError: at last" in found["engine-0123456789-first-error.txt"]
    assert sum(map(len, found.values())) < 1_000_000


async def test_it_is_private_and_replaces_what_was_there(paths: Paths, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    file.write_text("older", "utf-8")
    await bundle(paths).save(file, [BundlePart("a.txt", "half a \ud800 pair")])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        assert archive.read("a.txt") == b"half a ? pair"
    assert names(tmp_path) == ["b.zip", "data"]


async def test_what_cannot_be_saved_is_said_and_leaves_nothing(paths: Paths, tmp_path: Path) -> None:
    taken = tmp_path / "taken.zip"
    taken.mkdir()
    for file in (tmp_path / "nowhere" / "b.zip", taken):
        with pytest.raises(UserError, match="could not be saved") as caught:
            await bundle(paths).save(file, [BundlePart("a.txt", "x")])
        assert caught.value.reason.endswith("Save it in another place.")
    assert names(tmp_path) == ["data", "taken.zip"]


async def test_collecting_can_be_cancelled(paths: Paths) -> None:
    began = asyncio.Event()

    async def forever() -> str:
        began.set()
        await asyncio.Event().wait()
        return ""

    collecting = asyncio.create_task(bundle(paths, replace(sources(), report=forever)).collect())
    await began.wait()
    collecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await collecting
