"""The doctor: what it finds on made-up data folders and around running engines, and that it changes nothing."""

import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.domain.engine import EngineStage
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.machine import Gpu, Machine
from desktop_app.engine import environments, launch
from desktop_app.engine.leftovers import Mark, Record, boot, write_record
from desktop_app.engine.process import EngineProcess
from desktop_app.engine.supervisor import entry
from desktop_app.paths import Paths
from desktop_app.services.doctor import QT_LIBRARIES, Report, examine
from desktop_app.services.promises import FORBIDDEN, Promise, Running, Verdict, look
from desktop_app.terminal import doctor
from tests.conftest import reach
from tests.engine_fakes import answers, make_environment, make_model
from tests.hub.test_local import safetensors

MACHINE = Machine("Ryzen", 8, 16 << 30, frozenset({"avx2", "fpu"}), gpu_note="No NVIDIA graphics card was found.")
KEY = "0123456789"
SHELL = {"PATH": "/usr/bin", "HF_TOKEN": "secret", "DISPLAY": ":0"}
FORGED = (
    "import socket, sys; s = socket.socket(); s.bind((sys.argv[1], 0)); s.listen(); print(flush=True); sys.stdin.read()"
)


async def report_of(paths: Paths, *models: ModelRef, machine: Machine = MACHINE) -> Report:
    return await examine(paths, lambda: machine, models, SHELL)


def promise(report: Report, key: str) -> Promise:
    return next(promise for promise in report.promises if promise.key == key)


def child(*argv: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def write_down(paths: Paths, process: "subprocess.Popen[bytes]", owner: int | None = None) -> None:
    """Have *process* be the engine of *owner*; of a program that is gone by default."""
    found = entry(process.pid)
    assert found is not None
    mark = Mark.of(found)
    parent = entry(owner) if owner else None
    record = Record(boot(), Mark.of(parent) if parent else Mark(mark.pid, 1.0), mark, mark, "", (mark,))
    write_record(paths.engine(KEY).record, record)


async def started(
    paths: Paths, environment: EngineEnvironment, model: ModelRef, more: dict[str, str] | None = None
) -> EngineProcess:
    """The stand-in below the shipped supervisor, with *more* variables than it should have."""
    places = paths.engine(model.key)
    plan = launch.plan(model, environment, places, MACHINE)
    surroundings = launch.process_environment(plan, paths, places, os.environ) | (more or {})
    return await EngineProcess.start(launch.command(plan), surroundings, places, paths, lambda lines: None)


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    with child("input()") as process:
        yield process
        process.kill()


async def test_a_fresh_computer_is_fine_and_stays_untouched(tmp_path: Path) -> None:
    report = await report_of(Paths(tmp_path / "data"))
    assert report.holds
    assert report.engine.stage is EngineStage.NOT_INSTALLED
    assert report.machine.disk_free_bytes > 0
    assert report.machine.cpu_features == ("avx2",)
    assert report.display.display == "X11" or sys.platform != "linux"
    assert not report.data_folder.exists()


async def test_a_data_folder_that_was_made_properly_is_fine(paths: Paths) -> None:
    paths.database.touch(mode=0o600)
    report = await report_of(paths)
    assert report.holds
    assert "0700" in promise(report, "data_private").sentence
    assert str(paths.database) in promise(report, "conversations_local").sentence


async def test_a_data_folder_that_others_may_enter(paths: Paths) -> None:
    paths.root.chmod(0o755)
    report = await report_of(paths)
    assert promise(report, "data_private").verdict is Verdict.NOT_OK
    assert not report.holds
    assert doctor.show(report, as_json=False) == 1


async def test_conversations_that_others_may_read(paths: Paths) -> None:
    paths.database.touch()
    paths.database.chmod(0o644)
    assert promise(await report_of(paths), "conversations_local").verdict is Verdict.NOT_OK


@pytest.mark.parametrize("mode", [0o750, 0o701])
async def test_a_socket_folder_that_others_may_enter(paths: Paths, mode: int) -> None:
    paths.runtime.chmod(mode)
    assert promise(await report_of(paths), "socket_private").verdict is Verdict.NOT_OK


async def test_a_socket_folder_that_is_a_link_elsewhere(paths: Paths, tmp_path: Path) -> None:
    paths.runtime.rename(tmp_path / "elsewhere")
    paths.runtime.symlink_to(tmp_path / "elsewhere")
    assert promise(await report_of(paths), "socket_private").verdict is Verdict.NOT_OK


async def test_something_else_in_place_of_the_socket(paths: Paths) -> None:
    paths.engine(KEY).socket.write_text("")
    assert promise(await report_of(paths), "socket_private").verdict is Verdict.NOT_OK


async def test_a_dead_socket_is_told_but_is_no_process(paths: Paths) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(paths.engine(KEY).socket))
    report = await report_of(paths)
    assert report.holds
    assert "next start removes it" in promise(report, "no_leftovers").sentence


async def test_a_running_engine_is_looked_at_from_outside(paths: Paths, tmp_path: Path) -> None:
    environment, model = make_environment(tmp_path), make_model(tmp_path, children=1)
    environments.remember(environment, paths)
    engine = await started(paths, environment, model)
    try:
        await reach(lambda: answers(paths.engine(model.key).socket), "the stand-in listens")
        report = await report_of(paths)
    finally:
        await engine.stop()
    assert report.holds, report.promises
    assert (report.engine.stage, report.engine.version) == (EngineStage.READY, "0.32.0")
    assert {engine.pid, engine.leader} <= set(report.engine.pids)
    assert "socket is there" in promise(report, "socket_private").sentence
    assert "the running engine" in promise(report, "offline").sentence
    assert str(os.getpid()) in promise(report, "no_leftovers").sentence
    after = await report_of(paths)
    assert (after.engine.stage, after.engine.pids, after.holds) == (EngineStage.STOPPED, (), True)


async def test_an_engine_that_was_given_a_secret(paths: Paths, tmp_path: Path) -> None:
    secrets = {"HF_TOKEN": "hf_x", "HF_HUB_OFFLINE": "0"}
    engine = await started(paths, make_environment(tmp_path), make_model(tmp_path), secrets)
    try:
        report = await report_of(paths)
    finally:
        await engine.stop()
    assert "HF_HUB_OFFLINE" in promise(report, "offline").sentence
    assert "HF_TOKEN" in promise(report, "clean_environment").sentence
    assert "hf_x" not in json.dumps(report.as_json())


@pytest.mark.parametrize(("address", "verdict"), [("127.0.0.1", Verdict.OK), ("0.0.0.0", Verdict.NOT_OK)])
async def test_ports_are_told_and_those_that_reach_outside_are_not_fine(
    paths: Paths, address: str, verdict: Verdict
) -> None:
    with child(FORGED, address) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write_down(paths, process, os.getpid())
        found = promise(await report_of(paths), "no_port")
        process.kill()
    assert found.verdict is verdict
    assert ("0.0.0.0:" in found.sentence) is (verdict is Verdict.NOT_OK)


async def test_a_process_that_was_left_behind(paths: Paths, sleeper: "subprocess.Popen[bytes]") -> None:
    write_down(paths, sleeper)
    found = promise(await report_of(paths), "no_leftovers")
    assert found.verdict is Verdict.NOT_OK
    assert str(sleeper.pid) in found.sentence


async def test_a_pid_that_belongs_to_somebody_else_now(paths: Paths, sleeper: "subprocess.Popen[bytes]") -> None:
    found = entry(sleeper.pid)
    assert found is not None
    mark = replace(Mark.of(found), start=found.start - 1)
    write_record(paths.engine(KEY).record, Record(boot(), mark, mark, mark, "", (mark,)))
    report = await report_of(paths)
    assert report.engine.pids == ()
    assert report.holds


async def test_a_record_that_makes_no_sense(paths: Paths) -> None:
    paths.engine(KEY).record.write_text("{")
    assert (await report_of(paths)).holds


def test_each_forbidden_or_missing_variable_is_named(paths: Paths) -> None:
    found = {item.key: item for item in look(paths, Running(), dict.fromkeys(FORBIDDEN, "x"))}
    assert all(name in found["clean_environment"].sentence for name in FORBIDDEN)
    assert "HF_HUB_OFFLINE" in found["offline"].sentence


@pytest.mark.parametrize("kind", EngineKind)
async def test_the_next_engine_is_offline_on_every_kind_of_machine(
    paths: Paths, tmp_path: Path, kind: EngineKind
) -> None:
    environments.remember(make_environment(tmp_path, kind), paths)
    report = await report_of(paths)
    assert report.engine.kind is kind
    assert promise(report, "offline").verdict is Verdict.OK
    assert promise(report, "clean_environment").verdict is Verdict.OK


async def test_models_are_usable_or_say_why_not(paths: Paths, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "config.json").write_text('{"model_type": "llama"}')
    (whole / "tokenizer.json").write_text("{}")
    (whole / "model.safetensors").write_bytes(safetensors({"a": 8}))
    report = await report_of(paths, ModelRef("Whole", whole), ModelRef("Gone", tmp_path / "gone"))
    assert [model.usable for model in report.models] == [True, False]
    assert "not there" in report.models[1].sentence


async def test_json_has_plain_values_only(paths: Paths) -> None:
    machine = replace(MACHINE, gpus=(Gpu("RTX", 8 << 30, 6 << 30, "580", (8, 9)),), gpu_note="")
    environments.remember(make_environment(paths.root), paths)
    report = await report_of(paths, ModelRef("Gone", paths.root / "gone"), machine=machine)
    plain = report.as_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["holds"] is True
    assert plain["engine"]["stage"] == "Stopped"
    assert plain["machine"]["gpus"][0]["compute_capability"] == [8, 9]
    assert {item["verdict"] for item in plain["promises"]} == {"ok"}


async def test_the_terminal_shows_everything_without_control_characters(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await report_of(paths, ModelRef("\x1b[31mred", paths.root / "a\nb"))
    assert doctor.show(report, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    for words in (
        "Ryzen",
        "8 usable cores",
        "No NVIDIA",
        "16.0 GiB",
        "Not installed",
        "?[31mred",
        "Every promise holds.",
    ):
        assert words in shown
    assert all(item.title in shown for item in report.promises)
    assert doctor.show(report, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["data_folder"] == str(paths.root)


async def test_a_variable_that_nobody_thought_of_is_found(paths: Paths, tmp_path: Path) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret"}
    engine = await started(paths, make_environment(tmp_path), make_model(tmp_path), secrets)
    try:
        report = await report_of(paths)
    finally:
        await engine.stop()
    found = promise(report, "clean_environment")
    assert found.verdict is Verdict.NOT_OK
    assert "AWS_SECRET_ACCESS_KEY" in found.sentence
    assert "s3cret" not in json.dumps(report.as_json())


def test_the_doctor_looks_for_the_libraries_that_setup_installs() -> None:
    libraries = runpy.run_path(str(Path(__file__).parents[2] / "packaging" / "system_libs.py"))["LIBRARIES"]
    assert set(QT_LIBRARIES) == set(libraries)
