"""`vllm-desktop download` as somebody gives it: broken off in every way, gone on with, refused in words."""

import signal
import stat

import pytest

from desktop_app.domain.library import DownloadStage, DownloadStatus
from desktop_app.terminal.download import line
from tests.conftest import bytes_of, wait_until
from tests.fakes.hub import GOOD, OTHER
from tests.programs import SECONDS
from tests.terminal.conftest import TINY, Terminal

SIZE = 5_260_000
"""Bytes of `TINY`, about."""
_STALL = 1_500_000


def test_the_folder_is_all_that_is_printed(terminal: Terminal) -> None:
    said = terminal.give("download", TINY)
    assert (said.returncode, said.stdout) == (0, f"{terminal.folder}\n")
    lines = said.stderr.splitlines()
    assert lines[0] == f"{TINY}: looking at its files …"
    assert lines[-1] == f"{TINY} is here: 7 files, 5 MB, each as it was published."
    assert "\r" not in said.stderr
    assert terminal.hub.sent() < 1.1 * SIZE
    # Again: nothing of it is fetched, but it is looked whether it is still the newest.
    terminal.hub.forget()
    assert terminal.give("download", f"{terminal.hub.endpoint}/{TINY}").returncode == 0
    assert terminal.hub.sent() < SIZE // 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_broken_off_it_keeps_what_is_there_and_goes_on(terminal: Terminal, number: signal.Signals) -> None:
    hub, parts = terminal.hub, terminal.folder / ".vllm-desktop" / "parts"
    hub.control(stall_after=_STALL)
    with terminal.begin("download", TINY) as child:
        wait_until(lambda: bytes_of(parts.rglob("*.part")) >= _STALL // 2, "half of it")
        child.send_signal(number)
        assert child.wait(SECONDS) == (-signal.SIGKILL if number == signal.SIGKILL else 130)
        assert child.stderr is not None
        told = child.stderr.read()
    assert "Traceback" not in told
    if number != signal.SIGKILL:
        assert told.splitlines()[-1] == f"Paused. `vllm-desktop download {TINY}` goes on from here."
    listed = terminal.give("models").stdout.splitlines()[1]
    assert "not finished: " in listed
    said = terminal.give("chat", "Hello", "--model", TINY)
    assert f"`vllm-desktop download {TINY} --revision {hub.commits[TINY]}` fetches" in said.stderr

    hub.control(stall_after=None)
    assert terminal.give("download", TINY).returncode == 0
    assert hub.sent() < 1.1 * SIZE
    assert terminal.give("models", "verify", TINY).returncode == 0


def test_what_a_download_without_a_record_left_is_taken_up(terminal: Terminal) -> None:
    (terminal.folder / ".vllm-desktop" / "parts").mkdir(parents=True)
    (terminal.folder / ".vllm-desktop" / "lock").touch()
    (terminal.folder / ".vllm-desktop" / "manifest.new").write_text('{"half a rec', "utf-8")
    assert terminal.give("download", TINY).stdout == f"{terminal.folder}\n"
    assert [folder.name for folder in terminal.folder.parent.iterdir()] == ["tiny"]


def test_offline_it_is_refused_in_words(terminal: Terminal) -> None:
    said = terminal.give("download", TINY, HF_HUB_OFFLINE="1")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("You work offline: the Hub is not asked for anything.")
    assert "HF_HUB_OFFLINE=1" in said.stderr
    assert terminal.hub.log() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("never/heard",), "has no such model."),
        (("guide/hidden",), "or it is private"),
        (("old/pickled",), "This repository holds no model that can be served."),
        ((TINY, "--revision", "nowhere"), "This version of the model is not there."),
        (("../../etc",), "This is not the address of a model."),
        (("two words",), "This is not the address of a model."),
        ((TINY, "--endpoint", "ftp://them"), "This is not the address of a Hub."),
        ((TINY, "--endpoint", "http://127.0.0.1:1"), "The Hub cannot be reached."),
    ],
)
def test_what_cannot_be_fetched_is_a_sentence(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    done = terminal.give("download", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_another_hub_can_be_named_and_is_the_only_one_asked(terminal: Terminal) -> None:
    said = terminal.give("download", TINY, "--endpoint", terminal.hub.endpoint, HF_ENDPOINT="http://127.0.0.1:1")
    assert said.returncode == 0


def test_a_closed_model_says_what_to_do_and_that_works(terminal: Terminal) -> None:
    said = terminal.give("download", "guide/gated")
    assert said.returncode == 1
    for part in ("1. Open ", "2. Make a token", "3. ", "`vllm-desktop download guide/gated --enter-token`"):
        assert part in said.stderr

    said = terminal.give("download", "guide/gated", "--enter-token", said=f"{OTHER}\n")
    assert said.returncode == 1
    assert "Your account may not read this model yet." in said.stderr
    said = terminal.give("download", "guide/gated", "--enter-token", said=f"{GOOD}\n")
    assert said.returncode == 0
    assert "The token is kept in a file" in said.stderr
    assert GOOD not in said.stderr + said.stdout
    assert stat.S_IMODE(terminal.paths.token.stat().st_mode) == 0o600
    assert terminal.give("download", "guide/hidden").returncode == 0


def test_what_is_no_token_is_not_kept(terminal: Terminal) -> None:
    said = terminal.give("download", TINY, "--enter-token", said="\n")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("This is not a token.")
    assert terminal.hub.log() == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (DownloadStatus("a/b", DownloadStage.LOOKING), "looking at its files …"),
        (
            DownloadStatus("a/b", DownloadStage.RUNNING, "", 40_000_000, 2_000_000_000, 20_000_000.0),
            "40 MB of 2.0 GB, 20.0 MB/s, about 98 s left",
        ),
        (
            DownloadStatus("a/b", DownloadStage.RUNNING, "", 0, 2_000_000_000, note="The Hub asks us to wait."),
            "0.0 GB of 2.0 GB. The Hub asks us to wait.",
        ),
    ],
)
def test_where_it_stands_is_a_line(status: DownloadStatus, said: str) -> None:
    assert line(status) == said
