"""`vllm-desktop models` as somebody gives it: the list, the Hub's search, checking files, deleting."""

import os
import shutil
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition, LocalModel, Source
from desktop_app.domain.model_spec import ModelSpec
from desktop_app.instance import lock
from desktop_app.paths import resources
from desktop_app.terminal.models import find, must_be_ready
from tests.engine_fakes import make_environment
from tests.fakes.hub import FakeHub
from tests.terminal.conftest import TINY, Terminal


@pytest.fixture(scope="module")
def downloaded(whole_hub: FakeHub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models as one download leaves them."""
    before = Terminal(whole_hub, tmp_path_factory.mktemp("downloaded"))
    assert before.give("download", TINY).returncode == 0
    return before.paths.models


@pytest.fixture
def loaded(terminal: Terminal, downloaded: Path) -> Terminal:
    """With one model downloaded, and the Hub's log empty."""
    shutil.copytree(downloaded, terminal.paths.models)
    return terminal


def spoil(file: Path) -> None:
    """Change a byte so that neither size nor time tell."""
    about = file.stat()
    raw = bytearray(file.read_bytes())
    raw[50] ^= 1
    file.write_bytes(raw)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_the_list_says_how_each_runs_and_where_it_lies(loaded: Terminal) -> None:
    said = loaded.give("models")
    guide, tiny = said.stdout.splitlines()
    assert guide.split() == ["Guide", "5", "MB", "runs", "well", f"({resources() / 'guide'})"]
    assert tiny.split() == [TINY, "5", "MB", "runs", "well", f"({loaded.folder})"]
    assert (said.returncode, said.stderr, loaded.hub.log()) == (0, "", [])


def test_the_list_says_what_is_wrong_with_a_model(loaded: Terminal) -> None:
    (loaded.folder / "model.safetensors").unlink()
    assert "damaged: " in loaded.give("models").stdout
    said = loaded.give("serve", TINY)
    assert said.returncode == 1
    assert said.stderr.startswith("guide/tiny cannot be started yet.")
    assert f"`vllm-desktop download {TINY} --revision {loaded.hub.commits[TINY]}`" in said.stderr


def test_looking_works_beside_an_open_program(loaded: Terminal) -> None:
    with lock(loaded.paths):
        assert loaded.give("models").returncode == 0
        assert loaded.give("models", "verify", TINY).returncode == 0
        assert loaded.give("models", "search", "tiny").returncode == 0
        assert loaded.give("fit", TINY).returncode == 0
        for words in (("models", "delete", TINY, "--yes"), ("download", TINY)):
            said = loaded.give(*words)
            assert said.returncode == 1
            assert said.stderr.startswith("vLLM Desktop is already open, in a window or in another terminal.")
            assert "Models page" in said.stderr
    assert loaded.folder.is_dir()


def test_the_search_asks_the_hub_for_all_words(terminal: Terminal) -> None:
    said = terminal.give("models", "search", "guide/", "TINY")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "The Hub has no model for 'guide/ TINY' that this program could run.\n"
    said = terminal.give("models", "search", "guide/")
    assert (said.returncode, said.stderr) == (0, "")
    assert [line.split()[0] for line in said.stdout.splitlines()] == [TINY, "guide/gated"]
    assert "its owner must be asked first" in said.stdout.splitlines()[1]


def test_offline_nobody_is_asked(terminal: Terminal) -> None:
    said = terminal.give("models", "search", "tiny", HF_HUB_OFFLINE="1")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("You work offline: the Hub is not asked for anything.")
    assert terminal.hub.log() == []


def test_what_is_found_wrong_is_fetched_again_whatever_size_and_time_say(loaded: Terminal) -> None:
    assert "all 7 files are as they were published" in loaded.give("models", "verify", TINY).stderr
    spoil(loaded.folder / "tokenizer.json")
    said = loaded.give("models", "verify", TINY)
    assert (said.returncode, said.stdout) == (1, "tokenizer.json differs from what was published\n")
    command = f"download {TINY} --revision {loaded.hub.commits[TINY]}"
    assert f"`vllm-desktop {command}` fetches" in said.stderr
    assert loaded.hub.log() == []

    assert loaded.give(*command.split()).returncode == 0
    assert loaded.hub.sent() < 200_000  # of 5 MB: the file, and what says which files there are
    assert loaded.give("models", "verify", TINY).returncode == 0


def test_a_missing_file_is_named_and_the_command_that_is_told_fetches_it(loaded: Terminal) -> None:
    (loaded.folder / "config.json").unlink()
    said = loaded.give("models", "verify", TINY)
    assert (said.returncode, said.stdout) == (1, "config.json is missing\n")
    told = said.stderr.split("`")[1].split()
    assert told[0] == "vllm-desktop"
    assert loaded.give(*told[1:]).returncode == 0
    assert loaded.give("models", "verify", TINY).returncode == 0


def test_where_nothing_is_known_that_is_neither_yes_nor_no(terminal: Terminal) -> None:
    said = terminal.give("models", "verify", "Guide")
    assert (said.returncode, said.stdout) == (3, "")
    assert said.stderr.startswith("Nobody says what this model's files should be.")


def test_deleting_says_what_becomes_free_and_is_not_done_unasked(loaded: Terminal) -> None:
    said = loaded.give("models", "delete", TINY)
    assert said.returncode == 1
    assert "5 MB of the disk are free again" in said.stderr
    assert "Add --yes" in said.stderr
    assert loaded.folder.is_dir()
    said = loaded.give("models", "delete", "tiny", "--yes")
    assert (said.returncode, said.stderr.splitlines()[-1]) == (0, "Deleted: 5 MB are free again.")
    assert not loaded.folder.exists()


@pytest.mark.parametrize("verb", ["verify", "delete"])
def test_no_name_means_no_model(loaded: Terminal, verb: str) -> None:
    said = loaded.give("models", verb, "--yes")
    assert said.returncode == 1
    assert said.stderr.startswith("Which model?")


def test_what_others_put_there_is_not_deleted(terminal: Terminal) -> None:
    mine = terminal.paths.models / "them" / "mine"
    shutil.copytree(resources() / "guide", mine)
    for name in ("Guide", str(mine)):
        said = terminal.give("models", "delete", name, "--yes")
        assert (said.returncode, said.stderr.split(".")[0].endswith("is not deleted")) == (1, True)
    assert mine.is_dir()


@pytest.mark.parametrize("verb", ["verify", "delete"])
def test_an_unknown_name_is_told(terminal: Terminal, verb: str) -> None:
    said = terminal.give("models", verb, "never/heard", "--yes")
    assert said.returncode == 1
    assert said.stderr.startswith("There is no model never/heard on this computer.")


def test_a_downloaded_model_is_chatted_with_by_its_name(loaded: Terminal) -> None:
    from desktop_app.engine import environments

    environments.remember(make_environment(loaded.home), loaded.paths)
    for name in (TINY, "tiny"):
        said = loaded.give("chat", "Hello", "--model", name)
        assert said.returncode == 0, said.stderr
        assert said.stdout.strip()
    said = loaded.give("chat", "Hello", "--model", "never/heard")
    assert said.returncode == 1
    assert said.stderr.startswith("There is no model never/heard on this computer.")


def local(folder: str, repo_id: str = "", condition: Condition = Condition.READY) -> LocalModel:
    name, problem = repo_id or Path(folder).name, UserError("It is broken.", "A file is missing.")
    whole = condition is Condition.READY
    return LocalModel(
        ModelRef(name, Path(folder)), Source.ADDED, condition, ModelSpec(name), 1, repo_id=repo_id,
        problem=None if whole else problem,
    )  # fmt: skip


def test_two_of_a_name_are_told_apart_by_their_folder() -> None:
    models = [local("/one/same"), local("/two/same"), local("/cache/x", "them/same")]
    with pytest.raises(UserError, match="There are 2 models called Same") as error:
        find(models, "Same")
    assert "/one/same, /two/same" in error.value.reason
    assert find(models, "/two/same") is models[1]
    assert find(models, "them/SAME") is models[2]
    with pytest.raises(UserError, match="There is no model"):
        find(models, "")


def test_a_damaged_model_of_others_is_refused_with_its_reason() -> None:
    must_be_ready(local("/one/whole"))
    with pytest.raises(UserError, match=r"broken cannot be started\. It is broken\."):
        must_be_ready(local("/one/broken", condition=Condition.DAMAGED))
