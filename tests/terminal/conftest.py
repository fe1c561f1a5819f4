"""A small Hub for the commands about models, and the commands as somebody gives them beside it."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop_app.paths import Paths, resources
from tests.fakes.hub import FakeHub, Repo, running_hub
from tests.programs import command, run, running

TINY = "guide/tiny"
_REPOS = (
    Repo(TINY, folder=resources() / "guide"),
    Repo("guide/gated", folder=resources() / "guide", gate="manual"),
    Repo("guide/hidden", folder=resources() / "guide", private=True),
    Repo("old/pickled", files={"config.json": '{"model_type": "llama"}', "pytorch_model.bin": 3000}),
)


@dataclass(frozen=True)
class Terminal:
    """Somebody in a terminal, with a data folder and a home of their own and no keyring."""

    hub: FakeHub
    home: Path

    @property
    def paths(self) -> Paths:
        """Where the program keeps what it has."""
        return Paths(self.home / "data")

    @property
    def variables(self) -> dict[str, str]:
        """What the program sees around it."""
        return {
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.home / "hf"),
            "HF_HUB_CACHE": str(self.home / "hf" / "hub"),
            "HF_HUB_OFFLINE": "",
            "TRANSFORMERS_OFFLINE": "",
            "MODEL_PATH": "",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def give(self, *words: str, said: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; *said* is its standard input."""
        done = run(self.paths.root, *words, said=said, **{**self.variables, **more})
        assert "Traceback" not in done.stderr
        return done

    def begin(self, *words: str) -> AbstractContextManager["subprocess.Popen[str]"]:
        """A command that runs beside the test."""
        return running(command(self.paths.root, *words), **self.variables)

    @property
    def folder(self) -> Path:
        """Where `TINY` is put."""
        return self.paths.models / TINY


@pytest.fixture(scope="module")
def whole_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    with running_hub(tmp_path_factory.mktemp("hub"), _REPOS) as hub:
        yield hub


@pytest.fixture
def terminal(whole_hub: FakeHub, tmp_path: Path) -> Terminal:
    whole_hub.reset()
    return Terminal(whole_hub, tmp_path)
