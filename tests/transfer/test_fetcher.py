"""Fetching files from a server that hangs up, refuses, or sends something else."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop_app.transfer import jobs
from desktop_app.transfer.failures import FetchError, Why
from desktop_app.transfer.fetcher import Fetcher
from desktop_app.transfer.jobs import Part, part_file
from tests.conftest import wait_until
from tests.engine import package_server
from tests.fakes.hub import Repo, running_hub

BIG = bytes(range(256)) * 20_000
NAME = "big-1.0-py3-none-any.whl"


class Job:
    """A folder to fetch into, and a server with one file."""

    def __init__(self, folder: Path) -> None:
        self.served, self.here, self.log = folder / "served", folder / "here", folder / "requests"
        self.served.mkdir()
        self.here.mkdir()
        (self.served / NAME).write_bytes(BIG)
        self.part = part_file(self.here, NAME, digest(BIG))

    @contextmanager
    def server(self, *options: str) -> Iterator[str]:
        with package_server.serve(self.served, self.log, *options) as address:
            yield f"{address}/files/{NAME}"

    def argv(self, url: str) -> list[str]:
        job = self.here.parent / "job.json"
        jobs.write_job(job, jobs.Job(str(self.here), (Part(NAME, url, digest(BIG)),)))
        return list(jobs.command(job))

    def run(self, url: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what it said at the end."""
        done = subprocess.run(self.argv(url), capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def ranges(self) -> list[str]:
        return [one["range"] for one in package_server.requests(self.log) if one["method"] == "GET"]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def runs(pid: int) -> bool:
    """Whether a process goes on; nobody may have asked yet how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_a_file_is_fetched_and_checked(job: Job) -> None:
    with job.server() as url:
        assert job.run(url) == (0, {"done": NAME})
        assert (job.here / NAME).read_bytes() == BIG
        assert job.run(url) == (0, {"done": NAME})
    assert job.ranges() == [""], "what is there is not fetched again"


def test_a_connection_that_breaks_is_continued_where_it_broke(job: Job) -> None:
    with job.server("--break", "1000000") as url:
        assert job.run(url) == (0, {"done": NAME})
    assert (job.here / NAME).read_bytes() == BIG
    assert job.ranges() == ["", "bytes=1000000-"]


def test_what_an_earlier_attempt_left_is_continued(job: Job) -> None:
    job.part.write_bytes(BIG[:4_000_000])
    with job.server() as url:
        assert job.run(url) == (0, {"done": NAME})
    assert job.ranges() == ["bytes=4000000-"]
    assert not job.part.exists()


def test_a_server_that_cannot_continue_begins_anew(job: Job) -> None:
    job.part.write_bytes(BIG[:4_000_000])
    with job.server("--no-range") as url:
        assert job.run(url) == (0, {"done": NAME})
    assert (job.here / NAME).read_bytes() == BIG


def test_a_damaged_beginning_is_noticed_and_fetched_again(job: Job) -> None:
    job.part.write_bytes(b"x" * 4_000_000)
    with job.server() as url:
        assert job.run(url) == (0, {"done": NAME})
    assert (job.here / NAME).read_bytes() == BIG


def test_a_damaged_file_from_before_is_replaced(job: Job) -> None:
    (job.here / NAME).write_bytes(b"x")
    with job.server() as url:
        assert job.run(url) == (0, {"done": NAME})
    assert (job.here / NAME).read_bytes() == BIG


def test_something_else_than_was_asked_for_is_not_kept(job: Job) -> None:
    with job.server("--wrong") as url:
        code, said = job.run(url)
    assert (code, said["why"]) == (1, "hash")
    assert list(job.here.iterdir()) == []


@pytest.mark.parametrize(("options", "url"), [(["--password"], ""), ([], "ftp://127.0.0.1/x"), (["--not-us"], "")])
def test_where_only_pip_may_be_let_in_it_is_said_at_once(options: list[str], url: str, job: Job) -> None:
    with job.server(*options) as address:
        code, said = job.run(url or address)
    assert (code, said["why"]) == (1, "refused")


def test_a_file_on_this_computer_is_looked_at_where_it_lies(job: Job) -> None:
    assert job.run((job.served / NAME).as_uri()) == (0, {"done": NAME})
    assert (job.here / NAME).readlink() == job.served / NAME


def test_no_server_is_told_after_some_attempts(job: Job) -> None:
    with job.server() as url:
        pass
    part = Part(NAME, url, digest(BIG))
    with pytest.raises(FetchError) as caught:
        Fetcher(jobs.Job(str(job.here), (part,), pauses=(0.0,)))._fetch(part)
    assert caught.value.why is Why.NETWORK


def test_a_full_disk_is_told(job: Job) -> None:
    # The kernel sends SIGXFSZ and then EFBIG where a file may not grow, which is as final as a full disk.
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000)); "
    with job.server() as url:
        *python, program, root, path, parent = job.argv(url)
        argv = [*python, limit + program, root, path, parent]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout.splitlines()[-1])["why"] == "disk"


def test_killed_it_leaves_what_came(job: Job) -> None:
    (job.served / NAME).write_bytes(BIG * 20)
    with job.server() as url:
        process = subprocess.Popen(job.argv(url), stdout=subprocess.DEVNULL)
        wait_until(lambda: job.part.exists() and job.part.stat().st_size, "the first bytes")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (job.here / NAME).exists()


def test_files_in_sub_folders_with_gits_hash_are_fetched(tmp_path: Path) -> None:
    content = b'{"a": 1}\n'
    sha1 = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    with running_hub(tmp_path, [Repo("a/b", files={"x/y/z.json": content})]) as hub:
        url = f"{hub.endpoint}/a/b/resolve/main/x/y/z.json"
        (tmp_path / "here").mkdir()
        job = jobs.Job(str(tmp_path / "here"), (Part("x/y/z.json", url, git_sha1=sha1, size=len(content)),))
        assert Fetcher(job).run() == 0
    assert (tmp_path / "here" / "x" / "y" / "z.json").read_bytes() == content
    assert [path.name for path in (tmp_path / "here").rglob("*") if path.is_file()] == ["z.json"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "a\n", ".vllm-desktop/x"])
def test_names_are_looked_at_here_too(name: str, tmp_path: Path) -> None:
    part = Part(name, "http://127.0.0.1:9/x", "0" * 64, size=1)
    with pytest.raises(FetchError) as caught:
        Fetcher(jobs.Job(str(tmp_path), (part,)))._fetch(part)
    assert caught.value.why is Why.REFUSED


def test_an_empty_file_takes_nothing_from_a_server_that_never_ends(tmp_path: Path) -> None:
    with running_hub(tmp_path, [Repo("a/b", files={"x.safetensors": 5_000_000})]) as hub:
        url = f"{hub.endpoint}/a/b/resolve/main/x.safetensors"
        empty = hashlib.sha1(b"blob 0\0").hexdigest()
        (tmp_path / "here").mkdir()
        Fetcher(jobs.Job(str(tmp_path / "here"), (Part("x.txt", url, git_sha1=empty, size=0),))).run()
        assert hub.sent() < 2_000_000, "what the sockets hold"
    assert not list((tmp_path / "here").glob("*.part"))


def test_what_nobody_foresaw_ends_the_other_files_as_well(tmp_path: Path) -> None:
    with running_hub(tmp_path, [Repo("a/b", files={"x.safetensors": 5_000_000})]) as hub:
        hub.control(stall_after=100_000)
        url = f"{hub.endpoint}/a/b/resolve/main/x.safetensors"
        broken = Part("y", url, "0" * 64, size=1)
        object.__setattr__(broken, "sha256", "\ud800")  # as no job says it
        job = jobs.Job(str(tmp_path), (Part("x", url, "0" * 64, size=5_000_000), broken), pauses=(600.0,))
        fetcher = Fetcher(job)
        with pytest.raises(UnicodeEncodeError):
            fetcher._fetch(broken)
        with pytest.raises(FetchError) as caught:
            fetcher._fetch(job.parts[0])
        assert caught.value.why is Why.STOPPED
        assert not hub.sent()


def test_a_job_is_written_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "job").symlink_to(tmp_path / "mine")
    jobs.write_job(tmp_path / "job", jobs.Job(str(tmp_path), ()))
    assert (tmp_path / "mine").read_text() == "mine"
    assert jobs.read_job(tmp_path / "job").folder == str(tmp_path)


def test_it_ends_when_its_parent_does(tmp_path: Path) -> None:
    program = "import subprocess, sys, time; from desktop_app.transfer import jobs; from pathlib import Path; "
    program += "print(subprocess.Popen(jobs.command(Path(sys.argv[1]))).pid, flush=True); time.sleep(600)"
    with running_hub(tmp_path, [Repo("a/b", files={"x.safetensors": 5_000_000})]) as hub:
        hub.control(stall_after=100_000)
        part = Part("x.safetensors", f"{hub.endpoint}/a/b/resolve/main/x.safetensors", "0" * 64, size=5_000_000)
        jobs.write_job(tmp_path / "job", jobs.Job(str(tmp_path), (part,)))
        argv = [sys.executable, "-c", program, str(tmp_path / "job")]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            wait_until(hub.sent, "the first bytes")
            assert runs(child)
            parent.kill()
        wait_until(lambda: not runs(child), "the end of the child")
