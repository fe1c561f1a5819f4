"""`vllm-desktop serve`: a model for other programs, until Ctrl+C."""

import re
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from desktop_app.engine.supervisor import family, table
from desktop_app.paths import Paths
from tests.conftest import wait_until
from tests.engine_fakes import make_model
from tests.programs import SECONDS, command, data_with_engine, run, running

KEY = "a-key-of-a-test-0123456789"


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return data_with_engine(tmp_path)


def children_of(pid: int) -> set[int]:
    return set(family(table(), [pid])) - {pid}


def asked(url: str, key: str) -> int:
    """The status of the answer of a server."""
    request = urllib.request.Request(f"{url}/models", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_other_programs_reach_the_model_with_the_key_until_ctrl_c(
    data: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_DESKTOP_KEY", KEY)
    model = make_model(tmp_path)
    argv = command(data.root, "serve", str(model.folder), "--port", "0")
    with running(argv) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/v1", said)
        assert found is not None, said
        assert KEY not in said + child.stdout.readline()
        assert (asked(found[0], KEY), asked(found[0], "another")) == (200, 401)
        everybody = children_of(child.pid)
        child.send_signal(signal.SIGINT)
        assert child.wait(SECONDS) == 130
    wait_until(lambda: not everybody & table().keys(), "the engine's end")
    assert data.engine_sockets() == []


def test_flags_after_two_dashes_reach_vllm(data: Paths, tmp_path: Path) -> None:
    model = make_model(tmp_path)
    argv = command(data.root, "serve", str(model.folder), "--preset", "many", "--", "--max-num-seqs", "3")
    with running(argv) as child:
        assert child.stdout is not None
        assert str(data.engine(model.key).socket) in child.stdout.readline()
        seen = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in children_of(child.pid)]
        child.send_signal(signal.SIGTERM)
        assert child.wait(SECONDS) == 130
    assert any(b"--max-num-seqs" in words and words[words.index(b"--max-num-seqs") + 1] == b"3" for words in seen)


def test_a_flag_of_an_old_tutorial_is_explained(data: Paths, tmp_path: Path) -> None:
    said = run(data.root, "serve", str(make_model(tmp_path).folder), "--", "--device", "cpu")
    assert said.returncode == 1
    assert "--device" in said.stderr


def test_a_short_key_and_a_taken_port_are_told(data: Paths, tmp_path: Path) -> None:
    model = str(make_model(tmp_path).folder)
    said = run(data.root, "serve", model, "--port", "0", VLLM_DESKTOP_KEY="short")
    assert (said.returncode, "too short" in said.stderr) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run(data.root, "serve", model, "--port", str(port))
    assert (said.returncode, f"Port {port} cannot be used." in said.stderr) == (1, True)


def test_without_an_engine_it_says_how_to_get_one(tmp_path: Path) -> None:
    said = run(tmp_path / "data", "serve", str(make_model(tmp_path).folder))
    assert said.returncode == 1
    assert "engines install" in said.stderr


def test_a_start_that_fails_is_told_with_what_would_mend_it(data: Paths, tmp_path: Path) -> None:
    log = Path(__file__).parents[1] / "data" / "vllm_logs" / "f_kv_small2.log"
    said = run(data.root, "serve", str(make_model(tmp_path, log=str(log), exit=1).folder))
    assert said.returncode == 1
    assert "The largest context that fits: 896" in said.stderr
    assert "--max-model-len 896" in said.stderr
