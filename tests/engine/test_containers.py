"""Engines in containers, with a stand-in for docker whose containers outlive it as real ones do."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop_app.domain.errors import EngineError
from desktop_app.domain.installation import EngineEnvironment, EngineKind
from desktop_app.engine import containers
from desktop_app.paths import Paths
from tests import fake_docker_place
from tests.conftest import wait_until
from tests.engine_fakes import answers, make_model

IMAGE = "vllm/vllm-openai-cpu:v0.32.0"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fake_docker_place.Docker:
    return fake_docker_place.Docker(tmp_path / "docker", monkeypatch, IMAGE)


@pytest.fixture
def short() -> Iterator[Path]:
    """For the socket, whose path is limited."""
    with tempfile.TemporaryDirectory(prefix="vd-") as folder:
        yield Path(folder)


def environment(docker: fake_docker_place.Docker, kind: EngineKind = EngineKind.CPU) -> EngineEnvironment:
    return EngineEnvironment(docker.program, "0.32.0", kind, managed=False, image=IMAGE)


# --- finding and proving ---------------------------------------------------------------------------------------------


async def test_an_image_is_proved_without_a_network_and_leaves_no_container(docker: fake_docker_place.Docker) -> None:
    assert containers.find_program() == docker.program
    assert await containers.present(docker.program, IMAGE)
    proved = await containers.prove(docker.program, IMAGE, card=False)
    assert (proved.version, proved.kind, proved.image) == ("0.32.0", EngineKind.CPU, IMAGE)
    assert proved.key.startswith("image-")
    [run] = [line for line in docker.runs() if line[1] == "run"]
    assert run[run.index("--network") + 1] == "none"
    assert run[run.index("--pull") + 1] == "never"
    assert docker.running() == []


async def test_an_image_that_is_not_here_is_fetched_only_when_asked(docker: fake_docker_place.Docker) -> None:
    assert not await containers.present(docker.program, "vllm/other")
    with pytest.raises(EngineError, match="cannot be run"):
        await containers.prove(docker.program, "vllm/other", card=False)
    assert not any("pull" in line[:2] for line in docker.runs())
    said: list[str] = []
    await containers.pull(docker.program, "vllm/other", said.append)
    assert said == ["Pulled vllm/other"]
    assert await containers.present(docker.program, "vllm/other")


@pytest.mark.parametrize("image", ["--privileged", "", "a b", "x;y", "-v"])
async def test_what_is_no_name_of_an_image_is_never_passed_on(image: str, docker: fake_docker_place.Docker) -> None:
    with pytest.raises(EngineError, match="not the name of an image"):
        await containers.present(docker.program, image)
    assert docker.runs() == []


async def test_a_service_that_does_not_answer_is_told(docker: fake_docker_place.Docker) -> None:
    (docker.state / "down").touch()
    with pytest.raises(EngineError, match="docker does not answer"):
        await containers.present(docker.program, "vllm/other")


# --- the command -----------------------------------------------------------------------------------------------------


def test_values_are_passed_by_name_and_the_hosts_programs_not_at_all(docker: fake_docker_place.Docker) -> None:
    variables = {"VLLM_API_KEY": "s3cret", "HOME": "/engine-home", "PATH": "/host/bin", "LD_LIBRARY_PATH": "/host"}
    outside = {"HOME": "/home/me", "PATH": "/usr/bin", "DOCKER_HOST": "unix:///x", "HF_TOKEN": "hf_secret"}
    argv, env = containers.wrap(["python", "-m", "vllm"], variables, environment(docker), "n", (), outside)
    assert "s3cret" not in " ".join(argv)
    told = [argv[at + 1] for at, word in enumerate(argv) if word == "--env"]
    assert told == ["HOME=/engine-home", "VLLM_API_KEY"]
    expected = {"VLLM_API_KEY": "s3cret", "HOME": "/home/me", "PATH": "/usr/bin", "DOCKER_HOST": "unix:///x"}
    assert env == expected


def test_cards_are_lent_in_the_way_of_each_program(docker: fake_docker_place.Docker) -> None:
    cuda = environment(docker, EngineKind.CUDA)
    podman = EngineEnvironment(Path("/usr/bin/podman"), "0.32.0", EngineKind.CUDA, managed=False, image=IMAGE)

    def words(engine: EngineEnvironment, card: str = "") -> str:
        return " ".join(containers.wrap(["python"], {}, engine, "n", (), {}, card)[0])

    assert "--gpus all" in words(cuda)
    assert "--gpus device=1" in words(cuda, "1")
    assert "--device nvidia.com/gpu=all" in words(podman)
    assert "--device nvidia.com/gpu=MIG-a" in words(podman, "MIG-a")
    assert "gpu" not in words(environment(docker))


def test_the_model_is_lent_to_be_read_with_what_its_links_lead_to(
    docker: fake_docker_place.Docker, tmp_path: Path
) -> None:
    blobs, snapshot = tmp_path / "models--x" / "blobs", tmp_path / "models--x" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/123")
    run = tmp_path / "run"
    run.mkdir()
    command = ["python", "-m", "vllm", "--model", str(snapshot), f"--uds={run / 's.sock'}", "--x", "/not/there"]
    argv, _env = containers.wrap(command, {}, environment(docker), "n", (run,), {})
    mounts = [argv[at + 1] for at, word in enumerate(argv) if word == "--mount"]
    assert mounts == [
        f"type=bind,src={run},dst={run}",
        f"type=bind,src={snapshot},dst={snapshot},readonly",
        f"type=bind,src={blobs},dst={blobs},readonly",
    ]


def test_a_comma_in_a_path_does_not_end_it(docker: fake_docker_place.Docker, tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    argv, _env = containers.wrap(["python", str(folder)], {}, environment(docker), "n", (), {})
    assert f'type=bind,"src={folder}","dst={folder}",readonly' in argv


# --- a run -----------------------------------------------------------------------------------------------------------


class Run:
    """The stand-in engine in a container of the stand-in docker."""

    def __init__(self, docker: fake_docker_place.Docker, folder: Path) -> None:
        model = make_model(folder)
        self.socket = folder / "engine.sock"
        self.name = containers.container_name(Paths(folder), model.key)
        command = ["python", "-m", "vllm.entrypoints.openai.api_server", "--model", str(model.folder)]
        command += [f"--served-model-name={model.name}", "--uds", str(self.socket)]
        variables = {"HF_HUB_OFFLINE": "1"}
        argv, env = containers.wrap(command, variables, environment(docker), self.name, (folder,), os.environ)
        self.process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL)

    def ready(self) -> None:
        wait_until(lambda: answers(self.socket), "the engine in the container")

    def client(self) -> psutil.Process:
        """docker itself."""
        found: list[psutil.Process] = []

        def there() -> bool:
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    found.extend([child] if "--interactive" in child.cmdline() else [])
            return bool(found)

        wait_until(there, "docker")
        return found[0]


@pytest.fixture
def run(docker: fake_docker_place.Docker, short: Path) -> Iterator[Run]:
    started = Run(docker, short)
    yield started
    started.process.kill()
    started.process.wait()
    docker.end_all()


def test_the_same_socket_works_and_a_polite_word_ends_it(run: Run, docker: fake_docker_place.Docker) -> None:
    run.ready()
    assert docker.running() == [run.name]
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 0
    assert docker.running() == []


@pytest.mark.parametrize("victim", ["ours", "docker", "both", "the container's first process"])
def test_whatever_is_killed_no_container_is_left(victim: str, run: Run, docker: fake_docker_place.Docker) -> None:
    run.ready()
    client = run.client()
    if victim in ("ours", "both"):
        run.process.kill()
    if victim in ("docker", "both"):
        client.kill()
    if victim.startswith("the container"):
        os.kill(int((docker.state / f"{run.name}.container").read_text()), signal.SIGKILL)
    wait_until(lambda: docker.running() == [], "the end of the container")
    wait_until(lambda: not answers(run.socket), "the end of the engine")
    run.process.wait(60)


def test_a_container_that_an_earlier_run_left_is_removed_first(docker: fake_docker_place.Docker, short: Path) -> None:
    first = Run(docker, short)
    first.ready()
    os.kill(first.process.pid, signal.SIGSTOP)  # its end is not noticed: the container stays
    second = Run(docker, short)
    try:
        wait_until(lambda: len([line for line in docker.runs() if line[1] == "run"]) == 2, "the second start")
        second.ready()
        assert docker.running() == [second.name]
    finally:
        for one in (first, second):
            one.process.kill()
            one.process.wait()
        docker.end_all()
